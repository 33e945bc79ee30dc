//! A path through a document, written as in
//! `instance_groups[name=redis].jobs[0].name`.

use std::fmt;
use std::str::FromStr;

use super::PointerError;
use super::pointer_grammar::{self, Written};

/// One step of a [`Pointer`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into the value of a key: `name`, `"team.name"`.
    Key(String),
    /// Into an item by its place, from 0: `[0]`.
    Index(usize),
    /// Into the first item whose scalar `key` has this text: `[name=redis]`.
    Item {
        /// The key to compare.
        key: String,
        /// The text it must have.
        value: String,
    },
}

/// A path through a document.
///
/// Keys are separated by dots: `properties.blacksmith.service_id`. An item of
/// a list is chosen by its place, `[0]`, or by what it says, `[name=redis]`. A
/// key or value with a dot, bracket, blank, equals sign, quote or backslash is
/// written in double quotes, where a backslash escapes: `tags."team.name"`. The
/// empty path is the document itself.
///
/// ```
/// use reconciler_core::manifest::{Document, Pointer};
///
/// let document = Document::parse("instance_groups: [{name: redis, azs: [z1]}]");
/// let pointer: Pointer = "instance_groups[name=redis].azs[0]".parse()?;
/// let zone = document.at(&pointer);
/// assert_eq!(zone.and_then(|node| node.as_str()), Some("z1"));
/// # Ok::<(), reconciler_core::manifest::PointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<Segment>);

impl Pointer {
    /// A path of these steps.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }

    /// A path of nested keys.
    #[must_use]
    pub fn of_keys(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Segment::Key((*key).into())).collect())
    }

    /// Its steps.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This path with one more step.
    #[must_use]
    pub fn join(mut self, segment: Segment) -> Self {
        self.0.push(segment);
        self
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        pointer_grammar::read(text).map(Self)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if index == 0 => write!(out, "{}", Written::key(key))?,
                Segment::Key(key) => write!(out, ".{}", Written::key(key))?,
                Segment::Index(place) => write!(out, "[{place}]")?,
                Segment::Item { key, value } => {
                    write!(out, "[{}={}]", Written::key(key), Written::value(value))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Pointer, Segment};
    use crate::manifest::{Document, Node};

    #[test]
    fn pointers_lead_where_they_say() {
        let document = Document::parse(
            "tags: {team.name: ops}\n\
             instance_groups:\n\
             - {name: web, jobs: [{name: nginx}]}\n\
             - {name: redis, jobs: [{name: bpm}, {name: server}]}\n\
             - {name: redis, jobs: []}\n\
             releases: [{name: x, version: 1.10}]\n",
        );
        let cases = [
            ("tags.\"team.name\"", Some("ops")),
            ("tags.team.name", None),
            ("instance_groups[name=redis].jobs[1].name", Some("server")),
            ("instance_groups[name=redis].jobs[2].name", None),
            ("instance_groups[0].jobs[name=nginx].name", Some("nginx")),
            ("instance_groups.name", None),
            ("releases[version=1.10].name", Some("x")),
            ("releases[version=1.1].name", None),
            ("tags[0]", None),
        ];
        for (pointer, expected) in cases {
            let found = document.find(pointer).expect(pointer);
            assert_eq!(found.and_then(Node::as_str), expected, "{pointer}");
        }
        assert!(document.at(&Pointer::default()).is_some());
    }

    #[test]
    fn a_pointer_can_be_put_together() {
        let pointer = Pointer::of_keys(&["tags", "team.name"]).join(Segment::Index(3));
        assert_eq!(pointer.to_string(), "tags.\"team.name\"[3]");
    }

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            any::<String>().prop_map(Segment::Key),
            "[a-z0-9_.=\"\\\\\\[\\] -]{0,6}".prop_map(Segment::Key),
            any::<usize>().prop_map(Segment::Index),
            (any::<String>(), any::<String>()).prop_map(|(key, value)| Segment::Item { key, value }),
            ("[0-9a-z.]{0,4}", "[0-9a-z.=]{0,4}").prop_map(|(key, value)| Segment::Item { key, value }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(segments in prop::collection::vec(segment(), 0..6)) {
            let pointer = Pointer::new(segments);
            let written = pointer.to_string();
            prop_assert_eq!(written.parse::<Pointer>(), Ok(pointer));
        }

        #[test]
        fn reading_never_panics(text in "[a-z0-9.=\"\\\\\\[\\]é ]{0,12}") {
            if let Ok(pointer) = text.parse::<Pointer>() {
                prop_assert_eq!(pointer.to_string().parse::<Pointer>(), Ok(pointer));
            }
        }
    }
}
