//! Where a value comes from.

use std::fmt;
use std::sync::Arc;

use crate::manifest::Location;

/// Where a value comes from. Later variants override earlier ones.
///
/// Shown as what a person would search for: `default`, `blacksmith.conf:4:14`,
/// the name of the variable, the spelling of the flag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The table of keys.
    Default,
    /// Another section of the file, which is Blacksmith's.
    Section {
        /// The file, as it was named.
        name: Arc<str>,
        /// The setting there, `bosh.address`.
        setting: String,
        /// Where in the file.
        at: Location,
    },
    /// The file.
    File {
        /// The file, as it was named.
        name: Arc<str>,
        /// Where in it; nothing if the file as a whole is meant.
        at: Option<Location>,
    },
    /// A variable of the environment.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// A flag of the command line.
    Flag {
        /// The flag as it is spelled, `--threshold`.
        name: String,
    },
}

impl Origin {
    /// What kind of source it is: `default`, `section`, `file`, `environment`
    /// or `flag`.
    #[must_use]
    pub fn layer(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Section { .. } => "section",
            Self::File { .. } => "file",
            Self::Environment { .. } => "environment",
            Self::Flag { .. } => "flag",
        }
    }

    /// How much it counts: 0 is a default, and a higher number wins.
    #[must_use]
    pub fn strength(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Section { .. } => 1,
            Self::File { .. } => 2,
            Self::Environment { .. } => 3,
            Self::Flag { .. } => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.pad("default"),
            Self::Section { name, setting, at } => out.pad(&format!("{name}:{at} ({setting})")),
            Self::File { name, at: None } => out.pad(name),
            Self::File { name, at: Some(at) } => out.pad(&format!("{name}:{at}")),
            Self::Environment { name } | Self::Flag { name } => out.pad(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use crate::manifest::Location;

    #[test]
    fn an_origin_reads_as_what_to_search_for() {
        let file = |at| Origin::File { name: "blacksmith.conf".into(), at };
        let at = Location { line: 4, column: 9 };
        let variable = "BLACKSMITH_RECONCILER_WORKERS".to_owned();
        let flag = "--workers".to_owned();
        for (origin, shown, layer) in [
            (Origin::Default, "default", "default"),
            (file(None), "blacksmith.conf", "file"),
            (file(Some(at)), "blacksmith.conf:4:9", "file"),
            (Origin::Environment { name: variable.clone() }, &*variable, "environment"),
            (Origin::Flag { name: flag.clone() }, &*flag, "flag"),
        ] {
            assert_eq!((&*origin.to_string(), origin.layer()), (shown, layer));
        }
        assert_eq!(format!("{:>9}", Origin::Default), "  default");
    }
}
