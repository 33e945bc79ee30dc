//! Writes a document for machines: every secret hidden, and everything that a
//! decision may look at as it was.
//!
//! Kept are the shape, the keys that may be shown or that the rules ask for, the
//! public scalars with their style, and which scalars are null. Comments, tags
//! and the names of anchors are not: nothing is written that was not decided on
//! here. Merge keys are written out, because a value that is overridden is seen
//! by nobody. What an alias repeats is written once where it can be, and what
//! grows too long all the same is given up.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{KnownNames, Place, Seal, Visibility, render, visibility};
use crate::manifest::document::{Kind, Role};
use crate::manifest::scalar::{self, Value};
use crate::manifest::{Document, Entries, Entry, Limits, ManifestProblem, Node, NodeKind, ScalarStyle};
use crate::manifest::{code, precheck};

/// Longer keys are not found by every reader of YAML unless they are announced.
const LONGEST_KEY: usize = 512;

/// Longer scalars are written, and hidden, once where aliases may repeat them.
const LONG_SCALAR: usize = 64;

/// The document with every secret hidden under the seal: YAML of the same shape,
/// that decisions come out of as they did of the document. A document that
/// says nothing gives a text that says nothing.
///
/// # Errors
/// If it grows larger than a manifest may be: hidden values are longer than short
/// ones, and aliases of short ones are written out.
pub fn sealed(document: &Document, seal: &Seal, known: KnownNames<'_>) -> Result<String, ManifestProblem> {
    sealed_within(document, seal, known, &Limits::STANDARD)
}

fn sealed_within(
    document: &Document,
    seal: &Seal,
    known: KnownNames<'_>,
    limits: &Limits,
) -> Result<String, ManifestProblem> {
    let mut writing = Writing::new(document, seal, known, limits.bytes);
    match document.root() {
        Some(root) => {
            let entries = entries_of(root, Place::root());
            match entries.is_empty() {
                true => writing.out.push_str("{}\n"),
                false => writing.mapping(&entries, Place::root(), 0, false),
            }
        }
        None => writing.out.push_str("~\n"),
    }
    if document.notices().any(|notice| notice.code == code::MULTIPLE_DOCUMENTS) {
        writing.out.push_str("---\n{}\n");
    }
    if writing.is_full() { Err(precheck::too_large(limits)) } else { Ok(writing.out) }
}

/// The collections that aliases refer to, none of them written yet.
fn shared(document: &Document) -> HashMap<u32, Option<usize>> {
    let aliases = document.nodes.iter().filter(|node| node.kind == Kind::Alias);
    let targets = aliases.map(|alias| alias.first);
    let is_collection = |id: &u32| !matches!(document.nodes[*id as usize].kind, Kind::Scalar(_));
    targets.filter(is_collection).map(|id| (id, None)).collect()
}

/// A mapping's entries in their order, each with the place of its value; those
/// whose value nobody sees are nowhere.
fn entries_of(mapping: Node<'_>, place: Place) -> Vec<(Entry<'_>, Place)> {
    let mut own_seen = 0;
    let mut entries = Vec::new();
    for entry in Entries::own(mapping) {
        match entry.role() {
            Role::Merge => continue,
            Role::Shadowed => entries.push((entry, Place::nowhere())),
            Role::Plain => {
                own_seen += 1;
                entries.push((entry, place_of(entry, place)));
            }
        }
    }
    // What is merged comes behind what is the mapping's own.
    let merged = mapping.entries().skip(own_seen);
    entries.extend(merged.map(|entry| (entry, place_of(entry, place))));
    entries
}

/// The value of a key that is a collection is found by no path.
fn place_of(entry: Entry<'_>, mapping: Place) -> Place {
    entry.key.as_str().map_or(Place::nowhere(), |key| mapping.key(key))
}

struct Writing<'s> {
    out: String,
    /// How long it may grow.
    longest: usize,
    seal: &'s Seal,
    known: KnownNames<'s>,
    /// By the node: the anchor that its hidden content has, once it is written.
    shared: HashMap<u32, Option<usize>>,
    /// Whether aliases may repeat a scalar, by themselves or with what it is in.
    repeats: bool,
    /// By the node: the anchor of a long scalar that was shown.
    shown: HashMap<u32, usize>,
    /// By the node: what stands in place of a long scalar.
    hidden: HashMap<u32, String>,
    anchors: usize,
}

impl<'s> Writing<'s> {
    fn new(document: &Document, seal: &'s Seal, known: KnownNames<'s>, longest: usize) -> Self {
        let repeats = document.nodes.iter().any(|node| node.kind == Kind::Alias);
        let (shown, hidden) = (HashMap::new(), HashMap::new());
        let shared = shared(document);
        Self { out: String::new(), longest, seal, known, shared, repeats, shown, hidden, anchors: 0 }
    }

    /// Whether nothing more is worth writing.
    fn is_full(&self) -> bool {
        self.out.len() > self.longest
    }

