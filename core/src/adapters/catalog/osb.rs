//! A catalog in the form of the Open Service Broker API's `/v2/catalog`.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::super::source_file::read_text;
use super::SourceError;
use crate::manifest::Location;
use crate::model::{Plan, PlanId, Service, ServiceId};

#[derive(Deserialize)]
struct OsbCatalog {
    services: Vec<OsbService>,
}

#[derive(Deserialize)]
struct OsbService {
    id: ServiceId,
    name: Arc<str>,
    #[serde(default)]
    plans: Vec<OsbPlan>,
}

#[derive(Deserialize)]
struct OsbPlan {
    id: PlanId,
    name: Arc<str>,
}

impl From<OsbCatalog> for Vec<Service> {
    fn from(catalog: OsbCatalog) -> Self {
        catalog.services.into_iter().map(Service::from).collect()
    }
}

impl From<OsbService> for Service {
    fn from(service: OsbService) -> Self {
        let id = service.id;
        let plans = service
            .plans
            .into_iter()
            // The broker announces ids that begin with the service's already.
            .map(|plan| Plan { id: plan.id, name: plan.name, service: id.clone(), topology: None })
            .collect();
        Self { id, name: service.name, plans }
    }
}

/// Reads the body of a broker's answer.
///
/// # Errors
/// If it is not JSON of that form.
pub fn parse(body: &[u8]) -> Result<Vec<Service>, serde_json::Error> {
    serde_json::from_slice::<OsbCatalog>(body).map(Into::into)
}

pub(super) fn read_file(path: &Path) -> Result<Vec<Service>, SourceError> {
    let text = read_text(path)?;
    // A YAML reader takes JSON too, but says less about where it is broken.
    if text.trim_start().starts_with('{') {
        return parse(text.as_bytes()).map_err(|error| {
            SourceError::json(path, &error)
                .advise("it should look like the broker's answer to GET /v2/catalog")
        });
    }
    serde_yaml::from_str::<OsbCatalog>(&text).map(Into::into).map_err(|error| {
        let at = error.location().map(|place| Location {
            line: u32::try_from(place.line()).unwrap_or(u32::MAX),
            column: u32::try_from(place.column()).unwrap_or(u32::MAX),
        });
        SourceError::new(path, "is no catalog")
            .at(at)
            .advise("it should look like the broker's answer to GET /v2/catalog: services, each with id, name and plans")
    })
}
