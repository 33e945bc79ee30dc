//! Everything a strategy may look at.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::Read;
use crate::manifest::secrets::{KnownNames, Place, Visibility, visibility};
use crate::manifest::{Deployment, Document, Node};
use crate::model::{Catalog, DeploymentSummary, FleetStatistics, Index};

/// What is the same for every deployment of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Facts {
    /// The services and plans there are.
    pub catalog: Arc<Catalog>,
    /// What Vault knows already.
    pub index: Arc<Index>,
    /// How common each release is.
    pub fleet: Arc<FleetStatistics>,
}

impl Facts {
    /// Facts of a run. The statistics are of the whole fleet, not of the
    /// deployments that happen to be decided.
    #[must_use]
    pub fn new(
        catalog: impl Into<Arc<Catalog>>,
        index: impl Into<Arc<Index>>,
        fleet: impl Into<Arc<FleetStatistics>>,
    ) -> Self {
        Self { catalog: catalog.into(), index: index.into(), fleet: fleet.into() }
    }

    /// The names that are no secret in a deployment's manifest.
    #[must_use]
    pub fn known_names<'a>(&'a self, deployment: &'a DeploymentSummary) -> KnownNames<'a> {
        KnownNames {
            deployment: Some(deployment),
            catalog: Some(&self.catalog),
            index: Some(&self.index),
            fleet: Some(&self.fleet),
            keys: None,
        }
    }
}

/// One deployment, and the facts it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct MatchContext<'a> {
    deployment: &'a Deployment,
    facts: &'a Arc<Facts>,
    consulted: &'a Cell<bool>,
    reads: Option<&'a RefCell<Vec<Read>>>,
}

impl<'a> MatchContext<'a> {
    /// A context; `consulted` is set when the manifest is looked at.
    #[must_use]
    pub fn new(deployment: &'a Deployment, facts: &'a Arc<Facts>, consulted: &'a Cell<bool>) -> Self {
        Self { deployment, facts, consulted, reads: None }
    }

    /// The same context, noting what the strategy looks at if it says so.
    #[must_use]
    pub fn noting(self, reads: &'a RefCell<Vec<Read>>) -> Self {
        Self { reads: Some(reads), ..self }
    }

    /// Notes what was looked at, for the explanation.
    pub fn note_reads(&self, looked_at: impl IntoIterator<Item = Read>) {
        if let Some(reads) = self.reads {
            reads.borrow_mut().extend(looked_at);
        }
    }

    /// The deployment.
    #[must_use]
    pub fn deployment(&self) -> &'a Deployment {
        self.deployment
    }

    /// What is the same for every deployment of the run. To keep it beyond the
    /// call, clone the `Arc`: its counter is this thread's alone.
    #[must_use]
    pub fn facts(&self) -> &'a Arc<Facts> {
        self.facts
    }

    /// The deployment's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.deployment.summary.name.as_str()
    }

    /// What the Director's list says about the deployment.
    #[must_use]
    pub fn summary(&self) -> &'a DeploymentSummary {
        &self.deployment.summary
    }

    /// The manifest, parsed when the first strategy asks. One that is absent or
    /// broken is an empty document; the engine notes the difference.
    #[must_use]
    pub fn document(&self) -> &'a Document {
        self.consulted.set(true);
        self.deployment.manifest.document()
    }

    /// Whether a strategy may show what the manifest says below these keys, in its
    /// words or as an id. What an alias brings from elsewhere may be a secret.
    #[must_use]
    pub fn may_show(&self, node: Node<'_>, keys: &[&str]) -> bool {
        let known = self.facts.known_names(&self.deployment.summary);
        visibility(node, Place::below(keys), known) == Visibility::Public
    }

    /// The catalog.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        &self.facts.catalog
    }

    /// What Vault knows already.
    #[must_use]
    pub fn index(&self) -> &'a Index {
        &self.facts.index
    }

    /// How common each release is in the fleet.
    #[must_use]
    pub fn fleet(&self) -> &'a FleetStatistics {
        &self.facts.fleet
    }
}
