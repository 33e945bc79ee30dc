//! The deployment a script looks at.

use std::sync::Arc;

use reconciler_core::manifest::secrets::{KnownNames, Place, visibility};
use reconciler_core::manifest::{Deployment, Document, Manifest, Node, REDACTED, Visibility, topology};
use reconciler_core::matching::Facts;
use reconciler_core::model::recognise::{split_trailing_uuid, uuids};
use reconciler_core::model::{DeploymentSummary, Index};
use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Module, NativeCallContext};

use super::manifest::ManifestHandle;
use super::parts::{JobHandle, RecordHandle, ReleaseHandle, StemcellHandle};
use super::{function, property};
use crate::script::call::{apart, charge, consult, read};
use crate::script::limits::Limits;

/// What separates the words of a name.
const SEPARATORS: [char; 4] = ['-', '_', '.', '+'];
/// More entries of the index than this do not come back at once.
const MOST_RECORDS: usize = 16;
/// What a part of a manifest counts as, in bytes looked at.
const A_PART: usize = 64;

/// A deployment as scripts hold it: read-only, copied freely.
#[derive(Debug, Clone)]
pub(in crate::script) struct DeploymentHandle(pub(super) Arc<Subject>);

/// What there is to see of a deployment.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) summary: Arc<DeploymentSummary>,
    pub(super) manifest: Manifest,
    pub(super) beside: Beside,
}

/// What is known beside a deployment.
#[derive(Debug, Clone)]
pub(super) enum Beside {
    /// Everything a run knows.
    Run(Arc<Facts>),
    /// What a script's own test says.
    Test(Arc<Index>),
}

impl Subject {
    /// The manifest. The first look parses it, which is not the script's doing.
    pub(super) fn document(&self) -> &Document {
        consult();
        apart(|| self.manifest.document())
    }

    fn known_names(&self) -> KnownNames<'_> {
        match &self.beside {
            Beside::Run(facts) => facts.known_names(&self.summary),
            Beside::Test(index) => {
                KnownNames { deployment: Some(&self.summary), index: Some(index), ..KnownNames::default() }
            }
        }
    }

    /// What Vault knows.
    pub(super) fn index(&self) -> &Index {
        match &self.beside {
            Beside::Run(facts) => &facts.index,
            Beside::Test(index) => index,
        }
    }

    /// The node, unless it is secret.
    pub(super) fn public<'m>(&self, node: Node<'m>, place: Place) -> Option<Node<'m>> {
        (visibility(node, place, self.known_names()) == Visibility::Public).then_some(node)
    }

    /// A scalar's text as it may be shown.
    pub(super) fn shown<'m>(&self, node: Node<'m>, place: Place) -> Option<&'m str> {
        let text = node.as_str().filter(|_| !node.is_null())?;
        Some(if self.public(node, place).is_some() { text } else { REDACTED })
    }
}

impl DeploymentHandle {
    pub(in crate::script) fn new(deployment: &Deployment, facts: &Arc<Facts>) -> Self {
        let Deployment { summary, manifest } = deployment.clone();
        Self(Arc::new(Subject { summary, manifest, beside: Beside::Run(Arc::clone(facts)) }))
    }

    fn name(&self) -> &str {
        self.0.summary.name.as_str()
    }
}

/// A text, or `()`.
pub(super) fn text_or_unit(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| ImmutableString::from(text).into())
}

/// A list of texts.
pub(super) fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Array {
    texts.into_iter().map(|text| ImmutableString::from(text).into()).collect()
}

type Handle = DeploymentHandle;
type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

pub(super) fn register(module: &mut Module) {
    const KIND: &str = "Deployment";
    module.set_custom_type::<DeploymentHandle>(KIND);
    property(
        module,
        KIND,
        "name",
        "String",
        "The deployment's name.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.name");
            ImmutableString::from(one.name())
        },
    );
    property(
        module,
        KIND,
        "uuid",
        "?",
        "The UUID that ends the name after a hyphen, or `()`.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.uuid");
            text_or_unit(split_trailing_uuid(one.name()).map(|(_, uuid)| uuid.text))
        },
    );
    property(
        module,
        KIND,
        "stem",
        "String",
        "What stands before the UUID that ends the name; the whole name without one.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.stem");
            ImmutableString::from(split_trailing_uuid(one.name()).map_or(one.name(), |(stem, _)| stem))
        },
    );
    property(
        module,
        KIND,
        "uuids",
        "Array",
        "Every UUID in the name, from left to right.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.uuids");
            texts(uuids(one.name()).iter().map(|uuid| uuid.text))
        },
    );
    property(
        module,
        KIND,
        "tokens",
        "Array",
        "The words of the name, separated by `-`, `_`, `.` or `+`.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.tokens");
            texts(one.name().split(SEPARATORS).filter(|word| !word.is_empty()))
        },
    );
    property(
        module,
        KIND,
        "teams",
        "Array",
        "The teams that own it.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.teams");
            texts(one.0.summary.teams.iter().map(AsRef::as_ref))
        },
    );
    register_parts(module, KIND);
    register_records(module, KIND);
}

