//! Writes a document for people, secrets redacted.
//!
//! Scalars that might be read as something else are quoted as JSON does, which
//! is YAML too.

use std::fmt::Write as _;

use super::{KnownNames, Place, REDACTED, Visibility, visibility};
use crate::manifest::{Document, Node, NodeKind, ScalarStyle};

/// How long a rendering may grow: a document that repeats itself by alias can
/// be far larger written out than it is.
const LONGEST: usize = 16 * 1024 * 1024;

/// The document, secrets redacted.
pub(super) fn rendered(document: &Document) -> String {
    let mut rendering = Rendering { out: String::new(), longest: LONGEST };
    if let Some(root) = document.root() {
        if root.is_empty() {
            rendering.out.push_str("{}\n");
        } else {
            rendering.children(root, Place::root(), 0, false);
        }
    }
    if rendering.is_full() {
        rendering.out.push_str("# cut here: too long to be shown as a whole\n");
    }
    rendering.out
}

struct Rendering {
    out: String,
    longest: usize,
}

impl Rendering {
    fn is_full(&self) -> bool {
        self.out.len() >= self.longest
    }

    /// The entries or items of a collection, one a line. The first one
    /// continues a line that is begun.
    fn children(&mut self, node: Node<'_>, place: Place, indent: usize, mut begun: bool) {
        let mut line = |this: &mut Self| {
            if !std::mem::take(&mut begun) {
                this.out.extend(std::iter::repeat_n(' ', indent));
            }
        };
        for entry in node.entries() {
            if self.is_full() {
                return;
            }
            line(self);
            match entry.public_key(place) {
                Some(key) => self.text(key, true),
                None => self.text(REDACTED, false),
            }
            self.out.push(':');
            // The items of a list stand under their key, not to the right of it.
            let step = match entry.value.kind() {
                NodeKind::Sequence => 0,
                _ => 2,
            };
            self.value(entry.value, place.key(entry.key()), indent + step, false);
        }
        for item in node.items() {
            if self.is_full() {
                return;
            }
            line(self);
            self.out.push('-');
            self.value(item, place.item(), indent + 2, true);
        }
    }

    /// A value after its key or dash; a collection after a dash begins on the
    /// same line.
    fn value(&mut self, node: Node<'_>, place: Place, indent: usize, same_line: bool) {
        match node.kind() {
            NodeKind::Mapping if node.is_empty() => self.out.push_str(" {}\n"),
            NodeKind::Sequence if node.is_empty() => self.out.push_str(" []\n"),
            NodeKind::Mapping | NodeKind::Sequence => {
                self.out.push(if same_line { ' ' } else { '\n' });
                self.children(node, place, indent, same_line);
            }
            NodeKind::Scalar => {
                self.out.push(' ');
                match visibility(node, place, KnownNames::default()) {
                    Visibility::Secret => {
                        let _ = write!(self.out, "\"{REDACTED}\"");
                    }
                    Visibility::Public => {
                        let plain = node.style() == Some(ScalarStyle::Plain);
                        self.text(node.as_str().unwrap_or_default(), plain);
                    }
                }
                self.out.push('\n');
            }
        }
    }

    /// A text, bare if it was and is harmless.
    fn text(&mut self, text: &str, plain: bool) {
        if plain && is_harmless(text) {
            self.out.push_str(text);
        } else {
            // Quoting a string cannot fail; an empty one would show if it did.
            self.out.push_str(&serde_json::to_string(text).unwrap_or_default());
        }
    }
}

/// Whether a text reads back as itself without quotes.
pub(super) fn is_harmless(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::{Place, Rendering};
    use crate::manifest::{Document, redacted, same_content};

    #[test]
    fn a_manifest_is_shown_without_its_secrets() {
        let document = Document::parse(
            "name: redis-1\nmeta: {password: hunter2, params: {instance_id: abc}}\n\
             releases:\n- {name: redis, version: 1.10, url: 'https://u:hunter2@x'}\n\
             tags: {team: \"1.10\", note: 'a: b'}\n\
             instance_groups:\n- name: node\n  azs: [z1, z2]\n  jobs: []\n\
             \x20 env: {hunter2: [hunter2, [hunter2]]}\nupdate: {}\n",
        );
        let expected = "\
name: redis-1
meta:
  password: \"<redacted>\"
  params:
    instance_id: abc
releases:
- name: redis
  version: 1.10
  url: \"<redacted>\"
tags:
  team: \"1.10\"
  note: \"a: b\"
instance_groups:
- name: node
  azs:
  - z1
  - z2
  jobs: []
  env:
    \"<redacted>\":
    - \"<redacted>\"
    - - \"<redacted>\"
update: {}
";
        assert_eq!(redacted(&document), expected);
    }

    #[test]
    fn what_is_shown_is_the_same_yaml() {
        let document = Document::parse(
            "name: &n 'it''s'\ntags: {a: yes, b: ~, c: \"\\u001b\\n\", \"k: v\": 1, d: *n, '': x}\n\
             jobs: [{name: [], templates: [{name: x}, {<<: {name: y}}]}]\n",
        );
        let shown = redacted(&document);
        assert!(same_content(&document, &Document::parse(&shown)), "{shown}");
    }

    #[test]
    fn a_document_that_says_nothing_shows_nothing() {
        assert_eq!(redacted(&Document::parse("a: [")), "");
        assert_eq!(redacted(&Document::parse("{}")), "{}\n");
    }

    #[test]
    fn a_rendering_ends_where_it_grows_too_long() {
        let document = Document::parse("env: {dns: [1, 2, 3, 4]}\ntype: 5\n");
        let mut rendering = Rendering { out: String::new(), longest: 20 };
        let root = document.root().expect("has a root");
        rendering.children(root, Place::root(), 0, false);
        assert_eq!(rendering.out, "env:\n  dns:\n  - \"<redacted>\"\n");
    }
}
