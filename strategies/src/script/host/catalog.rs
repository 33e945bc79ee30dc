//! The catalog: services and plans, by their ids.

use std::sync::Arc;

use reconciler_core::model::{Catalog, Plan, Service};
use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Module, NativeCallContext};

use super::{function, property};
use crate::script::call::{charge, read};
use crate::script::failure::refuse;
use crate::script::limits::Limits;

/// A catalog as scripts hold it.
#[derive(Debug, Clone)]
pub(in crate::script) struct CatalogHandle(pub(super) Arc<Catalog>);

/// A plan as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct PlanHandle(pub(super) Plan);

/// A service as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ServiceHandle {
    id: ImmutableString,
    name: ImmutableString,
    catalog: Arc<Catalog>,
}

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

impl CatalogHandle {
    pub(in crate::script) fn new(catalog: Arc<Catalog>) -> Self {
        Self(catalog)
    }

    fn service(&self, service: &Service) -> ServiceHandle {
        ServiceHandle {
            id: service.id.as_str().into(),
            name: service.name.as_ref().into(),
            catalog: Arc::clone(&self.0),
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
            one.0.plan(id).map_or(Dynamic::UNIT, plan)
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
            let found = std::iter::once(text).chain(shorter).find_map(|text| one.0.plan(text));
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
            listed(&cx, one.0.plan_count())?;
            Ok(one.0.plans().map(plan).collect())
        },
    );
    function(
        module,
        "service",
        &["catalog: Catalog", "id: String", "?"],
        "The service of exactly that id, or `()`.",
        |cx: Context<'_>, one: &mut CatalogHandle, id: &str| -> Outcome<Dynamic> {
            read(&cx, format!("catalog.service(\"{id}\")"));
            charge(&cx, one.0.services().len(), Limits::STANDARD.work)?;
            let found = one.0.service(id);
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
            listed(&cx, one.0.services().len())?;
            Ok(one.0.services().iter().map(|found| Dynamic::from(one.service(found))).collect())
        },
    );
    register_parts(module);
}

fn register_parts(module: &mut Module) {
    property(module, "Plan", "id", "String", "The plan's id.", |one: &mut PlanHandle| {
        ImmutableString::from(one.0.id.as_str())
    });
    property(module, "Plan", "name", "String", "The plan's bare name.", |one: &mut PlanHandle| {
        ImmutableString::from(one.0.name.as_ref())
    });
    property(module, "Plan", "service", "String", "The id of its service.", |one: &mut PlanHandle| {
        ImmutableString::from(one.0.service.as_str())
    });
    property(module, "Service", "id", "String", "The service's id.", |one: &mut ServiceHandle| {
        one.id.clone()
    });
    property(module, "Service", "name", "String", "The service's name.", |one: &mut ServiceHandle| {
        one.name.clone()
    });
    property(
        module,
        "Service",
        "plans",
        "Array",
        "The service's plans, in the broker's order.",
        |cx: Context<'_>, one: &mut ServiceHandle| -> Outcome<Array> {
            read(&cx, "service.plans");
            let plans = one.catalog.service(&one.id).map_or(&[][..], |service| &service.plans);
            listed(&cx, plans.len())?;
            Ok(plans.iter().map(plan).collect())
        },
    );
}
