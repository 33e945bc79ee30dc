//! More entries would turn missing than a run may call so: what most likely lets
//! it seem so, and how to allow it once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::manager::report::GuardRefusal;
use crate::manager::survey::Survey;
use crate::updater::rfc3339;

/// What most likely lets so many entries seem to be without a deployment.
pub(super) fn likely_cause(
    survey: &Survey,
    contradicted: bool,
    firsts: BTreeSet<Option<DateTime<Utc>>>,
) -> String {
    if contradicted {
        return "the Director's list lacks deployments that are there".to_owned();
    }
    if let Some(fewer) = survey.findings.iter().find(|finding| finding.code == "scan.fewer-deployments") {
        return fewer.message.clone();
    }
    let scopes = match &survey.scan.info.scopes {
        Some(scopes) => format!("the credentials see what {} lets them", scopes.join(", ")),
        None => "what the credentials see is not known".to_owned(),
    };
    match firsts.first() {
        Some(Some(at)) if firsts.len() == 1 => format!(
            "all of them are absent since the same scan, at {}: deployments were deleted together, or the \
             Director shows less since then ({scopes})",
            rfc3339(*at)
        ),
        _ => {
            format!("deployments were deleted by other means than the broker, or are out of sight: {scopes}")
        }
    }
}

pub(super) fn refusal(observed: usize, entries: usize, limit: usize, cause: &str) -> GuardRefusal {
    GuardRefusal {
        guard: "absence.limit",
        limit,
        observed,
        message: format!(
            "{observed} of {entries} entries would turn missing in this run, and at most {limit} may; none does. \
             Most likely: {cause}"
        ),
        advice: format!(
            "look at them with `orphans list`, and with `doctor` at what the credentials see; if all are gone, \
             allow it once with `run --allow-missing {observed}`"
        ),
    }
}