fn register_parts(module: &mut Module, kind: &str) {
    property(
        module,
        kind,
        "releases",
        "Array",
        "The releases it uses, each with `name` and `version`.",
        |cx: Context<'_>, one: &mut Handle| -> Array {
            read(&cx, "deployment.releases");
            one.0.summary.releases.iter().map(|one| Dynamic::from(ReleaseHandle(one.clone()))).collect()
        },
    );
    function(
        module,
        "release",
        &["deployment: Deployment", "name: String", "?"],
        "The release of that name, or `()`.",
        |cx: Context<'_>, one: &mut Handle, name: &str| -> Dynamic {
            read(&cx, format!("deployment.release(\"{name}\")"));
            let found = one.0.summary.releases.iter().find(|release| &*release.name == name);
            found.map_or(Dynamic::UNIT, |found| Dynamic::from(ReleaseHandle(found.clone())))
        },
    );
    property(
        module,
        kind,
        "stemcells",
        "Array",
        "The stemcells it uses, each with `name` and `version`.",
        |cx: Context<'_>, one: &mut Handle| -> Array {
            read(&cx, "deployment.stemcells");
            one.0.summary.stemcells.iter().map(|one| Dynamic::from(StemcellHandle(one.clone()))).collect()
        },
    );
    property(
        module,
        kind,
        "groups",
        "Array",
        "The names of the manifest's instance groups.",
        |cx: Context<'_>, one: &mut Handle| -> Outcome<Array> {
            read(&cx, "deployment.groups");
            let (root, subject) = (one.0.document().root(), &one.0);
            let found = texts(["instance_groups", "jobs"].into_iter().flat_map(|key| {
                let place = Place::below(&[key]).item().key("name");
                let groups = root.and_then(|root| root.get(key)).into_iter().flat_map(Node::items);
                groups.filter_map(move |group| subject.shown(group.get("name")?, place))
            }));
            charge(&cx, found.len() * A_PART, Limits::STANDARD.work)?;
            Ok(found)
        },
    );
    property(
        module,
        kind,
        "jobs",
        "Array",
        "The manifest's jobs, each with `group`, `name` and `release`.",
        |cx: Context<'_>, one: &mut Handle| -> Outcome<Array> {
            read(&cx, "deployment.jobs");
            let jobs = topology::shown_jobs(one.0.document(), one.0.known_names());
            charge(&cx, jobs.len() * A_PART, Limits::STANDARD.work)?;
            Ok(jobs.into_iter().map(|job| Dynamic::from(JobHandle(job))).collect())
        },
    );
    property(
        module,
        kind,
        "manifest",
        "Manifest",
        "Its manifest; empty if there is none.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.manifest");
            ManifestHandle(Arc::clone(&one.0))
        },
    );
    function(
        module,
        "tag",
        &["deployment: Deployment", "name: String", "?"],
        "The manifest's tag of that name, or `()`.",
        |cx: Context<'_>, one: &mut Handle, name: &str| -> Outcome<Dynamic> {
            read(&cx, format!("deployment.tag(\"{name}\")"));
            let path = ["tags", name];
            let tags = one.0.document().path(&path[..1]);
            charge(&cx, tags.map_or(0, Node::len), Limits::STANDARD.work)?;
            let tag = tags.and_then(|tags| tags.entry(name));
            let tag = tag.filter(|tag| tag.may_be_looked_up(Place::below(&path[..1])));
            Ok(text_or_unit(tag.and_then(|tag| one.0.shown(tag.value, Place::below(&path)))))
        },
    );
}

fn register_records(module: &mut Module, kind: &str) {
    property(
        module,
        kind,
        "record",
        "?",
        "The record of the instance whose deployment would have this name, or `()`.",
        |cx: Context<'_>, one: &mut Handle| {
            read(&cx, "deployment.record");
            let mut found = one.0.index().expecting(one.name());
            found.find_map(RecordHandle::of).map_or(Dynamic::UNIT, Dynamic::from)
        },
    );
    function(
        module,
        "records_beginning",
        &["deployment: Deployment", "text: String", "Array"],
        "The records whose instance id begins with that text, at most 16; nothing for less than 4 characters.",
        |cx: Context<'_>, one: &mut Handle, text: &str| -> Array {
            read(&cx, format!("deployment.records_beginning(\"{text}\")"));
            if text.len() < 4 {
                return Array::new();
            }
            let found = one.0.index().beginning(text).filter_map(RecordHandle::of);
            found.take(MOST_RECORDS).map(Dynamic::from).collect()
        },
    );
}
