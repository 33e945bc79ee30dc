//! A cursor into a document.

use std::fmt;

use super::document::{Kind, NONE, NodeRepr, Role};
use super::scalar;
use super::{Document, Entries, Entry, Items, Location, Pointer, ScalarStyle, Segment};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Keys with values.
    Mapping,
    /// A list of items.
    Sequence,
    /// A single value.
    Scalar,
}

/// A place in a document: copied freely, owning nothing. Aliases are followed;
/// only [`Node::location`] still tells the alias from what it refers to.
#[derive(Clone, Copy)]
pub struct Node<'m> {
    pub(super) document: &'m Document,
    pub(super) id: u32,
}

impl<'m> Node<'m> {
    pub(super) fn new(document: &'m Document, id: u32) -> Self {
        Self { document, id }
    }

    /// The node's own entry in the arena.
    pub(super) fn own(self) -> &'m NodeRepr {
        &self.document.nodes[self.id as usize]
    }

    /// What the node stands for, an alias followed.
    pub(super) fn body(self) -> &'m NodeRepr {
        let own = self.own();
        match own.kind {
            Kind::Alias => &self.document.nodes[own.first as usize],
            _ => own,
        }
    }

    /// The place of what it stands for in the arena, an alias followed.
    pub(super) fn body_id(self) -> u32 {
        let own = self.own();
        if own.kind == Kind::Alias { own.first } else { self.id }
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        match self.body().kind {
            Kind::Mapping => NodeKind::Mapping,
            Kind::Sequence => NodeKind::Sequence,
            // An alias never refers to an alias.
            Kind::Scalar(_) | Kind::Alias => NodeKind::Scalar,
        }
    }

    /// How the scalar was written; `None` for a collection.
    #[must_use]
    pub fn style(self) -> Option<ScalarStyle> {
        match self.body().kind {
            Kind::Scalar(style) => Some(style),
            _ => None,
        }
    }

    /// The scalar's own text, whatever it looks like: `1.10` stays `1.10`.
    #[must_use]
    pub fn as_str(self) -> Option<&'m str> {
        let body = self.body();
        match body.kind {
            Kind::Scalar(_) => Some(&self.document.text[body.first as usize..body.extent as usize]),
            _ => None,
        }
    }

    /// The text of a plain scalar, the only kind with a value besides its text.
    fn plain(self) -> Option<&'m str> {
        self.as_str().filter(|_| self.style() == Some(ScalarStyle::Plain))
    }

    /// Whether it is a plain `~`, `null`, `Null`, `NULL`, or nothing at all.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.plain().is_some_and(scalar::is_null)
    }

    /// The truth value of a plain scalar as the Director reads it: `true`,
    /// `yes`, `on` and their opposites, in lower, upper or title case.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        self.plain().and_then(scalar::bool_of)
    }

    /// The integer of a plain scalar as the Director reads it: `010` is eight.
    /// `None` also if it does not fit.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        let number = self.plain().and_then(scalar::int_of)?;
        i64::try_from(number).ok()
    }

    /// The value of a key: the mapping's own (the last one if the key is
    /// repeated), else one it merges. Non-string keys go by their text.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'m>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// Where a key stands.
    #[must_use]
    pub fn key_location(self, key: &str) -> Option<Location> {
        self.entry(key).map(|entry| entry.key_location())
    }

    /// A key with its value, as [`Node::get`] finds it.
    #[must_use]
    pub fn entry(self, key: &str) -> Option<Entry<'m>> {
        if let Some(own) =
            Entries::own(self).find(|entry| entry.role() == Role::Plain && entry.key.as_str() == Some(key))
        {
            return Some(own);
        }
        if !self.body().merges {
            return None;
        }
        self.merged().find_map(|mapping| mapping.entry(key))
    }

    /// The mappings this one merges, the strongest first.
    pub(super) fn merged(self) -> impl Iterator<Item = Node<'m>> {
        Entries::own(self).filter(|entry| entry.role() == Role::Merge).flat_map(|entry| {
            let single = (entry.value.kind() == NodeKind::Mapping).then_some(entry.value);
            single.into_iter().chain(entry.value.items())
        })
    }

    /// The items of a sequence; none for anything else.
    #[must_use]
    pub fn items(self) -> Items<'m> {
        let body = self.body();
        match body.kind {
            Kind::Sequence => Items::new(self.document, body.first, body.extent),
            _ => Items::new(self.document, NONE, 0),
        }
    }

    /// The entries of a mapping, merge keys applied, each key once; none for
    /// anything else.
    #[must_use]
    pub fn entries(self) -> Entries<'m> {
        Entries::of(self)
    }

    /// How many items or entries it has; 0 for a scalar.
    #[must_use]
    pub fn len(self) -> usize {
        let body = self.body();
        match body.kind {
            Kind::Mapping if body.merges => self.entries().count(),
            Kind::Mapping | Kind::Sequence => body.extent as usize,
            _ => 0,
        }
    }

    /// Whether it has no items or entries.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Where it stands; for an alias, where the alias stands.
    #[must_use]
    pub fn location(self) -> Location {
        let own = self.own();
        Location { line: own.line, column: own.column }
    }

    /// The node under nested keys.
    #[must_use]
    pub fn path(self, keys: &[&str]) -> Option<Node<'m>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The node a pointer leads to from here.
    #[must_use]
    pub fn at(self, pointer: &Pointer) -> Option<Node<'m>> {
        pointer.segments().iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.items().nth(*index),
            Segment::Item { key, value } => {
                node.items().find(|item| item.get(key).and_then(Node::as_str) == Some(value.as_str()))
            }
        })
    }
}

