//! The layer of the file: the section `reconciler` of Blacksmith's YAML file.
//!
//! Keys nest: `policy: {threshold: 0.7}`. A key in the section that is not in
//! the table, stands twice, or has a value of another kind is an error where
//! it stands. The other sections are the broker's: what is taken from them
//! stands in `sections`.

use std::sync::Arc;

use super::gathered::Gathered;
use super::kind::{Kind, Refusal, items_of, quoted};
use super::source::SourceFile;
use super::table::{Place, joined};
use super::value::Value;
use super::{Finding, KeySpec, Origin, SECTION, sections, suggestion};
use crate::manifest::{Document, Entry, Location, Manifest, Node, NodeKind, ScalarStyle, code};
use crate::matching::nearest;

/// The section of the Director, and what it would be called if it were many.
const DIRECTOR: &str = "director";
const SEVERAL_DIRECTORS: &str = "directors";

/// Adds what the file says.
pub(super) fn gather(file: SourceFile, gathered: &mut Gathered) {
    let name = file.name;
    let bytes = match file.content {
        Ok(bytes) => bytes,
        Err(reason) => {
            let origin = Origin::File { name, at: None };
            let what = format!("cannot be read ({reason})");
            let next = "check that it exists and may be read, or name another file";
            gathered.errors.push(Finding::on_source(origin, what, next));
            return;
        }
    };
    if let Err(error) = str::from_utf8(&bytes) {
        let at = Some(place_after(&bytes[..error.valid_up_to()]));
        let origin = Origin::File { name, at };
        let (what, next) = ("is not UTF-8 from here on", "save it as UTF-8");
        gathered.errors.push(Finding::on_source(origin, what, next));
        return;
    }
    let manifest = Manifest::from_bytes(bytes);
    let (first_error, first_notice) = (gathered.errors.len(), gathered.notices.len());
    let mut reader = Reader { name, document: manifest.document(), gathered };
    reader.read();
    // Merges and aliases are read where they are used; people read by line.
    gathered.errors[first_error..].sort_by_key(place_of);
    gathered.notices[first_notice..].sort_by_key(place_of);
}

fn place_of(finding: &Finding) -> Option<Location> {
    match finding.origin {
        Origin::File { at, .. } => at,
        _ => None,
    }
}

/// Where the next character would stand after a text.
fn place_after(text: &[u8]) -> Location {
    let text = String::from_utf8_lossy(text);
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Location { line: number(text.matches('\n').count() + 1), column: number(last_line.chars().count() + 1) }
}

struct Reader<'r> {
    name: Arc<str>,
    document: &'r Document,
    gathered: &'r mut Gathered,
}

