//! Builds a document from the parser's events.
//!
//! Scalars are copied into one buffer, nodes linked into one list; nothing is
//! allocated a node. Nodes are counted as if aliases were written out, one
//! addition an alias, so that a "billion laughs" is refused where its count
//! passes the limit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use saphyr_parser as yaml;
use yaml::{Event, Parser, ScanError};

use super::document::{Kind, NONE, NodeRepr, Role};
use super::keys::{KeySettler, Notices};
use super::precheck;
use super::{Document, Limits, Location, ManifestProblem, ScalarStyle, code};

/// Parses a text whose limits are already capped.
pub(super) fn document(text: &str, limits: &Limits) -> Document {
    if let Some(refusal) = precheck::refusal(text, limits) {
        return Document::empty(Some(refusal));
    }
    // The parser states its invariants with `unwrap`; one that does not hold
    // must cost this manifest, not the run.
    let built = catch_unwind(AssertUnwindSafe(|| Builder::new(text, limits).run(text)));
    match built {
        Ok(Ok(document)) => document,
        Ok(Err(fault)) => Document::empty(Some(fault)),
        Err(_) => {
            Document::empty(Some(ManifestProblem::fault(code::SYNTAX, None, "the YAML parser gave up")))
        }
    }
}

/// A collection that is not closed yet.
#[derive(Debug)]
struct Open {
    node: u32,
    last_child: u32,
    children: u32,
    /// Levels below this one so far, aliases followed.
    height: u32,
    total_before: u64,
    anchor: usize,
}

/// What an anchor stands for.
#[derive(Clone, Copy, Debug, Default)]
struct Anchored {
    node: u32,
    /// Nodes in it, aliases written out; 0 while it is not closed.
    total: u64,
    height: u32,
}

struct Builder<'l> {
    limits: &'l Limits,
    text: String,
    nodes: Vec<NodeRepr>,
    open: Vec<Open>,
    /// By the parser's anchor id; 0 is "no anchor".
    anchors: Vec<Anchored>,
    total: u64,
    settler: KeySettler,
    notices: Notices,
}

impl<'l> Builder<'l> {
    fn new(text: &str, limits: &'l Limits) -> Self {
        Self {
            limits,
            text: String::with_capacity(text.len()),
            // Manifests have about one node in 10 bytes.
            nodes: Vec::with_capacity(text.len() / 10 + 8),
            open: Vec::with_capacity(16),
            anchors: Vec::new(),
            total: 0,
            settler: KeySettler::default(),
            notices: Notices::default(),
        }
    }

