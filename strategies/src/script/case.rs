//! Cases beside a script: a deployment, a catalog, and the opinion that is
//! expected, one YAML file each.

use std::path::Path;
use std::sync::Arc;

use reconciler_core::manifest::{Document, Limits, Location, Manifest, Node, NodeKind};
use reconciler_core::matching::Confidence;
use reconciler_core::model::{Catalog, Index, ReleaseRef, StemcellRef};

use super::files;
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
pub(super) fn in_folder(folder: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let ends = |ending: &str| path.extension().is_some_and(|this| this.eq_ignore_ascii_case(ending));
        if ends("yml") || ends("yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A case's text. It may hold a manifest, and no more than one.
pub(super) fn text(path: &Path) -> std::io::Result<String> {
    let most = Limits::STANDARD.bytes;
    let bytes = files::read_at_most(path, most)?;
    if bytes.len() > most {
        return Err(std::io::Error::other(format!("it has more than {most} bytes")));
    }
    files::text(bytes).ok_or_else(|| std::io::Error::other("it is not UTF-8"))
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
    let catalog = reader.catalog(reader.required(root, "catalog")?)?;
    let index = reader.index(root.get("index"), &catalog)?;
    Ok(Case {
        deployment: reader.deployment(reader.required(root, "deployment")?, index)?,
        catalog: CatalogHandle::of(catalog),
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
        self.as_text(self.required(node, key)?, key)
    }

    fn as_text(&self, value: Node<'_>, what: &str) -> Result<String, ScriptProblem> {
        let text = value.as_str().filter(|_| !value.is_null()).map(str::to_owned);
        text.ok_or_else(|| self.wrong(Some(value), format!("`{what}` is no text")))
    }

    /// The items of a list; none if the key is not there.
    fn items<'m>(&self, node: Node<'m>, key: &str) -> Result<Vec<Node<'m>>, ScriptProblem> {
        node.get(key).map_or(Ok(Vec::new()), |value| self.as_items(value, key))
    }

    fn as_items<'m>(&self, value: Node<'m>, what: &str) -> Result<Vec<Node<'m>>, ScriptProblem> {
        match value.kind() {
            NodeKind::Sequence => Ok(value.items().collect()),
            _ => Err(self.wrong(Some(value), format!("`{what}` is no list"))),
        }
    }

    /// Refuses what is no mapping, whatever its keys are.
    fn mapping(&self, value: Node<'_>, what: &str) -> Result<(), ScriptProblem> {
        match value.kind() {
            NodeKind::Mapping => Ok(()),
            _ => Err(self.wrong(Some(value), format!("`{what}` is no mapping"))),
        }
    }

    fn deployment(&self, node: Node<'_>, index: Index) -> Result<DeploymentHandle, ScriptProblem> {
        self.keys(node, &["name", "teams", "releases", "stemcells", "manifest"])?;
        let name = self.text(node, "name")?;
        let mut summary = fixtures::deployment(&name).map_err(|error| self.wrong(Some(node), error))?;
        for one in self.items(node, "teams")? {
            summary.teams.push(self.as_text(one, "teams")?.into());
        }
        for one in self.items(node, "releases")? {
            let (name, version) = self.part(one)?;
            summary.releases.push(ReleaseRef { name: name.into(), version: version.into() });
        }
        for one in self.items(node, "stemcells")? {
            let (name, version) = self.part(one)?;
            summary.stemcells.push(StemcellRef { name: name.into(), version: version.into() });
        }
        let manifest = match node.get("manifest") {
            None => Manifest::absent(),
            Some(value) => fixtures::manifest(&self.as_text(value, "manifest")?)
                .map_err(|error| self.wrong(Some(value), error))?,
        };
        Ok(DeploymentHandle::of_parts(summary, manifest, index))
    }

    fn part(&self, node: Node<'_>) -> Result<(String, String), ScriptProblem> {
        self.keys(node, &["name", "version"])?;
        Ok((self.text(node, "name")?, self.text(node, "version")?))
    }

    fn index(&self, node: Option<Node<'_>>, catalog: &Catalog) -> Result<Index, ScriptProblem> {
        let mut index = Index::default();
        let Some(node) = node else { return Ok(index) };
        self.mapping(node, "index")?;
        for entry in node.entries() {
            self.keys(entry.value, &["service", "plan"])?;
            let (service, plan) = (self.text(entry.value, "service")?, self.text(entry.value, "plan")?);
            if catalog.service(&service).is_none() {
                let message = format!("the catalog has no service `{}`", service.escape_debug());
                let problem = self.wrong(entry.value.get("service"), message);
                return Err(problem.help("add it to `catalog`; its plans may be others than this one"));
            }
            index = fixtures::with_entry(&index, entry.key(), &service, &plan)
                .map_err(|error| self.wrong(Some(entry.value), error))?;
        }
        Ok(index)
    }

    fn catalog(&self, node: Node<'_>) -> Result<Catalog, ScriptProblem> {
        self.mapping(node, "catalog")?;
        let mut services = Vec::new();
        for entry in node.entries() {
            let plans = self.as_items(entry.value, entry.key())?.into_iter();
            let plans = plans.map(|plan| self.as_text(plan, entry.key())).collect::<Result<_, _>>()?;
            services.push((entry.key().to_owned(), plans));
        }
        fixtures::catalog(services).map_err(|error| self.wrong(Some(node), error))
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
                if entry.value.is_empty() {
                    let problem = self.wrong(Some(entry.value), "`propose` names no identity");
                    return Err(problem.help("write `abstain: words of the reason` if nothing is proposed"));
                }
                Expected::Propose(entry.value.items().map(|one| self.named(one)).collect::<Result<_, _>>()?)
            }
            "propose" => Expected::Propose(vec![self.named(entry.value)?]),
            "veto" => Expected::Veto(self.vetoed(entry.value)?),
            "fail" => Expected::Fail(self.text(node, "fail")?),
            _ => Expected::Abstain(self.text(node, "abstain")?),
        })
    }

    fn vetoed(&self, node: Node<'_>) -> Result<Named, ScriptProblem> {
        let named = self.named(node)?;
        match node.get("confidence") {
            Some(value) => Err(self.wrong(Some(value), "a veto has no confidence")),
            None => Ok(named),
        }
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
        let reason = node.get("reason").map(|value| self.as_text(value, "reason")).transpose()?;
        Ok(Named {
            instance: self.text(node, "instance")?,
            plan: self.text(node, "plan")?,
            confidence,
            reason,
        })
    }
}
