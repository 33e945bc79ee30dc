//! Cases for the strategies' tests, in few words: a deployment, what is known,
//! and what the strategy has to say.
//!
//! `$A` stands for a UUID and `$^A` for the same one in capitals, in names,
//! manifests, indexes and opinions alike.

use std::cell::Cell;
use std::sync::Arc;

use reconciler_core::manifest::{Deployment, Document, Manifest, topology};
use reconciler_core::matching::{Evidence, Facts, MatchContext, MatchStrategy, Opinion};
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Index, Plan, PlanId, ReleaseRef, Service,
    ServiceId,
};

const UUIDS: [(&str, &str); 3] = [
    ("A", "1b4e28ba-2fa1-41d2-883f-0016d3cca427"),
    ("B", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
    ("C", "c0ffee00-1111-4222-9333-444455556666"),
];

/// Service, what follows it in the plan's id, the plan's name, and the jobs of
/// its own manifest as `release/job`. Every plan runs `bpm` besides.
const PLANS: &[(&str, &str, &str, &str)] = &[
    ("redis", "small", "small", "redis-forge/standalone"),
    ("redis", "small-ha", "small-ha", "redis-forge/cluster redis-forge/sentinel"),
    ("redis", "small-ha-eu", "small-ha-eu", ""),
    ("rabbitmq", "standalone", "standalone", "rabbitmq-forge/rabbitmq"),
    ("mariadb", "standalone", "standalone", "mariadb-forge/mariadb"),
    ("pg", "one", "one", "pg-forge/postgres"),
    ("pg", "two", "two", "pg-forge/postgres"),
    ("pg", "three", "three", "pg-forge/postgres"),
    ("pg", "four", "four", "pg-forge/postgres"),
    ("odd", "unnamed", "", ""),
];

/// How many deployments the fleet has besides; each uses `bpm`.
const OTHERS: usize = 39;

/// One deployment with what is known, and the opinion that is expected of it.
#[derive(Clone, Default)]
pub(crate) struct Case {
    name: String,
    manifest: Option<String>,
    index: String,
    releases: String,
    everybody_uses: Vec<&'static str>,
    expected: String,
}

/// A deployment of this name, without a manifest.
pub(crate) fn named(name: &str) -> Case {
    Case { name: expand(name), everybody_uses: vec!["bpm"], ..Case::default() }
}

impl Case {
    /// Its manifest.
    pub(crate) fn manifest(mut self, text: &str) -> Self {
        self.manifest = Some(expand(text));
        self
    }

    /// A manifest in which the broker's own field states the instance.
    pub(crate) fn states(self, instance: &str) -> Self {
        self.manifest(&format!("meta: {{params: {{instance_id: {instance}}}}}"))
    }

    /// A manifest in which people stated what it is; `-` leaves a field out.
    pub(crate) fn states_all(self, service: &str, plan: &str, instance: &str) -> Self {
        let fields = [("service_id", service), ("plan_id", plan), ("instance_id", instance)];
        let written: Vec<_> =
            fields.iter().filter(|(_, v)| *v != "-").map(|(k, v)| format!("{k}: {v}")).collect();
        self.manifest(&format!("properties: {{blacksmith: {{{}}}}}", written.join(", ")))
    }

    /// The index: `instance service plan; …`, with `-` for a field left out.
    pub(crate) fn index(mut self, entries: &str) -> Self {
        self.index = expand(entries);
        self
    }

    /// The releases in the Director's list.
    pub(crate) fn releases(mut self, names: &str) -> Self {
        self.releases = names.to_owned();
        self
    }

    /// A release that the whole fleet uses, besides `bpm`.
    pub(crate) fn everybody_uses(mut self, release: &'static str) -> Self {
        self.everybody_uses.push(release);
        self
    }

    /// What the strategy has to say: `abstains: …`, `vetoes …` or the proposals
    /// with their evidence codes, joined by ` | `.
    pub(crate) fn says(mut self, opinion: &str) -> Self {
        self.expected = opinion.to_owned();
        self
    }

    /// What the strategy does say.
    pub(crate) fn opinion(&self, strategy: &dyn MatchStrategy) -> Opinion {
        let mut summary = DeploymentSummary::named(DeploymentName::new(&self.name).unwrap());
        summary.releases = self.releases.split_whitespace().map(release).collect();
        let manifest = self.manifest.as_deref().map_or_else(Manifest::absent, Manifest::from_text);
        let facts = Arc::new(Facts::new(catalog(), index(&self.index), self.fleet(&summary)));
        let deployment = Deployment::new(summary, manifest);
        let consulted = Cell::new(false);
        strategy.assess(MatchContext::new(&deployment, &facts, &consulted)).unwrap()
    }

    fn fleet(&self, summary: &DeploymentSummary) -> FleetStatistics {
        let others = (0..OTHERS).map(|i| {
            let mut other = DeploymentSummary::named(DeploymentName::new(format!("other-{i}")).unwrap());
            other.releases = self.everybody_uses.iter().copied().map(release).collect();
            other
        });
        FleetStatistics::of(&others.chain([summary.clone()]).collect::<Vec<_>>())
    }
}

/// Holds a strategy against its cases and reports every one that differs.
pub(crate) fn check(strategy: &dyn MatchStrategy, cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let said = shown(&case.opinion(strategy));
            let name = contract(&case.name);
            (said != case.expected)
                .then(|| format!("{name}\n  expected {}\n  got      {said}", case.expected))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The places of the evidence for the only proposal or the veto, in order.
pub(crate) fn places(opinion: &Opinion) -> Vec<String> {
    let evidence = match opinion {
        Opinion::Propose(proposals) => &proposals[0].evidence,
        Opinion::Veto { evidence, .. } => evidence,
        other => panic!("no evidence: {other:?}"),
    };
    evidence.iter().map(|one| contract(&format!("{} {}", one.code, one.locus))).collect()
}

fn shown(opinion: &Opinion) -> String {
    contract(&match opinion {
        Opinion::Abstain { why } => format!("abstains: {why}"),
        Opinion::Veto { identity, evidence } => format!("vetoes {identity} [{}]", codes(evidence)),
        Opinion::Propose(proposals) => proposals
            .iter()
            .map(|one| format!("{} {} [{}]", one.confidence, one.identity, codes(&one.evidence)))
            .collect::<Vec<_>>()
            .join(" | "),
        other => format!("{other:?}"),
    })
}

fn codes(evidence: &[Evidence]) -> String {
    evidence.iter().map(|one| one.code.as_ref()).collect::<Vec<_>>().join(" ")
}

fn expand(text: &str) -> String {
    UUIDS.iter().fold(text.to_owned(), |text, (letter, uuid)| {
        text.replace(&format!("$^{letter}"), &uuid.to_uppercase()).replace(&format!("${letter}"), uuid)
    })
}

fn contract(text: &str) -> String {
    UUIDS.iter().fold(text.to_owned(), |text, (letter, uuid)| {
        text.replace(&uuid.to_uppercase(), &format!("$^{letter}")).replace(uuid, &format!("${letter}"))
    })
}

fn release(name: &str) -> ReleaseRef {
    ReleaseRef { name: name.into(), version: "1".into() }
}

fn catalog() -> Catalog {
    let mut services: Vec<Service> = Vec::new();
    for (service, id, name, jobs) in PLANS {
        let service_id = ServiceId::new(service).unwrap();
        if services.last().is_none_or(|last| last.id != service_id) {
            services.push(Service { id: service_id.clone(), name: (*service).into(), plans: Vec::new() });
        }
        let topology = (!jobs.is_empty()).then(|| topology::of(&Document::parse(&manifest_of(jobs))));
        services.last_mut().unwrap().plans.push(Plan {
            id: PlanId::new(format!("{service}-{id}")).unwrap(),
            name: (*name).into(),
            service: service_id,
            topology,
        });
    }
    Catalog::new(services).unwrap()
}

/// A manifest that deploys these jobs, given as `release/job`, and `bpm`.
pub(crate) fn manifest_of(jobs: &str) -> String {
    let all = || jobs.split_whitespace().chain(["bpm/bpm"]).map(|job| job.split_once('/').unwrap());
    let releases: Vec<_> = all().map(|(release, _)| format!("{{name: {release}, version: 1}}")).collect();
    let jobs: Vec<_> = all().map(|(release, job)| format!("{{name: {job}, release: {release}}}")).collect();
    format!(
        "releases: [{}]\ninstance_groups: [{{name: node, jobs: [{}]}}]\n",
        releases.join(", "),
        jobs.join(", ")
    )
}

fn index(entries: &str) -> Index {
    let members: Vec<String> = entries
        .split(';')
        .filter(|entry| !entry.trim().is_empty())
        .map(|entry| {
            let mut words = entry.split_whitespace();
            let instance = words.next().unwrap();
            let fields: Vec<String> = ["service_id", "plan_id"]
                .iter()
                .zip(words)
                .filter(|(_, value)| *value != "-")
                .map(|(key, value)| format!(r#""{key}": "{value}""#))
                .collect();
            format!(r#""{instance}": {{{}}}"#, fields.join(", "))
        })
        .collect();
    Index::parse(&format!("{{{}}}", members.join(", "))).unwrap()
}
