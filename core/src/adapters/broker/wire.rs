//! From the broker's JSON to a catalog.

use std::sync::Arc;

use serde::Deserialize;

use crate::adapters::http::Bytes;
use crate::model::{Catalog, Plan, PlanId, Service, ServiceId};

/// Unknown fields are the broker's own business.
#[derive(Deserialize)]
struct WireCatalog {
    services: Vec<WireService>,
}

#[derive(Deserialize)]
struct WireService {
    id: String,
    name: Arc<str>,
    #[serde(default)]
    plans: Vec<WirePlan>,
}

#[derive(Deserialize)]
struct WirePlan {
    id: String,
    name: Arc<str>,
}

/// Reads a catalog, or says why it is not one. A parser's message may quote the
/// answer, so only the place is told.
pub(super) fn catalog(body: &Bytes) -> Result<Catalog, String> {
    let wire: WireCatalog = serde_json::from_slice(body)
        .map_err(|e| format!("the answer is not a catalog (line {}, column {})", e.line(), e.column()))?;
    let services = wire.services.into_iter().map(service).collect::<Result<_, _>>()?;
    Catalog::new(services).map_err(|e| e.to_string())
}

fn service(wire: WireService) -> Result<Service, String> {
    let id = ServiceId::new(&wire.id).map_err(|e| e.to_string())?;
    let plans = wire
        .plans
        .into_iter()
        .map(|plan| {
            Ok(Plan {
                id: PlanId::new(&plan.id).map_err(|e| e.to_string())?,
                name: plan.name,
                service: id.clone(),
                // The API says what is offered, not what is deployed.
                topology: None,
            })
        })
        .collect::<Result<_, String>>()?;
    Ok(Service { id, name: wire.name, plans })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Catalog, String> {
        catalog(&Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn plan_ids_are_taken_as_they_are_and_unknown_fields_are_ignored() {
        let catalog = read(
            r#"{"services":[{"id":"redis","name":"Redis","bindable":true,"tags":["kv"],
                "plans":[{"id":"redis-small","name":"small","free":true}]}],"more":1}"#,
        )
        .unwrap();
        let plan = catalog.plan("redis-small").unwrap();
        assert_eq!((plan.name.as_ref(), plan.service.as_str()), ("small", "redis"));
    }

    #[test]
    fn what_is_no_usable_catalog_says_why() {
        for (text, why) in [
            ("<html>MARKER", "not a catalog"),
            (r#"{"services":["MARKER"]}"#, "not a catalog"),
            (r#"{"services":[]}"#, "no plan"),
            (r#"{"services":[{"id":"../a","name":"a","plans":[]}]}"#, "service id"),
        ] {
            let reason = read(text).unwrap_err();
            assert!(reason.contains(why) && !reason.contains("MARKER"), "{reason}");
        }
    }
}
