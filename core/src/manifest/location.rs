//! Where something stands in the text of a manifest.

use std::fmt;

use serde::Serialize;

/// A place in the text of a manifest, as an editor counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters (not bytes), from 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_location_reads_as_editors_write_it() {
        let at = Location { line: 41, column: 17 };
        assert_eq!(at.to_string(), "41:17");
    }

    #[test]
    fn locations_sort_in_reading_order() {
        let at = |line, column| Location { line, column };
        assert!(at(2, 1) > at(1, 9));
        assert!(at(2, 3) > at(2, 1));
    }
}
