//! Reads out of a manifest what it deploys: its releases and jobs.

use std::sync::Arc;

use super::secrets::{KnownNames, Place, visibility};
use super::{Document, Node, REDACTED, Visibility};
use crate::model::{Job, ReleaseRef, Topology};

/// What this document deploys; nothing if it is empty.
///
/// Reads manifests of both shapes, `instance_groups` with `jobs` and the older
/// `jobs` with `templates`. The manifest of a plan may be a Spruce template:
/// a value that holds an operator, `(( grab meta.version ))`, is not known yet
/// and counts as not written. So does what an alias or a merge key lends from a
/// place that may hold secrets: what a plan deploys is told openly everywhere.
#[must_use]
pub fn of(document: &Document) -> Topology {
    document.root().map(|root| Topology::new(releases(root), jobs(root))).unwrap_or_default()
}

/// The names of a manifest's releases, as often as they stand there.
pub fn release_names(document: &Document) -> impl Iterator<Item = &str> {
    document.root().into_iter().flat_map(release_nodes).filter_map(|release| written(release, "name"))
}

/// The release and name of each of a manifest's jobs, as often as they stand
/// there. A release that is not written is empty.
pub fn job_names(document: &Document) -> impl Iterator<Item = (&str, &str)> {
    let jobs = document.root().into_iter().flat_map(job_nodes);
    jobs.filter_map(|(_, job, _)| Some((written(job, "release").unwrap_or_default(), written(job, "name")?)))
}

/// The jobs as they may be shown, sorted and without repetition: what is secret
/// is [`REDACTED`], whatever it is.
#[must_use]
pub fn shown_jobs(document: &Document, known: KnownNames<'_>) -> Vec<Job> {
    let shown = |node: Node<'_>, key: &str, place: Place| {
        let value = node.get(key)?;
        match visibility(value, place.key(key), known) {
            Visibility::Public => written(node, key).map(Arc::from),
            Visibility::Secret => value.as_str().map(|_| REDACTED.into()),
        }
    };
    let found = document.root().into_iter().flat_map(job_nodes).filter_map(|(group, job, lists)| {
        let at_group = Place::below(&[lists.0]).item();
        let at_job = at_group.key(lists.1).item();
        Some(Job {
            group: shown(group, "name", at_group).unwrap_or_default(),
            name: shown(job, "name", at_job)?,
            release: shown(job, "release", at_job).unwrap_or_default(),
        })
    });
    Topology::new(Vec::new(), found.collect()).jobs
}

/// Old manifests with one release have it under `release`.
fn release_nodes(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    root.get("releases").into_iter().flat_map(Node::items).chain(root.get("release"))
}

/// Each job with its instance group, and the keys of the lists they stand in.
fn job_nodes(root: Node<'_>) -> impl Iterator<Item = (Node<'_>, Node<'_>, (&'static str, &'static str))> {
    [("instance_groups", "jobs"), ("jobs", "templates")].into_iter().flat_map(move |lists| {
        root.get(lists.0).into_iter().flat_map(Node::items).flat_map(move |group| {
            group.get(lists.1).into_iter().flat_map(Node::items).map(move |job| (group, job, lists))
        })
    })
}

fn releases(root: Node<'_>) -> Vec<ReleaseRef> {
    let place = Place::below(&["releases"]).item();
    release_nodes(root)
        .filter_map(|release| {
            Some(ReleaseRef {
                name: told(release, "name", place)?,
                version: told(release, "version", place).unwrap_or_default(),
            })
        })
        .collect()
}

fn jobs(root: Node<'_>) -> Vec<Job> {
    job_nodes(root)
        .filter_map(|(group, job, lists)| {
            let at_group = Place::below(&[lists.0]).item();
            let at_job = at_group.key(lists.1).item();
            Some(Job {
                group: told(group, "name", at_group).unwrap_or_default(),
                name: told(job, "name", at_job)?,
                release: told(job, "release", at_job).unwrap_or_default(),
            })
        })
        .collect()
}

