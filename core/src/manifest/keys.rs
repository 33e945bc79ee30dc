//! Settles the keys of a finished mapping: which are repeated, which merge.

use std::collections::HashMap;

use super::document::{Kind, NONE, NodeRepr, Role};
use super::problem::shown_key;
use super::{Location, ManifestProblem, ScalarStyle, code};

/// Up to this many keys are compared with each other; beyond, a table is
/// worth its allocation.
const COMPARED_PAIRWISE: usize = 16;

/// Settles mappings one after another, reusing its lists.
#[derive(Debug, Default)]
pub(super) struct KeySettler {
    keys: Vec<u32>,
    /// Repeated keys: the one that loses, the one that repeats it.
    repeated: Vec<(u32, u32)>,
}

impl KeySettler {
    /// Marks merge keys and repeated keys of the mapping `id`, counts those
    /// left, and reports what is worth a notice.
    pub(super) fn settle(&mut self, nodes: &mut [NodeRepr], text: &str, id: u32, notices: &mut Notices) {
        self.keys.clear();
        self.repeated.clear();
        let mut merges = false;
        let mut complex = 0;
        let mut key = nodes[id as usize].first;
        while key != NONE {
            let value = nodes[key as usize].next;
            match key_text(nodes, text, key) {
                None => {
                    complex += 1;
                    notices.complex_key(place(nodes, key));
                }
                Some("<<") if is_plain(nodes, key) && is_mergeable(nodes, value) => {
                    nodes[key as usize].role = Role::Merge;
                    merges = true;
                }
                Some(_) => self.keys.push(key),
            }
            key = nodes[value as usize].next;
        }
        self.find_repeated(nodes, text);
        for (loser, winner) in &self.repeated {
            nodes[*loser as usize].role = Role::Shadowed;
            let name = key_text(nodes, text, *winner).unwrap_or_default();
            notices.duplicate(name, place(nodes, *loser), place(nodes, *winner));
        }
        let mapping = &mut nodes[id as usize];
        mapping.merges = merges;
        // A mapping has fewer keys than the arena has nodes, which count in 32 bits.
        mapping.extent = (self.keys.len() - self.repeated.len() + complex) as u32;
    }

    fn find_repeated(&mut self, nodes: &[NodeRepr], text: &str) {
        let name = |key: u32| key_text(nodes, text, key).unwrap_or_default();
        if self.keys.len() <= COMPARED_PAIRWISE {
            for (index, later) in self.keys.iter().enumerate() {
                let wanted = name(*later);
                // The nearest one before: the others have lost to it already.
                let before = self.keys[..index].iter().rev();
                if let Some(earlier) = before.copied().find(|key| name(*key) == wanted) {
                    self.repeated.push((earlier, *later));
                }
            }
        } else {
            let mut latest = HashMap::with_capacity(self.keys.len());
            for key in &self.keys {
                if let Some(earlier) = latest.insert(name(*key), *key) {
                    self.repeated.push((earlier, *key));
                }
            }
        }
    }
}

fn followed(nodes: &[NodeRepr], id: u32) -> &NodeRepr {
    let node = &nodes[id as usize];
    match node.kind {
        Kind::Alias => &nodes[node.first as usize],
        _ => node,
    }
}

fn key_text<'t>(nodes: &[NodeRepr], text: &'t str, id: u32) -> Option<&'t str> {
    let node = followed(nodes, id);
    match node.kind {
        Kind::Scalar(_) => Some(&text[node.first as usize..node.extent as usize]),
        _ => None,
    }
}

fn is_plain(nodes: &[NodeRepr], id: u32) -> bool {
    nodes[id as usize].kind == Kind::Scalar(ScalarStyle::Plain)
}

