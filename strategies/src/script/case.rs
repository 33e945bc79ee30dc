//! Cases beside a script: a deployment, a catalog, and the opinion that is
//! expected, one YAML file each.

use std::path::Path;
use std::sync::Arc;

use reconciler_core::manifest::{Document, Location, Manifest, Node, NodeKind};
use reconciler_core::matching::Confidence;
use reconciler_core::model::{Index, ReleaseRef, StemcellRef};

use super::host::{CatalogHandle, DeploymentHandle, fixtures};
use super::problem::ScriptProblem;

/// A case, read.
pub(super) struct Case {
    pub(super) deployment: DeploymentHandle,
    pub(super) catalog: CatalogHandle,
    pub(super) expected: Expected,
    /// Where the expectation stands.
    pub(super) at: Location,
}

/// The opinion that is expected.
#[derive(Debug)]
pub(super) enum Expected {
    /// None, with these words in the reason.
    Abstain(String),
    /// Exactly these identities, in any order.
    Propose(Vec<Named>),
    /// This one.
    Veto(Named),
    /// A failure with this code.
    Fail(String),
}

/// An identity that is expected, with what else is said of it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) instance: String,
    pub(super) plan: String,
    pub(super) confidence: Option<Confidence>,
    pub(super) reason: Option<String>,
}

/// The cases of a folder by name; none if there is no folder.
pub(super) fn files(folder: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a case; what is wrong with it is a problem of its file.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Case, ScriptProblem> {
    let document = Document::parse(text);
    let reader = Reader { file, text };
    if let Some(fault) = document.problems().first() {
        return Err(reader.wrong(None, format!("is no case: {fault}")));
    }
    let root = document.root().ok_or_else(|| reader.wrong(None, "is empty"))?;
    reader.keys(root, &["deployment", "catalog", "index", "expect"])?;
    let expect = reader.required(root, "expect")?;
    Ok(Case {
        deployment: reader.deployment(reader.required(root, "deployment")?, root.get("index"))?,
        catalog: reader.catalog(reader.required(root, "catalog")?)?,
        expected: reader.expected(expect)?,
        at: expect.location(),
    })
}

struct Reader<'a> {
    file: &'a Arc<str>,
    text: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, at: Option<Node<'_>>, message: impl Into<String>) -> ScriptProblem {
        ScriptProblem::new("script.case", self.file, message)
            .at(at.map(Node::location))
            .help("see `Cases` in docs/scripts.md")
            .shown_in(self.text)
    }

    /// Refuses what is no mapping of these keys.
    fn keys(&self, node: Node<'_>, known: &[&str]) -> Result<(), ScriptProblem> {
        if node.kind() != NodeKind::Mapping {
            return Err(self.wrong(Some(node), format!("a mapping is expected, with {}", known.join(", "))));
        }
        match node.entries().find(|entry| !known.contains(&entry.key())) {
            None => Ok(()),
            Some(entry) => {
                let message = format!("there is no `{}` here; there are: {}", entry.key(), known.join(", "));
                Err(self.wrong(None, message).at(Some(entry.key_location())).shown_in(self.text))
            }
        }
    }

    fn required<'m>(&self, node: Node<'m>, key: &str) -> Result<Node<'m>, ScriptProblem> {
        node.get(key).ok_or_else(|| self.wrong(Some(node), format!("`{key}` is missing")))
    }

    fn text(&self, node: Node<'_>, key: &str) -> Result<String, ScriptProblem> {
        let value = self.required(node, key)?;
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(Some(value), format!("`{key}` is no text")))
    }

    fn deployment(&self, node: Node<'_>, index: Option<Node<'_>>) -> Result<DeploymentHandle, ScriptProblem> {
        self.keys(node, &["name", "teams", "releases", "stemcells", "manifest"])?;
        let name = self.text(node, "name")?;
        let mut summary = fixtures::deployment(&name).map_err(|error| self.wrong(Some(node), error))?;
        let items = |key: &str| node.get(key).into_iter().flat_map(Node::items);
        summary.teams = items("teams").filter_map(Node::as_str).map(Into::into).collect();
        for one in items("releases") {
            let (name, version) = self.part(one)?;
            summary.releases.push(ReleaseRef { name: name.into(), version: version.into() });
        }
        for one in items("stemcells") {
            let (name, version) = self.part(one)?;
            summary.stemcells.push(StemcellRef { name: name.into(), version: version.into() });
        }
        let manifest = match node.get("manifest") {
            None => Manifest::absent(),
            Some(_) => Manifest::from_text(self.text(node, "manifest")?),
        };
        Ok(DeploymentHandle::of_parts(summary, manifest, self.index(index)?))
    }

    fn part(&self, node: Node<'_>) -> Result<(String, String), ScriptProblem> {
        self.keys(node, &["name", "version"])?;
        Ok((self.text(node, "name")?, self.text(node, "version")?))
    }

    fn index(&self, node: Option<Node<'_>>) -> Result<Index, ScriptProblem> {
        let mut index = Index::default();
        for entry in node.into_iter().flat_map(Node::entries) {
            self.keys(entry.value, &["service", "plan"])?;
            let (service, plan) = (self.text(entry.value, "service")?, self.text(entry.value, "plan")?);
            index = fixtures::with_entry(&index, entry.key(), &service, &plan);
        }
        Ok(index)
    }

    fn catalog(&self, node: Node<'_>) -> Result<CatalogHandle, ScriptProblem> {
        let services = node.entries().map(|entry| {
            let plans = entry.value.items().filter_map(Node::as_str).map(str::to_owned).collect();
            (entry.key().to_owned(), plans)
        });
        let catalog = fixtures::catalog(services).map_err(|error| self.wrong(Some(node), error))?;
        Ok(CatalogHandle::new(Arc::new(catalog)))
    }

    fn expected(&self, node: Node<'_>) -> Result<Expected, ScriptProblem> {
        const KINDS: [&str; 4] = ["abstain", "propose", "veto", "fail"];
        self.keys(node, &KINDS)?;
        let mut entries = node.entries();
        let (Some(entry), None) = (entries.next(), entries.next()) else {
            return Err(self.wrong(Some(node), format!("exactly one of {} is expected", KINDS.join(", "))));
        };
        Ok(match entry.key() {
            "propose" if entry.value.kind() == NodeKind::Sequence => {
                Expected::Propose(entry.value.items().map(|one| self.named(one)).collect::<Result<_, _>>()?)
            }
            "propose" => Expected::Propose(vec![self.named(entry.value)?]),
            "veto" => Expected::Veto(self.named(entry.value)?),
            "fail" => Expected::Fail(self.text(node, "fail")?),
            _ => Expected::Abstain(self.text(node, "abstain")?),
        })
    }

    fn named(&self, node: Node<'_>) -> Result<Named, ScriptProblem> {
        self.keys(node, &["instance", "plan", "confidence", "reason"])?;
        let confidence = match node.get("confidence") {
            None => None,
            Some(value) => {
                let read = value.as_str().and_then(|text| text.parse().ok());
                Some(read.ok_or_else(|| self.wrong(Some(value), "is no confidence, such as 0.85"))?)
            }
        };
        let reason = node.get("reason").and_then(Node::as_str).map(str::to_owned);
        Ok(Named {
            instance: self.text(node, "instance")?,
            plan: self.text(node, "plan")?,
            confidence,
            reason,
        })
    }
}