/// What is written at a key of the node, if it is no secret.
fn told(node: Node<'_>, key: &str, place: Place) -> Option<Arc<str>> {
    let is_public = visibility(node.get(key)?, place.key(key), KnownNames::default()) == Visibility::Public;
    written(node, key).filter(|_| is_public).map(Arc::from)
}

/// The text of a key, unless it is empty or not known before Spruce has run.
fn written<'m>(node: Node<'m>, key: &str) -> Option<&'m str> {
    let value = node.get(key).filter(|value| !value.is_null())?;
    value.as_str().filter(|text| !text.is_empty() && !holds_operator(text))
}

/// Whether the text holds a template operator, `(( … ))`.
fn holds_operator(text: &str) -> bool {
    text.split_once("((").is_some_and(|(_, after)| after.contains("))"))
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::manifest::Document;

    /// One line a release (`name version`) and a job (`group/job release`).
    fn shown(text: &str) -> Vec<String> {
        let topology = of(&Document::parse(text));
        let or = |text: &str| {
            if text.is_empty() { "-".to_owned() } else { text.to_owned() }
        };
        let releases = topology.releases.iter();
        let jobs = topology.jobs.iter();
        releases
            .map(|release| format!("{} {}", release.name, or(&release.version)))
            .chain(jobs.map(|job| format!("{}/{} {}", or(&job.group), job.name, or(&job.release))))
            .collect()
    }

    #[test]
    fn both_shapes_of_manifest_are_read() {
        let current = "releases: [{name: redis, version: 1.10}, {name: bpm, version: latest}]\n\
             instance_groups:\n\
             - name: node\n  jobs: [{name: server, release: redis}, {name: bpm, release: bpm}]\n";
        let older = "releases: [{name: redis, version: 1.10}, {name: bpm, version: latest}]\n\
             jobs:\n\
             - name: node\n  templates: [{name: server, release: redis}, {name: bpm, release: bpm}]\n";
        let expected = ["bpm latest", "redis 1.10", "node/bpm bpm", "node/server redis"];
        assert_eq!(shown(current), expected);
        assert_eq!(shown(older), expected);
        assert_eq!(shown("release: {name: redis, version: 7}"), ["redis 7"]);
    }

    #[test]
    fn of_a_template_what_can_be_read_is_taken() {
        let template = "releases:\n\
             - (( append ))\n\
             - {name: redis, version: (( grab meta.version ))}\n\
             - {name: (( grab meta.release )), version: 1}\n\
             - {name: bpm}\n\
             instance_groups:\n\
             - (( merge on name ))\n\
             - name: (( grab meta.group ))\n  jobs: [{name: server, release: redis}]\n\
             - name: node\n  jobs: (( grab meta.jobs ))\n\
             - name: other\n  jobs: [{name: \"job-((index))\"}, {name: agent, release: ~}]\n";
        assert_eq!(shown(template), ["bpm -", "redis -", "-/server redis", "other/agent -"]);
    }

    #[test]
    fn what_a_secret_place_lends_is_not_told() {
        let text = "zz: &p {password: hunter2, name: hunter2}\nzv: &v hunter2\n\
             releases: [*p, {name: &r redis, version: *v}, {name: *r, version: 2}]\n\
             instance_groups: [{name: *v, jobs: [{name: *v}, {name: server, release: *v}, {name: *r}]}]\n";
        assert_eq!(shown(text), ["redis -", "redis 2", "-/redis -", "-/server -"]);
    }

    #[test]
    fn repetition_and_order_do_not_matter() {
        let text = "releases: [{name: b, version: 2}, {name: a}, {name: b, version: 1}, {name: a}]";
        assert_eq!(shown(text), ["a -", "b 1", "b 2"]);
    }

    #[test]
    fn what_is_no_topology_is_empty() {
        for text in ["", "a: [", "releases: x\njobs: {a: b}", "releases: [[x]]"] {
            assert!(of(&Document::parse(text)).is_empty(), "{text}");
        }
    }
}
