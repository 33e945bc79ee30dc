//! The parsed manifest: one buffer of text, one list of nodes, its problems.

use std::fmt;
use std::sync::OnceLock;

use super::build;
use super::secrets::{self, KnownNames, SecretScalars, Visibility};
use super::{Limits, ManifestProblem, Node, Pointer, PointerError, ScalarStyle};

/// "No such node": ends a list of siblings.
pub(super) const NONE: u32 = u32::MAX;

/// What a node of the arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mapping,
    Sequence,
    Scalar(ScalarStyle),
    /// Stands for another node, which is never an alias itself.
    Alias,
}

/// How a key counts in its mapping. Values and items are `Plain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A key like any other, or not a key.
    Plain,
    /// A key repeated further down; its value does not count.
    Shadowed,
    /// A `<<` whose value is a mapping or a list of mappings.
    Merge,
}

/// A node of the arena, 24 bytes. Siblings are linked; in a mapping, a key is
/// followed by its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRepr {
    /// Scalar: start in the text. Collection: first child. Alias: the target.
    pub(super) first: u32,
    /// Scalar: end in the text. Sequence: number of items. Mapping: number of
    /// its own keys that count, merged ones not included.
    pub(super) extent: u32,
    pub(super) next: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) kind: Kind,
    pub(super) role: Role,
    /// A mapping that has a merge key.
    pub(super) merges: bool,
}

/// A parsed manifest.
///
/// Aliases are links and merge keys are followed when looked up, so a
/// document is never larger than its text makes it. A document with a fault is
/// empty: it has no root.
pub struct Document {
    pub(super) text: String,
    pub(super) nodes: Vec<NodeRepr>,
    pub(super) problems: Vec<ManifestProblem>,
    /// Found when first asked for.
    secret_scalars: OnceLock<SecretScalars>,
}

impl Document {
    /// Parses a manifest within the standard limits.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::parse_within(text, Limits::STANDARD)
    }

    /// Parses a manifest within the given limits.
    #[must_use]
    pub fn parse_within(text: &str, limits: Limits) -> Self {
        build::document(text, &limits.capped())
    }

    pub(super) fn new(text: String, nodes: Vec<NodeRepr>, problems: Vec<ManifestProblem>) -> Self {
        Self { text, nodes, problems, secret_scalars: OnceLock::new() }
    }

    /// A document that says nothing, and why, if it should have.
    pub(super) fn empty(problem: Option<ManifestProblem>) -> Self {
        Self::new(String::new(), Vec::new(), problem.into_iter().collect())
    }

    /// The top node, if there is one.
    #[must_use]
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then(|| Node::new(self, 0))
    }

    /// Whether it holds nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What is wrong with it, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[ManifestProblem] {
        &self.problems
    }

    /// The problems that left it empty; they degrade a decision.
    pub fn faults(&self) -> impl Iterator<Item = &ManifestProblem> {
        self.problems.iter().filter(|problem| problem.is_fault())
    }

    /// The problems that did not.
    pub fn notices(&self) -> impl Iterator<Item = &ManifestProblem> {
        self.problems.iter().filter(|problem| !problem.is_fault())
    }

    /// Whether a fault left it empty.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.faults().next().is_some()
    }

    /// The node a pointer leads to.
    #[must_use]
    pub fn at(&self, pointer: &Pointer) -> Option<Node<'_>> {
        self.root()?.at(pointer)
    }

    /// The node a written pointer leads to.
    ///
    /// # Errors
    /// If the pointer is not well written; never because of the document.
    pub fn find(&self, pointer: &str) -> Result<Option<Node<'_>>, PointerError> {
        Ok(self.at(&pointer.parse()?))
    }

    /// The node under nested keys: the cheap form of [`Document::at`] for paths
    /// known in advance.
    ///
    /// ```
    /// use reconciler_core::manifest::Document;
    ///
    /// let document = Document::parse("properties: {blacksmith: {plan_id: small}}");
    /// let plan = document.path(&["properties", "blacksmith", "plan_id"]);
    /// assert_eq!(plan.and_then(|node| node.as_str()), Some("small"));
    /// ```
    #[must_use]
    pub fn path(&self, keys: &[&str]) -> Option<Node<'_>> {
        self.root()?.path(keys)
    }

    /// Whether what stands at the pointer may be shown to whoever knows no names.
    #[must_use]
    pub fn visibility(&self, pointer: &Pointer) -> Visibility {
        let place = secrets::place_of(pointer);
        self.at(pointer).map_or_else(
            || place.visibility(),
            |node| secrets::visibility(node, place, KnownNames::default()),
        )
    }

    /// The scalars that are written at a secret place.
    pub(super) fn secret_scalars(&self) -> &SecretScalars {
        self.secret_scalars.get_or_init(|| SecretScalars::of(self))
    }
}

/// Says how large it is; a derived one would print passwords.
impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Document")
            .field("nodes", &self.nodes.len())
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, NodeRepr};
    use crate::manifest::Node;

    #[test]
    fn a_node_takes_24_bytes() {
        assert_eq!(size_of::<NodeRepr>(), 24);
    }

    #[test]
    fn debug_shows_no_value() {
        let document = Document::parse("password: hunter2\nlist: [hunter2]\n");
        let node = document.path(&["password"]);
        let entry = document.root().map(|root| root.entries().next());
        let shown = format!("{document:?} {:?} {node:?} {entry:?}", document.root());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_path_leads_through_mappings_only() {
        let document = Document::parse("a: {b: {c: 1}}\nlist: [{b: 2}]\n");
        let text = |keys: &[&str]| document.path(keys).and_then(Node::as_str);
        assert_eq!(text(&["a", "b", "c"]), Some("1"));
        assert_eq!(text(&["a", "x", "c"]), None);
        assert_eq!(text(&["list", "b"]), None);
        assert!(document.path(&[]).is_some());
    }

    #[test]
    fn find_tells_a_bad_pointer_from_a_missing_node() {
        let document = Document::parse("jobs: [{name: a}]\n");
        let found = document.find("jobs[name=a].name").expect("well written");
        assert_eq!(found.and_then(Node::as_str), Some("a"));
        assert!(document.find("jobs[name=b]").expect("well written").is_none());
        assert!(document.find("jobs[").is_err());
    }
}