    fn run(mut self, text: &str) -> Result<Document, ManifestProblem> {
        let mut documents = 0;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| syntax_fault(&error))?;
            let at = location(&span.start);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.notices.push(|| {
                            ManifestProblem::notice(
                                code::MULTIPLE_DOCUMENTS,
                                Some(at),
                                "more than one document; the first one counts",
                            )
                        });
                        break;
                    }
                }
                Event::MappingStart(anchor, _) => self.start(Kind::Mapping, anchor, at)?,
                Event::SequenceStart(anchor, _) => self.start(Kind::Sequence, anchor, at)?,
                Event::MappingEnd => {
                    if let Some(open) = self.open.last() {
                        let id = open.node;
                        self.settler.settle(&mut self.nodes, &self.text, id, &mut self.notices);
                    }
                    self.end();
                }
                Event::SequenceEnd => self.end(),
                Event::Scalar(value, style, anchor, _) => self.scalar(&value, style, anchor, at)?,
                Event::Alias(anchor) => self.alias(anchor, at)?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        self.finished()
    }

    fn start(&mut self, kind: Kind, anchor: usize, at: Location) -> Result<(), ManifestProblem> {
        let total_before = self.total;
        self.count(1, at)?;
        if self.open.len() as u32 >= self.limits.depth {
            return Err(self.too_deep(at));
        }
        let node = self.append(kind, NONE, 0, at);
        self.anchor(anchor, Anchored { node, total: 0, height: 0 });
        self.open.push(Open { node, last_child: NONE, children: 0, height: 0, total_before, anchor });
        Ok(())
    }

    fn end(&mut self) {
        let Some(closed) = self.open.pop() else {
            return;
        };
        let node = &mut self.nodes[closed.node as usize];
        if node.kind == Kind::Sequence {
            node.extent = closed.children;
        }
        let height = closed.height + 1;
        self.anchor(
            closed.anchor,
            Anchored { node: closed.node, total: self.total - closed.total_before, height },
        );
        if let Some(parent) = self.open.last_mut() {
            parent.height = parent.height.max(height);
        }
    }

    fn scalar(
        &mut self,
        value: &str,
        style: yaml::ScalarStyle,
        anchor: usize,
        at: Location,
    ) -> Result<(), ManifestProblem> {
        self.count(1, at)?;
        let style = match style {
            yaml::ScalarStyle::Plain => ScalarStyle::Plain,
            yaml::ScalarStyle::SingleQuoted | yaml::ScalarStyle::DoubleQuoted => ScalarStyle::Quoted,
            yaml::ScalarStyle::Literal | yaml::ScalarStyle::Folded => ScalarStyle::Block,
        };
        let start = self.text.len() as u32;
        self.text.push_str(value);
        let node = self.append(Kind::Scalar(style), start, self.text.len() as u32, at);
        self.anchor(anchor, Anchored { node, total: 1, height: 0 });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, at: Location) -> Result<(), ManifestProblem> {
        let target = self.anchors.get(anchor).copied().unwrap_or_default();
        if target.total == 0 {
            return Err(ManifestProblem::fault(
                code::ALIAS_CYCLE,
                Some(at),
                "the alias stands inside what it refers to",
            ));
        }
        self.count(target.total, at)?;
        if self.open.len() as u32 + target.height > self.limits.depth {
            return Err(self.too_deep(at));
        }
        self.append(Kind::Alias, target.node, 0, at);
        if let Some(parent) = self.open.last_mut() {
            parent.height = parent.height.max(target.height);
        }
        Ok(())
    }

    /// Adds a node after its last sibling.
    fn append(&mut self, kind: Kind, first: u32, extent: u32, at: Location) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(NodeRepr {
            first,
            extent,
            next: NONE,
            line: at.line,
            column: at.column,
            kind,
            role: Role::Plain,
            merges: false,
        });
        if let Some(parent) = self.open.last_mut() {
            match parent.last_child {
                NONE => self.nodes[parent.node as usize].first = id,
                sibling => self.nodes[sibling as usize].next = id,
            }
            parent.last_child = id;
            parent.children += 1;
        }
        id
    }

    fn anchor(&mut self, anchor: usize, anchored: Anchored) {
        if anchor == 0 {
            return;
        }
        if anchor >= self.anchors.len() {
            self.anchors.resize(anchor + 1, Anchored::default());
        }
        self.anchors[anchor] = anchored;
    }

    fn count(&mut self, nodes: u64, at: Location) -> Result<(), ManifestProblem> {
        self.total = self.total.saturating_add(nodes);
        if self.total <= self.limits.nodes {
            return Ok(());
        }
        Err(ManifestProblem::fault(
            code::TOO_MANY_NODES,
            Some(at),
            format!("more than {} nodes, aliases written out", self.limits.nodes),
        ))
    }

    fn too_deep(&self, at: Location) -> ManifestProblem {
        too_deep(at, self.limits.depth)
    }

    fn finished(mut self) -> Result<Document, ManifestProblem> {
        let root = self.nodes.first();
        let nothing = root.is_none_or(|root| {
            let text = &self.text;
            root.kind == Kind::Scalar(ScalarStyle::Plain) && super::scalar::is_null(text)
        });
        if nothing {
            self.notices.push(|| ManifestProblem::notice(code::EMPTY, None, "the manifest says nothing"));
            self.nodes.clear();
        } else if let Some(root) = root.filter(|root| root.kind != Kind::Mapping) {
            let at = Location { line: root.line, column: root.column };
            return Err(ManifestProblem::fault(
                code::NOT_A_MAPPING,
                Some(at),
                "not a manifest: the top of the document is not a mapping",
            ));
        }
        Ok(Document::new(self.text, self.nodes, self.notices.finished()))
    }
}

fn too_deep(at: Location, depth: u32) -> ManifestProblem {
    ManifestProblem::fault(
        code::TOO_DEEP,
        Some(at),
        format!("nested deeper than {depth} levels, aliases followed"),
    )
}

fn location(marker: &yaml::Marker) -> Location {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Location {
        line: number(marker.line()),
        // The parser counts columns from 0.
        column: number(marker.col().saturating_add(1)),
    }
}

/// What the parser said, without what it quotes of the text.
fn syntax_fault(error: &ScanError) -> ManifestProblem {
    let at = location(error.marker());
    match error.info() {
        // The parser's own limit, at 255 brackets.
        "recursion limit exceeded" => too_deep(at, 255),
        // Quotes the character, which may open a password.
        info if info.contains('`') => ManifestProblem::fault(
            code::SYNTAX,
            Some(at),
            "not YAML: a value must not start with this character unless quoted",
        ),
        info => ManifestProblem::fault(code::SYNTAX, Some(at), format!("not YAML: {info}")),
    }
}