impl Reader<'_> {
    fn read(&mut self) {
        let document = self.document;
        for fault in document.faults() {
            let (what, next) = match fault.code {
                code::NOT_A_MAPPING => (
                    "is not a configuration: its top is not a mapping".to_owned(),
                    format!("write `{SECTION}:` with the keys below it"),
                ),
                _ => (format!("cannot be read: {}", fault.message), "correct it there".to_owned()),
            };
            let finding = Finding::on_source(self.origin(fault.at), what, next);
            self.gathered.errors.push(finding);
        }
        self.notice_what_is_not_read();
        let Some(root) = document.root() else {
            return;
        };
        sections::collect(&self.name, root, self.gathered);
        match root.entry(SECTION) {
            Some(section) => {
                self.refuse_repetition(SECTION, &section);
                self.section("", section.value);
            }
            None => self.notice_misspelt_section(root),
        }
    }

    fn origin(&self, at: Option<Location>) -> Origin {
        let name = Arc::clone(&self.name);
        Origin::File { name, at }
    }

    fn error(&mut self, at: Location, path: &str, what: impl Into<String>, next: String) {
        let finding = Finding::about(self.origin(Some(at)), path, what, next);
        self.gathered.errors.push(finding);
    }

    /// Parts of the file whose settings would be lost without a word.
    fn notice_what_is_not_read(&mut self) {
        for notice in self.document.notices() {
            let (what, next) = match notice.code {
                code::MULTIPLE_DOCUMENTS => {
                    ("a second document begins here, which is not read", "move its keys into the first")
                }
                code::MORE_NOTICES => (
                    "has so many repeated keys that not all were looked at",
                    "remove the repetitions in every section",
                ),
                _ => continue,
            };
            let finding = Finding::on_source(self.origin(notice.at), what, next);
            self.gathered.notices.push(finding);
        }
    }

    fn notice_misspelt_section(&mut self, root: Node<'_>) {
        let names: Vec<String> = root.entries().map(|e| e.key().to_owned()).collect();
        let meant = nearest(SECTION, &names).and_then(|name| root.entry(&name));
        if let Some(entry) = meant {
            let origin = self.origin(Some(entry.key_location()));
            self.gathered.notices.push(Finding::about(
                origin,
                entry.key(),
                format!("the file has no section `{SECTION}`, only this one"),
                format!("name it `{SECTION}` if it is meant to be ours"),
            ));
        }
    }

    /// Reads a section; `path` is empty for the whole of ours.
    fn section(&mut self, path: &str, node: Node<'_>) {
        if node.kind() != NodeKind::Mapping {
            // A section whose keys are all commented out is null.
            if path == DIRECTOR && node.kind() == NodeKind::Sequence {
                self.refuse_several_directors(node.location(), path);
            } else if !node.is_null() {
                let next = suggestion::names(self.gathered.table, path);
                let what = "is a section, not a value";
                self.error(node.location(), shown(path), what, next);
            }
            return;
        }
        for entry in node.entries() {
            self.entry(path, &entry);
        }
    }

    fn entry(&mut self, section: &str, entry: &Entry<'_>) {
        let at = entry.key_location();
        let name = entry.key();
        let path = joined(section, name);
        if name.is_empty() {
            let next = suggestion::names(self.gathered.table, section);
            self.error(at, shown(section), "has a key that is no text", next);
            return;
        }
        self.refuse_repetition(&path, entry);
        if name.contains('.') {
            self.refuse_dotted(section, name, at);
            return;
        }
        match self.gathered.table.place(&path) {
            Place::Key(row) => {
                let spec = &self.gathered.table.rows()[row];
                let origin = self.origin(Some(entry.value.location()));
                let read = value_of(spec, entry.value);
                self.gathered.take(row, origin, read);
            }
            Place::Spelling(row, spelling) => {
                let spec = &self.gathered.table.rows()[row];
                let origin = self.origin(Some(entry.value.location()));
                let read = match entry.value.as_str() {
                    Some(text) if !spelling.is_literal() => {
                        spec.kind.read(&spelling.translated(text), spec.secret)
                    }
                    _ => value_of(spec, entry.value),
                };
                self.gathered.take_spelling(row, spelling, origin, read);
            }
            Place::Section => self.section(&path, entry.value),
            Place::Legacy => {
                let origin = self.origin(Some(at));
                self.gathered.without_effect(origin, &path);
            }
            Place::Unknown if path == SEVERAL_DIRECTORS => self.refuse_several_directors(at, &path),
            Place::Unknown => {
                let next = suggestion::for_key(self.gathered.table, section, name);
                self.error(at, &path, "there is no such key", next);
            }
        }
    }

    /// What somebody writes who has several: better said than guessed at.
    fn refuse_several_directors(&mut self, at: Location, path: &str) {
        let next = "name one as `director: {environment: …}`, and run once for each with a file of its own";
        self.error(at, path, "lists Directors, and this version reconciles exactly one", next.to_owned());
    }

    /// `policy.threshold: 0.7` would be a second way to write one thing.
    fn refuse_dotted(&mut self, section: &str, name: &str, at: Location) {
        let path = joined(section, name);
        let (outer, last) = name.rsplit_once('.').unwrap_or(("", name));
        if matches!(self.gathered.table.place(&path), Place::Unknown) {
            let next = suggestion::for_key(self.gathered.table, section, last);
            self.error(at, &path, "there is no such key", next);
            return;
        }
        let nested =
            outer.rsplit('.').fold(format!("{last}: …"), |inner, name| format!("{name}: {{{inner}}}"));
        let what = "is written with a dot, which the file does not read";
        self.error(at, &path, what, format!("nest it: `{nested}`"));
    }

    /// The arena keeps the last of repeated keys and notes where it stands.
    fn refuse_repetition(&mut self, path: &str, entry: &Entry<'_>) {
        let at = entry.key_location();
        let repeated =
            self.document.notices().any(|notice| notice.code == code::DUPLICATE_KEY && notice.at == Some(at));
        if repeated {
            let what = "stands here for a second time in the same section";
            self.error(at, path, what, "keep one of the two".to_owned());
        }
    }
}

/// The name of a section in a message.
fn shown(section: &str) -> &str {
    if section.is_empty() { SECTION } else { section }
}

/// Reads the value of a key.
fn value_of(spec: &KeySpec, node: Node<'_>) -> Result<Value, Refusal> {
    if node.is_null() {
        return Err(spec.kind.nothing("has no value"));
    }
    match (node.as_str(), spec.kind) {
        (Some(text), kind) => {
            let bare = matches!(kind, Kind::Bool | Kind::Integer { .. } | Kind::Confidence);
            if bare && node.style() != Some(ScalarStyle::Plain) {
                let what = format!("{} is a text, not {kind}", quoted(text, spec.secret));
                return Err(Refusal::new(what, "remove the quotes"));
            }
            kind.read(text, spec.secret)
        }
        (None, Kind::List) if node.kind() == NodeKind::Sequence => list_of(node),
        (None, kind) => {
            let found = match node.kind() {
                NodeKind::Mapping => "a mapping",
                _ => "a list",
            };
            Err(Refusal::new(format!("is {found}, not {kind}"), kind.advice()))
        }
    }
}

fn list_of(node: Node<'_>) -> Result<Value, Refusal> {
    let mut items = Vec::with_capacity(node.len());
    for (at, item) in node.items().enumerate() {
        match item.as_str() {
            Some(text) if !item.is_null() => items.push(text),
            _ => {
                return Err(Refusal::new(
                    format!("item {} is not a text", at + 1),
                    "write each item as one word, or remove it",
                ));
            }
        }
    }
    items_of(items.into_iter())
}
