//! Iteration over the items of a list and the entries of a mapping.

use std::collections::HashSet;
use std::fmt;
use std::vec;

use super::document::{Kind, NONE, Role};
use super::secrets::{Place, is_key_public, may_be_looked_up};
use super::{Document, Location, Node};

/// The items of a sequence, in order.
#[derive(Clone, Debug)]
pub struct Items<'m> {
    document: &'m Document,
    next: u32,
    left: u32,
}

impl<'m> Items<'m> {
    pub(super) fn new(document: &'m Document, first: u32, count: u32) -> Self {
        Self { document, next: first, left: count }
    }
}

impl<'m> Iterator for Items<'m> {
    type Item = Node<'m>;

    fn next(&mut self) -> Option<Node<'m>> {
        if self.next == NONE {
            return None;
        }
        let item = Node::new(self.document, self.next);
        self.next = item.own().next;
        self.left = self.left.saturating_sub(1);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// A key with its value.
#[derive(Clone, Copy)]
pub struct Entry<'m> {
    pub(super) key: Node<'m>,
    /// The value.
    pub value: Node<'m>,
}

impl<'m> Entry<'m> {
    /// The key's text. Empty if the key is a collection, which no lookup finds.
    #[must_use]
    pub fn key(&self) -> &'m str {
        self.key.as_str().unwrap_or_default()
    }

    /// The key's text, if it may be shown in the mapping at this place.
    #[must_use]
    pub fn public_key(&self, mapping: Place) -> Option<&'m str> {
        is_key_public(self.key, mapping).then(|| self.key())
    }

    /// Whether who names the key may find it in the mapping at this place.
    #[must_use]
    pub fn may_be_looked_up(&self, mapping: Place) -> bool {
        may_be_looked_up(self.key, mapping)
    }

    /// Where the key stands.
    #[must_use]
    pub fn key_location(&self) -> Location {
        self.key.location()
    }

    pub(super) fn role(&self) -> Role {
        self.key.own().role
    }
}

/// Says where it stands; a derived one would print passwords.
impl fmt::Debug for Entry<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} at {}", self.key(), self.key_location())
    }
}

/// The entries of a mapping, each key once: its own in the order of the text,
/// then those it merges.
#[derive(Debug)]
pub struct Entries<'m>(Walk<'m>);

/// Only a mapping that merges others needs a list of its own.
#[derive(Debug)]
enum Walk<'m> {
    Own(Own<'m>),
    Merged(vec::IntoIter<Entry<'m>>),
}

/// All entries written in a mapping itself: repeated and merge keys included.
#[derive(Debug)]
pub(super) struct Own<'m> {
    document: &'m Document,
    next: u32,
}

impl<'m> Entries<'m> {
    /// Every entry written in the mapping itself.
    pub(super) fn own(node: Node<'m>) -> Own<'m> {
        let body = node.body();
        Own {
            document: node.document,
            next: match body.kind {
                Kind::Mapping => body.first,
                _ => NONE,
            },
        }
    }

    pub(super) fn of(node: Node<'m>) -> Self {
        if !node.body().merges {
            return Self(Walk::Own(Self::own(node)));
        }
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        collect(node, &mut entries, &mut seen);
        Self(Walk::Merged(entries.into_iter()))
    }
}

/// Adds the entries of a mapping whose keys are not there yet: the mapping's
/// own beat those it merges, the first merged beats the next.
fn collect<'m>(node: Node<'m>, entries: &mut Vec<Entry<'m>>, seen: &mut HashSet<&'m str>) {
    for entry in Entries::own(node).filter(|entry| entry.role() == Role::Plain) {
        if entry.key.as_str().is_none_or(|key| seen.insert(key)) {
            entries.push(entry);
        }
    }
    for merged in node.merged() {
        collect(merged, entries, seen);
    }
}

impl<'m> Iterator for Own<'m> {
    type Item = Entry<'m>;

    fn next(&mut self) -> Option<Entry<'m>> {
        if self.next == NONE {
            return None;
        }
        let key = Node::new(self.document, self.next);
        let value = Node::new(self.document, key.own().next);
        self.next = value.own().next;
        Some(Entry { key, value })
    }
}

impl<'m> Iterator for Entries<'m> {
    type Item = Entry<'m>;

    fn next(&mut self) -> Option<Entry<'m>> {
        match &mut self.0 {
            Walk::Own(own) => own.find(|entry| entry.role() == Role::Plain),
            Walk::Merged(entries) => entries.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Document, Node};

    fn entries(document: &Document, key: &str) -> Vec<(String, String)> {
        let node = document.path(&[key]).expect("stands there");
        let pairs: Vec<_> = node
            .entries()
            .map(|entry| {
                let value = entry.value.as_str().unwrap_or_default();
                (entry.key().to_owned(), value.to_owned())
            })
            .collect();
        assert_eq!(node.len(), pairs.len());
        for (key, value) in &pairs {
            assert_eq!(node.get(key).and_then(Node::as_str), Some(value.as_str()));
        }
        pairs
    }

    #[test]
    fn entries_and_lookups_agree_on_what_wins() {
        let cases: [(&str, &[(&str, &str)]); 7] = [
            ("m: {a: 1, b: 2}", &[("a", "1"), ("b", "2")]),
            ("m: {a: 1, b: 2, a: 3}", &[("b", "2"), ("a", "3")]),
            ("m: {true: 1, 2: 3, ~: 4}", &[("true", "1"), ("2", "3"), ("~", "4")]),
            ("x: &x {a: 1, b: 2}\nm: {b: 3, <<: *x}", &[("b", "3"), ("a", "1")]),
            ("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nm: {<<: [*x, *y]}", &[("a", "1"), ("b", "2")]),
            ("x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nm: {<<: *y}", &[("b", "2"), ("a", "1")]),
            ("m: {<<: {a: 1}, \"<<\": 2}", &[("<<", "2"), ("a", "1")]),
        ];
        for (text, expected) in cases {
            let document = Document::parse(text);
            let expected: Vec<_> =
                expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            assert_eq!(entries(&document, "m"), expected, "{text}");
        }
    }

    #[test]
    fn a_merge_of_something_else_is_a_key_like_any_other() {
        let document = Document::parse("m:\n  <<: (( inject meta.job ))\n  a: 1\n");
        assert_eq!(entries(&document, "m")[0], ("<<".to_owned(), "(( inject meta.job ))".to_owned()));
    }

    #[test]
    fn an_alias_may_be_a_key() {
        let document = Document::parse("x: &x name\nm: {*x : 1}\n");
        assert_eq!(entries(&document, "m"), [("name".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn items_know_how_many_are_left() {
        let document = Document::parse("a: [1, 2, 3]\n");
        let mut items = document.path(&["a"]).expect("stands there").items();
        assert_eq!(items.len(), 3);
        items.next();
        assert_eq!(items.len(), 2);
    }
}
