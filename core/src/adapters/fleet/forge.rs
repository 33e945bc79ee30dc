//! Lays a catalog out in files, so that the same catalog is read from them.

use serde::Serialize;
use serde_json::json;

use super::writer::folder_names;
use crate::model::{Catalog, Plan, Service, Topology};

/// A file's name in the fleet, and its text.
type FileText = (String, String);

/// The files of a catalog: folders as forges lay them out, or, where ids do not
/// allow that, the broker's answer.
///
/// # Errors
/// If neither can hold the catalog; says why.
pub(super) fn laid_out(catalog: &Catalog) -> Result<Vec<FileText>, String> {
    let plans = || catalog.services().iter().flat_map(|service| &service.plans);
    if catalog.services().iter().all(fits_forge) {
        return Ok(forge(catalog));
    }
    if let Some(plan) = plans().find(|plan| plan.topology.is_some()) {
        return Err(format!(
            "the catalog cannot be kept: it has plans that are not named after their service, and a \
             manifest for plan `{}`",
            plan.id
        ));
    }
    let services: Vec<_> = catalog
        .services()
        .iter()
        .map(|service| {
            let plans: Vec<_> =
                service.plans.iter().map(|plan| json!({"id": plan.id, "name": &*plan.name})).collect();
            json!({"id": service.id, "name": &*service.name, "plans": plans})
        })
        .collect();
    Ok(vec![("catalog.json".to_owned(), text(&json!({"services": services})))])
}

/// Whether a forge's folder says the same service: it leaves the service's id
/// out of its plans' ids, and takes an empty name for none.
fn fits_forge(service: &Service) -> bool {
    let fits = |plan: &Plan| own_id(service, plan).is_some() && !plan.name.is_empty();
    !service.name.is_empty() && service.plans.iter().all(fits)
}

/// What follows the service's id in a plan's.
fn own_id<'p>(service: &Service, plan: &'p Plan) -> Option<&'p str> {
    let rest = plan.id.as_str().strip_prefix(service.id.as_str())?.strip_prefix('-')?;
    (!rest.is_empty()).then_some(rest)
}

fn forge(catalog: &Catalog) -> Vec<FileText> {
    let mut files = Vec::new();
    let ids: Vec<&str> = catalog.services().iter().map(|service| service.id.as_str()).collect();
    for (service, folder) in catalog.services().iter().zip(folder_names(&ids)) {
        let folder = format!("catalog/{folder}");
        let own = json!({"id": service.id, "name": &*service.name});
        files.push((format!("{folder}/service.yml"), text(&own)));
        let ids: Vec<&str> = service.plans.iter().filter_map(|plan| own_id(service, plan)).collect();
        for ((plan, id), name) in service.plans.iter().zip(&ids).zip(folder_names(&ids)) {
            let folder = format!("{folder}/{name}");
            files.push((format!("{folder}/plan.yml"), text(&json!({"id": id, "name": &*plan.name}))));
            if let Some(topology) = &plan.topology {
                files.push((format!("{folder}/manifest.yml"), manifest(topology)));
            }
        }
    }
    files
}

#[derive(Serialize)]
struct ReleaseText<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
}

#[derive(Serialize)]
struct JobText<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    release: &'a str,
}

/// A manifest that deploys exactly this.
fn manifest(topology: &Topology) -> String {
    let releases: Vec<_> = topology
        .releases
        .iter()
        .map(|release| ReleaseText { name: &release.name, version: &release.version })
        .collect();
    // Jobs are sorted by their group.
    let groups: Vec<_> = topology
        .jobs
        .chunk_by(|a, b| a.group == b.group)
        .map(|jobs| {
            let group = &*jobs[0].group;
            let jobs: Vec<_> =
                jobs.iter().map(|job| JobText { name: &job.name, release: &job.release }).collect();
            if group.is_empty() { json!({"jobs": jobs}) } else { json!({"name": group, "jobs": jobs}) }
        })
        .collect();
    text(&json!({"releases": releases, "instance_groups": groups}))
}

/// YAML takes JSON, and JSON leaves no doubt what is a text.
fn text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::laid_out;
    use crate::adapters::catalog;
    use crate::manifest::{Document, topology};
    use crate::model::{Catalog, Plan, PlanId, Service, ServiceId};

    fn service(id: &str, name: &str, plans: &[(&str, &str, &str)]) -> Service {
        let service = ServiceId::new(id).unwrap();
        let plans = plans.iter().map(|(id, name, manifest)| {
            let topology = topology::of(&Document::parse(manifest));
            Plan {
                id: PlanId::new(id).unwrap(),
                name: (*name).into(),
                service: service.clone(),
                topology: (!topology.is_empty()).then_some(topology),
            }
        });
        Service { name: name.into(), plans: plans.collect(), id: service.clone() }
    }

    fn read_back(services: Vec<Service>) -> Result<Vec<String>, String> {
        let written = Catalog::new(services).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = laid_out(&written)?;
        for (file, text) in &files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let place = if files[0].0 == "catalog.json" { "catalog.json" } else { "catalog" };
        let read = catalog::read(&folder.path().join(place)).unwrap();
        assert_eq!(read.services(), written.services());
        Ok(files.into_iter().map(|(file, _)| file).collect())
    }

    #[test]
    fn a_catalog_is_read_back_as_it_was_in_its_order() {
        let manifest = "releases: [{name: b, version: 1.10}, {name: a}]\n\
             instance_groups: [{name: node, jobs: [{name: y, release: b}, {name: x}]}, {jobs: [{name: z}]}]";
        let sorted = vec![
            service("mariadb", "MariaDB", &[("mariadb-a", "a: b", ""), ("mariadb-b", "true", manifest)]),
            service("redis", "redis", &[]),
        ];
        let files = read_back(sorted).unwrap();
        assert!(files.contains(&"catalog/mariadb/b/manifest.yml".to_owned()), "{files:?}");
        let unsorted = vec![
            service("redis", "redis", &[("redis-b", "b", ""), ("redis-a", "a", "")]),
            service("Redis", "redis", &[("Redis-1.10", "1.10", "")]),
        ];
        let files = read_back(unsorted).unwrap();
        assert!(files.contains(&"catalog/0-redis/1-a/plan.yml".to_owned()), "{files:?}");
    }

    #[test]
    fn a_catalog_with_other_ids_is_kept_as_the_brokers_answer() {
        for plans in [&[("small", "small", "")][..], &[("redis-small", "", "")]] {
            assert_eq!(read_back(vec![service("redis", "redis", plans)]).unwrap(), ["catalog.json"]);
        }
        let both = vec![service("redis", "redis", &[("small", "small", "releases: [{name: a}]")])];
        assert!(read_back(both).unwrap_err().contains("`small`"));
    }
}
