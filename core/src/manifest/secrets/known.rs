//! Names that are no secret wherever they stand: the catalog, the index and the
//! Director's list tell them openly.

use std::collections::BTreeSet;

use crate::model::recognise::plan_before;
use crate::model::{Catalog, DeploymentSummary, FleetStatistics, Index, InstanceId};

/// Who tells names openly, of one deployment. Who is not there tells none.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownNames<'a> {
    /// What the Director's list says of the deployment.
    pub deployment: Option<&'a DeploymentSummary>,
    /// The services and plans there are.
    pub catalog: Option<&'a Catalog>,
    /// The instances there are.
    pub index: Option<&'a Index>,
    /// The releases that the Director lists.
    pub fleet: Option<&'a FleetStatistics>,
    /// The keys of manifests that the rules ask for by name: who decides by them
    /// again has to find them.
    pub keys: Option<&'a BTreeSet<String>>,
}

impl KnownNames<'_> {
    /// Whether a text is the id of something: any UUID, else a service, plan or
    /// instance that somebody knows.
    pub(super) fn hold_id(self, text: &str) -> bool {
        let is_instance = InstanceId::new(text).is_ok_and(|id| {
            id.is_uuid()
                || self.index.is_some_and(|index| index.entry(&id).is_some())
                || self.deployment.is_some_and(|one| plan_before(one.name.as_str(), &id).is_some())
        });
        is_instance
            || self.catalog.is_some_and(|known| known.plan(text).is_some() || known.service(text).is_some())
            || self.index.is_some_and(|index| index.has_plan_or_service(text))
    }

    /// Whether a text is a key that the rules ask for.
    #[cfg(feature = "fleet")]
    pub(super) fn hold_key(self, text: &str) -> bool {
        self.keys.is_some_and(|keys| keys.contains(text))
    }

    /// Whether a text is the name of a release or job that somebody deploys.
    pub(super) fn hold_part(self, text: &str) -> bool {
        self.catalog.is_some_and(|catalog| catalog.deploys(text))
            || self.fleet.is_some_and(|fleet| fleet.uses(text) > 0)
    }
}