    /// Entries, one a line. The first one continues a line that is begun.
    fn mapping(&mut self, entries: &[(Entry<'_>, Place)], at: Place, indent: usize, mut begun: bool) {
        for (entry, place) in entries {
            if self.is_full() {
                return;
            }
            self.begin_line(indent, &mut begun);
            self.key(*entry, at, indent);
            self.value(entry.value, *place, indent + 2, false);
        }
    }

    fn sequence(&mut self, node: Node<'_>, place: Place, indent: usize, mut begun: bool) {
        for item in node.items() {
            if self.is_full() {
                return;
            }
            self.begin_line(indent, &mut begun);
            self.out.push('-');
            self.value(item, place, indent + 2, true);
        }
    }

    fn begin_line(&mut self, indent: usize, begun: &mut bool) {
        if !std::mem::take(begun) {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }

    fn key(&mut self, entry: Entry<'_>, mapping: Place, indent: usize) {
        let written = match entry.key.as_str() {
            // Nobody can look it up, so its content does not matter.
            None => "[]".to_owned(),
            Some(key) if !self.is_kept(entry, mapping) => self.seal.hide(key),
            Some(key) if render::is_harmless(key) => key.to_owned(),
            Some(key) => quoted(key),
        };
        if entry.key.as_str().is_some() && written.len() <= LONGEST_KEY {
            self.out.push_str(&written);
        } else {
            let _ = writeln!(self.out, "? {written}");
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
        self.out.push(':');
    }

    fn is_kept(&self, entry: Entry<'_>, mapping: Place) -> bool {
        entry.public_key(mapping).is_some()
            || (self.known.hold_key(entry.key()) && entry.may_be_looked_up(mapping))
    }

    /// A value after its key or dash. A collection after a dash begins on the
    /// same line, unless it has an anchor.
    fn value(&mut self, node: Node<'_>, place: Place, indent: usize, after_dash: bool) {
        if node.kind() == NodeKind::Scalar {
            self.out.push(' ');
            self.scalar(node, place);
            self.out.push('\n');
            return;
        }
        let mut anchored = false;
        // What is hidden as a whole looks the same wherever it stands.
        if place.is_closed()
            && let Some(anchor) = self.shared.get(&node.body_id()).copied()
        {
            if let Some(number) = anchor {
                let _ = writeln!(self.out, " *a{number}");
                return;
            }
            self.anchors += 1;
            self.shared.insert(node.body_id(), Some(self.anchors));
            let _ = write!(self.out, " &a{}", self.anchors);
            anchored = true;
        }
        let begun = after_dash && !anchored;
        let open = |out: &mut String| out.push(if begun { ' ' } else { '\n' });
        if node.kind() == NodeKind::Sequence {
            if node.is_empty() {
                return self.out.push_str(" []\n");
            }
            open(&mut self.out);
            return self.sequence(node, place.item(), indent, begun);
        }
        let entries = entries_of(node, place);
        if entries.is_empty() {
            return self.out.push_str(" {}\n");
        }
        open(&mut self.out);
        self.mapping(&entries, place, indent, begun);
    }

    fn scalar(&mut self, node: Node<'_>, place: Place) {
        let text = node.as_str().unwrap_or_default();
        // That nothing was written is no secret, and scripts see it.
        if node.is_null() {
            self.out.push('~');
        } else if visibility(node, place, self.known) == Visibility::Secret {
            self.hidden(node, text);
        } else if !self.is_shown_already(node, text) {
            if node.style() == Some(ScalarStyle::Plain) && reads_back(text) {
                self.out.push_str(text);
            } else {
                self.out.push_str(&quoted(text));
            }
        }
    }

    /// Whether aliases may repeat a scalar so often that it counts.
    fn is_repeated(&self, text: &str) -> bool {
        self.repeats && text.len() > LONG_SCALAR
    }

    fn hidden(&mut self, node: Node<'_>, text: &str) {
        if self.is_repeated(text) {
            let hidden = self.hidden.entry(node.body_id()).or_insert_with(|| self.seal.hide(text));
            self.out.push_str(hidden);
        } else {
            self.out.push_str(&self.seal.hide(text));
        }
    }

    /// Refers to a long scalar that was shown before, else gives it an anchor. It
    /// is lent from one place where it is shown to another.
    fn is_shown_already(&mut self, node: Node<'_>, text: &str) -> bool {
        if !self.is_repeated(text) {
            return false;
        }
        if let Some(number) = self.shown.get(&node.body_id()) {
            let _ = write!(self.out, "*a{number}");
            return true;
        }
        self.anchors += 1;
        self.shown.insert(node.body_id(), self.anchors);
        let _ = write!(self.out, "&a{} ", self.anchors);
        false
    }
}

/// Whether a bare scalar may stay bare. One that has a value besides its text
/// must.
fn reads_back(text: &str) -> bool {
    render::is_harmless(text) || scalar::value_of(text) != Value::Text
}

/// A text between quotes, in ASCII.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            ' '..='~' => write!(out, "{c}"),
            '\n' => write!(out, "\\n"),
            c if u32::from(c) <= 0xffff => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "\\U{:08x}", u32::from(c)),
        };
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
