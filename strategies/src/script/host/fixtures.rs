//! Deployments and catalogs for the tests of scripts.

use std::sync::Arc;

use reconciler_core::manifest::Manifest;
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, Index, InstanceId, JsonObject, Plan, PlanId, ReleaseRef,
    Service, ServiceId, StemcellRef,
};
use rhai::{Array, EvalAltResult, Map, Module, NativeCallContext, Position};

use super::catalog::CatalogHandle;
use super::deployment::{Beside, DeploymentHandle, Subject};
use super::function;
use crate::script::failure::refuse;

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

fn wrong(at: Position, message: impl std::fmt::Display, help: &str) -> Box<EvalAltResult> {
    refuse(at, "script.fixture", message.to_string(), Some(help))
}

/// The catalog of these services, each with the ids of its plans.
pub(in crate::script) fn catalog(
    services: impl IntoIterator<Item = (String, Vec<String>)>,
) -> Result<Catalog, String> {
    let mut made = Vec::new();
    for (service, plans) in services {
        let id = ServiceId::new(&service).map_err(|error| error.to_string())?;
        let plans = plans.into_iter().map(|plan| {
            let name = plan.strip_prefix(&format!("{service}-")).unwrap_or(&plan).into();
            let id = PlanId::new(&plan).map_err(|error| error.to_string())?;
            Ok(Plan {
                id,
                name,
                service: ServiceId::new(&service).map_err(|e| e.to_string())?,
                topology: None,
            })
        });
        let plans = plans.collect::<Result<Vec<_>, String>>()?;
        made.push(Service { name: id.as_str().into(), id, plans });
    }
    if made.iter().all(|service| service.plans.is_empty()) {
        return Err("the catalog holds no plan".to_owned());
    }
    Catalog::new(made).map_err(|error| error.to_string())
}

/// An index with one more entry, in the broker's form.
pub(in crate::script) fn with_entry(
    index: &Index,
    instance: &str,
    service: &str,
    plan: &str,
) -> Result<Index, String> {
    let ids = [InstanceId::new(instance).err(), ServiceId::new(service).err(), PlanId::new(plan).err()];
    // What is none would be in the index, and seen by nobody.
    if let Some(error) = ids.into_iter().flatten().next() {
        return Err(error.to_string());
    }
    let mut members = index.others().clone();
    for entry in index.entries() {
        members.set_value(entry.instance.as_str(), &entry.fields);
    }
    let mut fields = JsonObject::new();
    fields.set_value("service_id", &service);
    fields.set_value("plan_id", &plan);
    members.set_value(instance, &fields);
    Ok(Index::from_object(&members))
}

/// A manifest that can be read: of another one nothing would be seen.
pub(in crate::script) fn manifest(text: &str) -> Result<Manifest, String> {
    let manifest = Manifest::from_text(text);
    let fault = manifest.faults().next().map(|fault| format!("the manifest cannot be read: {fault}"));
    fault.map_or(Ok(manifest), Err)
}

/// A deployment of which only the name is known.
pub(in crate::script) fn deployment(name: &str) -> Result<DeploymentSummary, String> {
    DeploymentName::new(name).map(DeploymentSummary::named).map_err(|error| error.to_string())
}

impl DeploymentHandle {
    /// A handle made of its parts, for tests and cases.
    pub(in crate::script) fn of_parts(summary: DeploymentSummary, manifest: Manifest, index: Index) -> Self {
        Self(Arc::new(Subject {
            summary: Arc::new(summary),
            manifest,
            beside: Beside::Test(Arc::new(index)),
        }))
    }

    fn changed(&self, change: impl FnOnce(&mut Subject)) -> Self {
        let mut subject = Subject::clone(&self.0);
        change(&mut subject);
        Self(Arc::new(subject))
    }
}

pub(super) fn register(module: &mut Module) {
    function(
        module,
        "a_deployment",
        &["name: String", "Deployment"],
        "In tests: a deployment of that name, without anything else.",
        |cx: Context<'_>, name: &str| -> Outcome<DeploymentHandle> {
            let summary = deployment(name)
                .map_err(|error| wrong(cx.call_position(), error, "give a name the Director would take"))?;
            Ok(DeploymentHandle::of_parts(summary, Manifest::absent(), Index::default()))
        },
    );
    function(
        module,
        "with_manifest",
        &["deployment: Deployment", "yaml: String", "Deployment"],
        "In tests: the same deployment with this manifest.",
        |cx: Context<'_>, one: &mut DeploymentHandle, yaml: &str| -> Outcome<DeploymentHandle> {
            let help = "write it as the Director would send it";
            let manifest = manifest(yaml).map_err(|error| wrong(cx.call_position(), error, help))?;
            Ok(one.changed(|subject| subject.manifest = manifest))
        },
    );
    function(
        module,
        "with_release",
        &["deployment: Deployment", "name: String", "version: String", "Deployment"],
        "In tests: the same deployment with one more release.",
        |one: &mut DeploymentHandle, name: &str, version: &str| {
            let release = ReleaseRef { name: name.into(), version: version.into() };
            one.changed(|subject| Arc::make_mut(&mut subject.summary).releases.push(release))
        },
    );
    function(
        module,
        "with_stemcell",
        &["deployment: Deployment", "name: String", "version: String", "Deployment"],
        "In tests: the same deployment with one more stemcell.",
        |one: &mut DeploymentHandle, name: &str, version: &str| {
            let stemcell = StemcellRef { name: name.into(), version: version.into() };
            one.changed(|subject| Arc::make_mut(&mut subject.summary).stemcells.push(stemcell))
        },
    );
    function(
        module,
        "with_team",
        &["deployment: Deployment", "team: String", "Deployment"],
        "In tests: the same deployment with one more team.",
        |one: &mut DeploymentHandle, team: &str| {
            one.changed(|subject| Arc::make_mut(&mut subject.summary).teams.push(team.into()))
        },
    );
    function(
        module,
        "with_record",
        &["deployment: Deployment", "instance: String", "service: String", "plan: String", "Deployment"],
        "In tests: the same deployment, and one more record in the index.",
        |cx: Context<'_>,
         one: &mut DeploymentHandle,
         instance: &str,
         service: &str,
         plan: &str|
         -> Outcome<DeploymentHandle> {
            let help = "name an instance, a service and a plan by their ids";
            let index = with_entry(one.0.index(), instance, service, plan)
                .map_err(|error| wrong(cx.call_position(), error, help))?;
            Ok(one.changed(|subject| subject.beside = Beside::Test(Arc::new(index))))
        },
    );
    function(
        module,
        "a_catalog",
        &["services: Map", "Catalog"],
        "In tests: a catalog, such as #{ redis: [\"redis-small\", \"redis-large\"] }.",
        |cx: Context<'_>, services: Map| -> Outcome<CatalogHandle> {
            let help = "write #{ redis: [\"redis-small\"] }";
            let services = services.into_iter().map(|(service, plans)| {
                let plans = plans
                    .try_cast::<Array>()
                    .ok_or_else(|| wrong(cx.call_position(), "plans are a list", help))?;
                let plans = plans.into_iter().map(|plan| plan.into_string());
                let plans = plans
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|kind| wrong(cx.call_position(), format!("a `{kind}` is no plan's id"), help))?;
                Ok((service.to_string(), plans))
            });
            let services = services.collect::<Outcome<Vec<_>>>()?;
            let catalog = catalog(services).map_err(|error| wrong(cx.call_position(), error, help))?;
            Ok(CatalogHandle::of(catalog))
        },
    );
}
