//! Deployments that look like ours and have no instance, with their age and who
//! created them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::orphans::{StrayDeployment, rfc3339};
use super::run::Reconciler;
use super::survey::Survey;
use super::writer::Writer;
use crate::matching::{Decision, Outcome};
use crate::model::recognise::{split_trailing_uuid, uuids};
use crate::model::{DeploymentSummary, Identity, InstanceId};
use crate::ports::Origin;
use crate::scanner::times_of;
use crate::updater::Finding;

/// How many pages of events are read at most for the ages of strays.
const PAGES: usize = 5;

/// What became of matched deployments that have no entry: the findings about
/// those that got none. What is not in there was not looked at, or got one.
pub(super) type Refused<'a> = HashMap<&'a str, &'a Finding>;

/// Codes of findings that say that a matched deployment gets no entry, and will
/// not get one by itself.
pub(super) const KEPT_OUT: [&str; 2] = ["deployment.stray", "entry.unproven"];

impl Reconciler<'_> {
    /// The strays of a survey.
    pub(super) fn strays(
        &self,
        survey: &Survey,
        busy: &HashSet<String>,
        refused: &Refused<'_>,
        findings: &mut Vec<Finding>,
    ) -> Vec<StrayDeployment> {
        let entries = survey.facts.index.entries().iter();
        let recorded: HashSet<String> =
            entries.filter_map(|entry| entry.fields.text("deployment_name")).collect();
        let strays: Vec<StrayDeployment> = survey
            .decisions
            .iter()
            .zip(&survey.scan.summaries)
            .filter(|(decision, summary)| {
                // Somebody is at work on it: what it becomes is not known yet.
                !summary.locked
                    && !busy.contains(summary.name.as_str())
                    && self.options.filter.admits(decision)
            })
            .filter(|(_, summary)| !recorded.contains(summary.name.as_str()))
            .filter_map(|(decision, summary)| stray(survey, decision, summary, refused))
            .collect();
        if strays.is_empty() {
            return strays;
        }
        if survey.facts.index.is_empty() {
            // With another index, or none, every deployment would be one.
            let message =
                format!("the index has no entries, so none of {} deployments is called stray", strays.len());
            findings.push(Finding::new("index.empty", self.store.address(), message));
            return Vec::new();
        }
        strays
    }
}

impl Writer<'_> {
    /// Says of strays where they come from: as earlier runs found it out, else
    /// by the Director's events. A Director that does not tell these keeps it
    /// unknown.
    pub(super) async fn trace(&self, strays: &mut [StrayDeployment], findings: &mut Vec<Finding>) {
        let before =
            |stray: &StrayDeployment| self.memory.origin(&stray.deployment).filter(|_| !self.errand.full);
        let untraced = strays.iter().filter(|stray| before(stray).is_none());
        let untraced: BTreeSet<&str> = untraced.map(|stray| stray.deployment.as_str()).collect();
        let names = self.survey.scan.summaries.iter().map(|summary| &summary.name);
        let wanted: BTreeSet<_> = names.filter(|name| untraced.contains(name.as_str())).cloned().collect();
        let asked;
        let times = match self.creations.if_read() {
            Some(times) => times,
            None => {
                asked = times_of(self.run.director, &wanted, PAGES).await;
                asked.as_ref()
            }
        };
        if let Err(error) = times
            && !wanted.is_empty()
        {
            let message = format!("the age of strays is not known: {error}");
            findings.push(Finding::new("events.unread", self.run.director.address(), message));
        }
        for stray in strays {
            let told = times.ok().map(|times| {
                let times = times.get(stray.deployment.as_str()).cloned().unwrap_or_default();
                Origin { created_at: times.created_at, created_by: times.created_by }
            });
            let Some(origin) = before(stray).cloned().or(told) else { continue };
            stray.created_at = origin.created_at.map(rfc3339);
            stray.age_seconds = origin.created_at.map(|at| (self.stamp.at - at).num_seconds());
            stray.created_by.clone_from(&origin.created_by);
            self.memory.note_origin(&stray.deployment, origin);
        }
    }
}

/// Whether a deployment is a stray, and why.
fn stray(
    survey: &Survey,
    decision: &Decision,
    summary: &DeploymentSummary,
    refused: &Refused<'_>,
) -> Option<StrayDeployment> {
    let name = summary.name.as_str();
    // What is not known whole may be anybody's.
    if decision.is_degraded() || has_instance(survey, decision, name) {
        return None;
    }
    if let Outcome::Matched(identity) = &decision.outcome {
        let why = refused.get(name)?;
        let likeness = format!("it is an instance of plan `{}`", identity.plan);
        return Some(told(name, Some(identity), None, [likeness, why.message.clone()]));
    }
    let catalog = &survey.facts.catalog;
    let none = "the index has no instance of it".to_owned();
    let ranked = decision.ranking.iter().map(|ranked| &ranked.identity);
    let known = ranked.filter(|identity| catalog.plan(identity.plan.as_str()).is_some());
    let named = known.clone().find(|identity| identity.expected_deployment().eq_ignore_ascii_case(name));
    if let Some(identity) = named {
        let likeness = format!("it is named as an instance of plan `{}`", identity.plan);
        return Some(told(name, Some(identity), None, [likeness, none]));
    }
    // The broker's naming, of a service that is still offered: its plan was
    // retired.
    let services = catalog.services().iter();
    let of_service = |stem: &str| {
        let services = services.filter(|service| {
            stem.strip_prefix(service.id.as_str()).is_some_and(|rest| rest.starts_with('-'))
        });
        services.max_by_key(|service| service.id.as_str().len())
    };
    if let Some((stem, uuid)) = split_trailing_uuid(name)
        && let Some(service) = of_service(stem)
    {
        let likeness = format!(
            "it is named as the broker names instances of `{}`, by a plan `{stem}` that is not in the catalog",
            service.id
        );
        return Some(StrayDeployment {
            service: Some(service.id.to_string()),
            instance: Some(uuid.text.to_owned()),
            ..told(name, None, Some(stem), [likeness, none])
        });
    }
    let identity = known.clone().next()?;
    let likeness = format!("it looks like an instance of plan `{}`", identity.plan);
    Some(told(name, Some(identity), None, [likeness, none]))
}

fn told(
    name: &str,
    identity: Option<&Identity>,
    plan: Option<&str>,
    evidence: [String; 2],
) -> StrayDeployment {
    StrayDeployment {
        deployment: name.to_owned(),
        service: identity.map(|identity| identity.service.to_string()),
        plan: identity.map(|identity| identity.plan.to_string()).or(plan.map(str::to_owned)),
        instance: identity.map(|identity| identity.instance.to_string()),
        created_at: None,
        age_seconds: None,
        created_by: None,
        evidence: evidence.into(),
        next_step: "find out whose it is; if nobody needs it, its data either: bosh delete-deployment"
            .to_owned(),
    }
}

/// Whether the index has an instance that the deployment may be, by anything
/// that was said of it or that its name says.
fn has_instance(survey: &Survey, decision: &Decision, name: &str) -> bool {
    let index = &survey.facts.index;
    let known = |instance: &InstanceId| index.entry(instance).is_some();
    decision.ranking.iter().any(|ranked| known(&ranked.identity.instance))
        || index.expecting(name).next().is_some()
        || index.ending(name).is_some()
        || uuids(name).iter().any(|uuid| InstanceId::new(uuid.text).is_ok_and(|id| known(&id)))
}
