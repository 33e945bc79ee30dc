//! Forge folders: a folder a service, in it `service.yml` and a folder a plan.
//! The rules for ids and order are Blacksmith's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::source_file::{folder_entries, read_text, read_yaml};
use super::SourceError;
use crate::manifest::{Document, topology};
use crate::model::{Plan, PlanId, PlanNotice, Service, ServiceId, Topology};

/// Which file gave which id, so that an id that stands twice is found with both
/// of its files; and what is odd about plans.
#[derive(Default)]
struct Sources {
    services: HashMap<ServiceId, PathBuf>,
    plans: HashMap<PlanId, PathBuf>,
    notices: Vec<PlanNotice>,
}

/// Notes where an id stands; an error if it stands elsewhere too.
fn note<I: std::hash::Hash + Eq + std::fmt::Display + Clone>(
    seen: &mut HashMap<I, PathBuf>,
    kind: &str,
    id: &I,
    file: &Path,
) -> Result<(), SourceError> {
    match seen.insert(id.clone(), file.to_owned()) {
        None => Ok(()),
        Some(first) => Err(SourceError::new(
            file,
            format!("{kind} id `{id}` occurs twice: it stands in {} too", first.display()),
        )
        .advise(format!(
            "give each {kind} an id of its own; the broker puts a service's id before its plans'"
        ))),
    }
}

/// Reads the services of a folder, or the one service that the folder is.
pub(super) fn read(folder: &Path) -> Result<(Vec<Service>, Vec<PlanNotice>), SourceError> {
    let mut sources = Sources::default();
    if folder.join("service.yml").is_file() {
        let service = service(folder, &mut sources)?;
        return Ok((vec![service], sources.notices));
    }
    let services = folder_entries(folder)?
        .iter()
        .filter(|entry| entry.join("service.yml").is_file())
        .map(|entry| service(entry, &mut sources))
        .collect::<Result<Vec<_>, _>>()?;
    if services.is_empty() {
        return Err(SourceError::new(folder, "holds no folder with a service.yml").advise(
            "name the folder that holds the services' folders, or a file with the broker's /v2/catalog",
        ));
    }
    Ok((services, sources.notices))
}

fn service(folder: &Path, sources: &mut Sources) -> Result<Service, SourceError> {
    let file = folder.join("service.yml");
    let (id, name) = id_and_name(&file, &read_yaml(&file)?)?;
    let id = ServiceId::new(&id).map_err(|error| SourceError::new(&file, error.to_string()))?;
    note(&mut sources.services, "service", &id, &file)?;
    let plans = folder_entries(folder)?
        .iter()
        .filter(|entry| entry.is_dir())
        .map(|entry| plan(entry, &id, sources))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Service { id, name, plans })
}

fn plan(folder: &Path, service: &ServiceId, sources: &mut Sources) -> Result<Plan, SourceError> {
    let file = folder.join("plan.yml");
    let (own_id, name) = id_and_name(&file, &read_yaml(&file)?)?;
    // The broker puts the service's id in front of what the file says.
    let id = PlanId::new(format!("{service}-{own_id}"))
        .map_err(|error| SourceError::new(&file, error.to_string()))?;
    note(&mut sources.plans, "plan", &id, &file)?;
    let topology = plan_topology(folder, &id, &mut sources.notices)?;
    Ok(Plan { id, name, service: service.clone(), topology })
}

/// The plan's own manifest, which may be a template that is not yet YAML as a
/// whole: what cannot be parsed tells nothing about the plan, and the plan
/// stands without it. That is told, because nothing is matched by it then.
fn plan_topology(
    folder: &Path,
    plan: &PlanId,
    notices: &mut Vec<PlanNotice>,
) -> Result<Option<Topology>, SourceError> {
    let file = folder.join("manifest.yml");
    if !file.is_file() {
        return Ok(None);
    }
    let document = Document::parse(&read_text(&file)?);
    if let Some(fault) = document.faults().next() {
        let message = format!(
            "{}: {fault}; nothing is matched by releases and jobs of the plan, unless they stand before",
            file.display()
        );
        notices.push(PlanNotice { plan: plan.clone(), message });
    }
    let topology = topology::of(&document);
    Ok((!topology.is_empty()).then_some(topology))
}

/// Id and name, each of which stands in for the other.
fn id_and_name(file: &Path, document: &Document) -> Result<(String, Arc<str>), SourceError> {
    let text =
        |key: &str| document.path(&[key]).and_then(|node| node.as_str()).filter(|text| !text.is_empty());
    match (text("id"), text("name")) {
        (Some(id), Some(name)) => Ok((id.to_owned(), name.into())),
        (Some(one), None) | (None, Some(one)) => Ok((one.to_owned(), one.into())),
        (None, None) => Err(SourceError::new(file, "has neither `id` nor `name`").advise("give it an id")),
    }
}