/// Says what it is and where; a derived one would print passwords.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} at {}", self.kind(), self.location())
    }
}

#[cfg(test)]
mod tests {
    use super::NodeKind;
    use crate::manifest::{Document, Node, ScalarStyle};

    fn text<'m>(document: &'m Document, key: &str) -> Option<&'m str> {
        document.path(&[key]).and_then(Node::as_str)
    }

    #[test]
    fn scalars_keep_their_text() {
        let document = Document::parse(
            "a: 1.10\nb: 4225332e04\nc: 0x1F\nd: yes\ne: 99999999999999999999999\nf: \"1.10\"\n\
             g: 12:30:45\nh: 2020-01-01\ni: ~\nj:\nk: !!int 007\nl: 'it''s'\n",
        );
        let cases = [
            ("a", "1.10"),
            ("b", "4225332e04"),
            ("c", "0x1F"),
            ("d", "yes"),
            ("e", "99999999999999999999999"),
            ("f", "1.10"),
            ("g", "12:30:45"),
            ("h", "2020-01-01"),
            ("i", "~"),
            ("j", ""),
            ("k", "007"),
            ("l", "it's"),
        ];
        for (key, expected) in cases {
            assert_eq!(text(&document, key), Some(expected), "{key}");
        }
    }

    #[test]
    fn only_plain_scalars_have_a_value() {
        let document = Document::parse(
            "yes: yes\nquoted: \"yes\"\nseven: 7\nquoted_seven: '7'\nnothing: ~\n\
             quoted_nothing: \"~\"\nblock: |\n  7\nhuge: 9223372036854775808\n",
        );
        let node = |key: &str| document.path(&[key]).expect("stands there");
        assert_eq!(node("yes").as_bool(), Some(true));
        assert_eq!(node("quoted").as_bool(), None);
        assert_eq!(node("seven").as_i64(), Some(7));
        assert_eq!(node("quoted_seven").as_i64(), None);
        assert_eq!(node("huge").as_i64(), None);
        assert!(node("nothing").is_null() && !node("quoted_nothing").is_null());
        assert_eq!(node("quoted").style(), Some(ScalarStyle::Quoted));
        assert_eq!(node("block").style(), Some(ScalarStyle::Block));
        assert_eq!(node("block").as_str(), Some("7\n"));
    }

    #[test]
    fn locations_count_characters_from_one() {
        let document = Document::parse("naïve: {ключ: значение}\nlist:\n  - é: [a, b]\n");
        let at = |pointer: &str| {
            let node = document.find(pointer).expect("well written");
            node.expect("stands there").location().to_string()
        };
        assert_eq!(at("naïve"), "1:8");
        assert_eq!(at("naïve.ключ"), "1:15");
        assert_eq!(at("list[0].é[1]"), "3:12");
        let root = document.root().expect("has a root");
        let key = root.key_location("list").expect("stands there");
        assert_eq!(key.to_string(), "2:1");
    }

    #[test]
    fn aliases_are_followed_and_keep_their_own_place() {
        let document = Document::parse("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n");
        let alias = document.path(&["b"]).expect("stands there");
        assert_eq!(alias.kind(), NodeKind::Mapping);
        assert_eq!(alias.path(&["k"]).map(Node::len), Some(2));
        assert_eq!(alias.location().to_string(), "2:4");
        let list = document.path(&["c"]).expect("stands there");
        assert_eq!(list.items().filter_map(|n| n.get("k")).count(), 2);
    }

    #[test]
    fn a_collection_answers_no_question_about_scalars() {
        let document = Document::parse("a: []\n");
        let list = document.path(&["a"]).expect("stands there");
        assert_eq!(list.as_str(), None);
        assert_eq!(list.style(), None);
        assert!(!list.is_null() && list.is_empty() && list.get("x").is_none());
        assert_eq!(list.entries().count(), 0);
    }
}