/// Whether a merge key can take the value: a mapping or a list of mappings.
fn is_mergeable(nodes: &[NodeRepr], id: u32) -> bool {
    let node = followed(nodes, id);
    match node.kind {
        Kind::Mapping => true,
        Kind::Sequence => {
            let mut item = node.first;
            while item != NONE {
                if followed(nodes, item).kind != Kind::Mapping {
                    return false;
                }
                item = nodes[item as usize].next;
            }
            true
        }
        _ => false,
    }
}

fn place(nodes: &[NodeRepr], id: u32) -> Location {
    let node = &nodes[id as usize];
    Location { line: node.line, column: node.column }
}

/// The notices of a document, kept to a number a person can read.
#[derive(Debug, Default)]
pub(super) struct Notices {
    kept: Vec<ManifestProblem>,
    dropped: u64,
}

impl Notices {
    /// How many notices a document keeps.
    pub(super) const KEPT: usize = 100;

    pub(super) fn push(&mut self, notice: impl FnOnce() -> ManifestProblem) {
        if self.kept.len() < Self::KEPT {
            self.kept.push(notice());
        } else {
            self.dropped += 1;
        }
    }

    fn duplicate(&mut self, name: &str, first: Location, again: Location) {
        self.push(|| {
            ManifestProblem::notice(
                code::DUPLICATE_KEY,
                Some(again),
                format!("{} also stands at {first} in the same mapping; the last one wins", shown_key(name)),
            )
        });
    }

    fn complex_key(&mut self, at: Location) {
        self.push(|| {
            ManifestProblem::notice(
                code::COMPLEX_KEY,
                Some(at),
                "a collection is used as a key; its value cannot be looked up",
            )
        });
    }

    /// The notices in the order of the text, and how many more there were.
    pub(super) fn finished(mut self) -> Vec<ManifestProblem> {
        self.kept.sort_by_key(|problem| problem.at);
        if self.dropped > 0 {
            self.kept.push(ManifestProblem::notice(
                code::MORE_NOTICES,
                None,
                format!("and {} more notices", self.dropped),
            ));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::Notices;
    use crate::manifest::{Document, Node, code};

    fn notices(text: &str) -> Vec<String> {
        let document = Document::parse(text);
        document.notices().map(ToString::to_string).collect()
    }

    #[test]
    fn a_repeated_key_is_noticed_where_it_repeats() {
        assert_eq!(
            notices("features: {a: 1}\nname: x\nfeatures: {b: 2}\n"),
            [
                "3:1: `features` also stands at 1:1 in the same mapping; the last one wins [manifest.duplicate-key]"
            ]
        );
        assert_eq!(notices("a: {k: 1, k: 2, k: 3}\nb: {k: 1}\n").len(), 2);
    }

    #[test]
    fn many_keys_are_checked_like_few() {
        for count in [2_usize, 15, 16, 17, 40] {
            let mut text: String = (0..count).map(|n| format!("k{n}: {n}\n")).collect();
            text.push_str("k1: last\nk1: very last\n");
            let document = Document::parse(&text);
            let root = document.root().expect("has a root");
            assert_eq!(document.notices().count(), 2, "{count}");
            assert_eq!(root.len(), count);
            assert_eq!(root.get("k1").and_then(Node::as_str), Some("very last"));
        }
    }

    #[test]
    fn notices_are_kept_to_a_readable_number() {
        let text = "k: 1\n".repeat(Notices::KEPT + 11);
        let document = Document::parse(&text);
        let problems = document.problems();
        assert_eq!(problems.len(), Notices::KEPT + 1);
        let last = problems.last().expect("there are some");
        assert_eq!(last.code, code::MORE_NOTICES);
        assert_eq!(last.message, "and 10 more notices");
    }

    #[test]
    fn a_collection_as_key_is_noticed_and_counted() {
        let document = Document::parse("a:\n  ? [x, y]\n  : 1\n  b: 2\n");
        let codes: Vec<_> = document.notices().map(|notice| notice.code).collect();
        assert_eq!(codes, [code::COMPLEX_KEY]);
        assert_eq!(document.path(&["a"]).map(Node::len), Some(2));
    }
}
