//! Whether two manifests say the same.
//!
//! After a restart the Director's Ruby writes `1.1` where `1.10` was uploaded,
//! and tools reorder and requote. So mappings are compared without order, and
//! two scalars are the same if their texts are, or if both are plain and mean
//! the same under YAML 1.1.

use std::collections::HashMap;

use super::scalar::value_of;
use super::{Document, Node, NodeKind, ScalarStyle};

/// How much may be compared: a unit is a node or a byte. A document has at
/// most a million nodes with its aliases written out, but an alias can repeat
/// a long scalar; two documents over this count as different.
const WORK: u64 = 64 * 1024 * 1024;

/// Mappings up to this size are searched, larger ones looked up in a table.
const SEARCHED: usize = 16;

/// Whether two documents say the same: mappings in any order, each scalar the
/// same by its text, or (both plain) by its YAML 1.1 value, so that `1.10` is
/// `1.1` and `yes` is `true`.
///
/// A document with a fault is the same as none, and a mapping with a
/// collection for a key the same as no other. Documents that repeat so much by
/// alias that they cannot be compared in reasonable time count as different.
#[must_use]
pub fn same_content(a: &Document, b: &Document) -> bool {
    if a.is_faulty() || b.is_faulty() {
        return false;
    }
    match (a.root(), b.root()) {
        (None, None) => true,
        (Some(a), Some(b)) => Comparison { work: WORK }.same(a, b),
        _ => false,
    }
}

/// A comparison under way, with the work it has left.
struct Comparison {
    work: u64,
}

impl Comparison {
    fn same(&mut self, a: Node<'_>, b: Node<'_>) -> bool {
        if a.kind() != b.kind() || !self.spend(1) {
            return false;
        }
        match a.kind() {
            NodeKind::Scalar => self.same_scalar(a, b),
            NodeKind::Sequence => {
                a.len() == b.len() && a.items().zip(b.items()).all(|(a, b)| self.same(a, b))
            }
            NodeKind::Mapping => self.same_mapping(a, b),
        }
    }

    fn same_scalar(&mut self, a: Node<'_>, b: Node<'_>) -> bool {
        let (Some(a_text), Some(b_text)) = (a.as_str(), b.as_str()) else {
            return false;
        };
        if !self.spend(a_text.len().max(b_text.len()) as u64) {
            return false;
        }
        let plain = |node: Node<'_>| node.style() == Some(ScalarStyle::Plain);
        a_text == b_text || (plain(a) && plain(b) && value_of(a_text).same(value_of(b_text)))
    }

    fn same_mapping(&mut self, a: Node<'_>, b: Node<'_>) -> bool {
        let theirs: Vec<_> = b.entries().collect();
        let ours: Vec<_> = a.entries().collect();
        let key_bytes = |entries: &[super::Entry<'_>]| -> u64 {
            entries.iter().map(|entry| entry.key().len() as u64).sum()
        };
        let complex = |entries: &[super::Entry<'_>]| entries.iter().any(|entry| entry.key.as_str().is_none());
        if ours.len() != theirs.len()
            || complex(&ours)
            || complex(&theirs)
            || !self.spend(key_bytes(&ours) + key_bytes(&theirs))
        {
            return false;
        }
        if ours.len() <= SEARCHED {
            return ours.iter().all(|our| {
                let their = theirs.iter().find(|their| their.key() == our.key());
                their.is_some_and(|their| self.same(our.value, their.value))
            });
        }
        let table: HashMap<_, _> = theirs.iter().map(|their| (their.key(), their)).collect();
        ours.iter().all(|our| {
            let their = table.get(our.key());
            their.is_some_and(|their| self.same(our.value, their.value))
        })
    }

    /// Takes from the work left; false once it is used up.
    fn spend(&mut self, units: u64) -> bool {
        match self.work.checked_sub(units) {
            Some(left) => {
                self.work = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::same_content;
    use crate::manifest::Document;

    fn same(a: &str, b: &str) -> bool {
        let (a, b) = (Document::parse(a), Document::parse(b));
        let answer = same_content(&a, &b);
        assert_eq!(answer, same_content(&b, &a), "same in both directions");
        answer
    }

    #[test]
    fn what_a_rewrite_changes_does_not_count() {
        let cases = [
            ("a: 1.10", "a: 1.1"),
            ("a: yes", "a: true"),
            ("a: ~", "a:"),
            ("a: 0x1F", "a: 31"),
            ("a: x", "a: \"x\""),
            ("a: |\n  x\n", "a: \"x\\n\""),
            ("a: 1\nb: 2", "b: 2\na: 1"),
            ("a: [1, {b: c}]", "a:\n- 1\n- b: c\n"),
            ("x: &x {k: v}\ny: *x", "x: {k: v}\ny: {k: v}"),
            ("x: &x {k: v}\ny: {<<: *x, l: w}", "x: {k: v}\ny: {l: w, k: v}"),
            ("a: 1\na: 2", "a: 2"),
            ("", "# only a comment"),
        ];
        for (a, b) in cases {
            assert!(same(a, b), "{a:?} and {b:?}");
        }
    }

    #[test]
    fn what_a_person_changes_does() {
        let cases = [
            ("a: \"1.10\"", "a: \"1.1\""),
            ("a: \"1.10\"", "a: 1.1"),
            ("a: \"yes\"", "a: true"),
            ("a: 1", "a: 1.0"),
            ("a: [1, 2]", "a: [2, 1]"),
            ("a: [1]", "a: [1, 1]"),
            ("a: {}", "a: []"),
            ("a: {}", "a: ~"),
            ("a: 1", "b: 1"),
            ("a: 1", "a: 1\nb: ~"),
            ("a: 1", ""),
            ("a: [", "a: ["),
        ];
        for (a, b) in cases {
            assert!(!same(a, b), "{a:?} and {b:?}");
        }
    }

    #[test]
    fn large_mappings_are_compared_like_small_ones() {
        let lines: Vec<String> = (0..200).map(|n| format!("k{n}: {n}\n")).collect();
        let forth: String = lines.concat();
        let back: String = lines.iter().rev().map(String::as_str).collect();
        assert!(same(&forth, &back));
        assert!(!same(&forth, &back.replace("k7: 7\n", "k7: 8\n")));
    }

    #[test]
    fn a_long_scalar_repeated_without_end_is_different_soon() {
        let long = "x".repeat(1024 * 1024);
        let text = format!("a: &a {long}\nb: [{}*a]\n", "*a, ".repeat(50_000));
        assert!(!same(&text, &text));
    }
}
