//! The catalog: services and plans, by their ids.

use std::sync::Arc;

use reconciler_core::matching::Facts;
use reconciler_core::model::{Catalog, FleetStatistics, Index, Plan, Service};
use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Module, NativeCallContext};

use super::parts::text;
use super::{function, property};
use crate::script::call::{charge, read};
use crate::script::failure::refuse;
use crate::script::limits::Limits;

/// A catalog as scripts hold it.
#[derive(Debug, Clone)]
pub(in crate::script) struct CatalogHandle(Arc<Facts>);

/// A plan as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct PlanHandle(pub(super) Plan);

/// A service as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ServiceHandle {
    id: ImmutableString,
    name: ImmutableString,
    catalog: CatalogHandle,
}

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

impl CatalogHandle {
    pub(in crate::script) fn new(facts: &Arc<Facts>) -> Self {
        Self(Arc::clone(facts))
    }

    /// A catalog by itself, for tests and cases.
    pub(in crate::script) fn of(catalog: Catalog) -> Self {
        Self(Arc::new(Facts::new(catalog, Index::default(), FleetStatistics::default())))
    }

    fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    fn service(&self, service: &Service) -> ServiceHandle {
        ServiceHandle {
            id: service.id.as_str().into(),
            name: service.name.as_ref().into(),
            catalog: self.clone(),
        }
    }
}

fn plan(found: &Plan) -> Dynamic {
    // Scripts do not look at a plan's own manifest, which may be large.
    Dynamic::from(PlanHandle(Plan {
        id: found.id.clone(),
        name: Arc::clone(&found.name),
        service: found.service.clone(),
        topology: None,
    }))
}

/// A list that a script may hold.
fn listed(cx: &Context<'_>, found: usize) -> Outcome<()> {
    charge(cx, found * 64, Limits::STANDARD.work)?;
    if found > Limits::STANDARD.list {
        let message = format!("there are {found} of them, more than fit a list");
        return Err(refuse(cx.call_position(), "script.limit.size", message, Some("ask for one by its id")));
    }
    Ok(())
}

pub(super) fn register(module: &mut Module) {
    module
        .set_custom_type::<CatalogHandle>("Catalog")
        .set_custom_type::<PlanHandle>("Plan")
        .set_custom_type::<ServiceHandle>("Service");
    function(
        module,
        "plan",
        &["catalog: Catalog", "id: String", "?"],
        "The plan of exactly that id, or `()`.",
        |cx: Context<'_>, one: &mut CatalogHandle, id: &str| -> Dynamic {
            read(&cx, format!("catalog.plan(\"{id}\")"));
            one.catalog().plan(id).map_or(Dynamic::UNIT, plan)
        },
    );
    function(
        module,
        "longest_prefix",
        &["catalog: Catalog", "text: String", "?"],
        "The plan with the longest id that the text begins with, a hyphen or nothing behind it, or `()`.",
        |cx: Context<'_>, one: &mut CatalogHandle, text: &str| -> Outcome<Dynamic> {
            read(&cx, format!("catalog.longest_prefix(\"{text}\")"));
            // Every text that ends before a hyphen is looked up.
            charge(&cx, text.len() * (1 + text.matches('-').count()), Limits::STANDARD.work)?;
            let shorter = text.rmatch_indices('-').map(|(at, _)| &text[..at]);
            let found = std::iter::once(text).chain(shorter).find_map(|text| one.catalog().plan(text));
            Ok(found.map_or(Dynamic::UNIT, plan))
        },
    );
    property(
        module,
        "Catalog",
        "plans",
        "Array",
        "All plans, in the broker's order.",
        |cx: Context<'_>, one: &mut CatalogHandle| -> Outcome<Array> {
            read(&cx, "catalog.plans");
            listed(&cx, one.catalog().plan_count())?;
            Ok(one.catalog().plans().map(plan).collect())
        },
    );
    function(
        module,
        "service",
        &["catalog: Catalog", "id: String", "?"],
        "The service of exactly that id, or `()`.",
        |cx: Context<'_>, one: &mut CatalogHandle, id: &str| -> Outcome<Dynamic> {
            read(&cx, format!("catalog.service(\"{id}\")"));
            charge(&cx, one.catalog().services().len(), Limits::STANDARD.work)?;
            let found = one.catalog().service(id);
            Ok(found.map_or(Dynamic::UNIT, |found| Dynamic::from(one.service(found))))
        },
    );
    property(
        module,
        "Catalog",
        "services",
        "Array",
        "All services, in the broker's order.",
        |cx: Context<'_>, one: &mut CatalogHandle| -> Outcome<Array> {
            read(&cx, "catalog.services");
            listed(&cx, one.catalog().services().len())?;
            Ok(one.catalog().services().iter().map(|found| Dynamic::from(one.service(found))).collect())
        },
    );
    register_parts(module);
}

fn register_parts(module: &mut Module) {
    text(module, "plan.id", "The plan's id.", |one: &PlanHandle| one.0.id.as_str());
    text(module, "plan.name", "The plan's bare name.", |one: &PlanHandle| &one.0.name);
    text(module, "plan.service", "The id of its service.", |one: &PlanHandle| one.0.service.as_str());
    text(module, "service.id", "The service's id.", |one: &ServiceHandle| &one.id);
    text(module, "service.name", "The service's name.", |one: &ServiceHandle| &one.name);
    property(
        module,
        "Service",
        "plans",
        "Array",
        "The service's plans, in the broker's order.",
        |cx: Context<'_>, one: &mut ServiceHandle| -> Outcome<Array> {
            read(&cx, format!("catalog.service(\"{}\").plans", one.id));
            let plans = one.catalog.catalog().service(&one.id).map_or(&[][..], |service| &service.plans);
            listed(&cx, plans.len())?;
            Ok(plans.iter().map(plan).collect())
        },
    );
}
