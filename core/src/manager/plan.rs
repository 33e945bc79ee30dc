//! Saved plans: what a run would write, kept with what it was computed from, and
//! executed later if none of that has moved.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use super::absences::Absences;
use super::report::{InstanceReport, RunReport};
use super::run::{Made, Reconciler, RunError};
use super::trigger::run_id;
use super::writer::{Errand, Writer};
use crate::backup::OtherReconciler;
use crate::model::InstanceId;
use crate::updater::{ChangeSet, HistoryLimits, PlannedInstance, Stamp, Standing};

/// The form of a plan. Another form is another version's.
const FORMAT: &str = "reconciler-plan/1";

/// So many instances that have moved are named in one refusal.
const NAMED: usize = 10;

/// What a plan was computed from, instance by instance apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanInputs {
    /// The Director's UUID.
    pub director_uuid: String,
    /// Where the records are.
    pub store: String,
    /// The fingerprint of strategies and policy.
    pub chain: String,
    /// The fingerprint of services and plans.
    pub catalog: String,
    /// The filters, for people; empty if everything was planned.
    pub filter: String,
    /// Whether every record was read.
    pub full: bool,
    /// Whether VMs were read.
    pub scanner_instances: bool,
    /// What stays in histories.
    pub history: HistoryLimits,
}

impl PlanInputs {
    /// What has moved, in words.
    fn moved_to(&self, now: &Self) -> Vec<String> {
        let mut moved = Vec::new();
        let mut differ = |what: &str, then: &str, now: &str| {
            if then != now {
                moved.push(format!("{what}: planned with {then}, it is {now} now"));
            }
        };
        if !self.director_uuid.eq_ignore_ascii_case(&now.director_uuid) {
            differ("another Director", &self.director_uuid, &now.director_uuid);
        }
        differ("another store", &self.store, &now.store);
        differ("another chain of strategies or policy", &self.chain, &now.chain);
        differ("another catalog", &self.catalog, &now.catalog);
        differ(
            "`scanner.instances`",
            &self.scanner_instances.to_string(),
            &now.scanner_instances.to_string(),
        );
        let limits = |limits: HistoryLimits| {
            format!("{} entries and {} seconds", limits.max_entries, limits.max_age_seconds)
        };
        differ("the limits of `history`", &limits(self.history), &limits(now.history));
        moved
    }
}

/// What a run would write: paths, versions and fingerprints, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    format: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// What it was computed from.
    pub inputs: PlanInputs,
    /// What would be written.
    pub changes: ChangeSet,
}

/// A text that is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// It is not a plan at all, or it is damaged. What serde says names fields
    /// and places; a plan holds no values.
    #[error("is not a saved plan: {0}")]
    NotAPlan(#[from] serde_json::Error),
    /// It is of another version.
    #[error("is a plan of the form `{0}`, and this version reads `{FORMAT}`")]
    OtherFormat(String),
}

impl Plan {
    /// Reads what `to_text` wrote.
    ///
    /// # Errors
    /// If it is no plan, or one of another version.
    pub fn parse(text: &str) -> Result<Self, InvalidPlan> {
        #[derive(Deserialize)]
        struct Form {
            format: String,
        }
        let Form { format } = serde_json::from_str(text)?;
        if format != FORMAT {
            return Err(InvalidPlan::OtherFormat(format));
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The plan as a JSON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan is made of texts and numbers");
        text.push('\n');
        text
    }
}

/// What became of a saved plan.
#[derive(Debug)]
#[non_exhaustive]
pub struct Application {
    /// What was done.
    pub report: RunReport,
    /// Whether everything stood there already.
    pub was_applied: bool,
}

impl Reconciler<'_> {
    /// Computes what a run would write, and keeps it as a plan. Writes nothing.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn plan(&self) -> Result<(RunReport, Plan), RunError> {
        let Made { report, changes, .. } = self.run_once(true).await?;
        let plan = Plan {
            format: FORMAT.to_owned(),
            made_at: self.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true),
            inputs: self.inputs(report.director_uuid.clone()),
            changes,
        };
        Ok((report, plan))
    }

    /// Executes exactly what was planned, if nothing has moved that it was
    /// computed from. What an interrupted apply has left is finished.
    ///
    /// # Errors
    /// `Refused` with everything that has moved, before anything is written;
    /// and those of [`run`](Self::run). What moves while it writes is in the
    /// report, and is left as it is.
    pub async fn apply(&self, plan: &Plan) -> Result<Application, RunError> {
        let stamp = Stamp::at(self.clock.now());
        self.refuse_other_inputs(plan).await?;
        let id = self.run_id.clone().unwrap_or_else(|| run_id(stamp.at));
        let mut was_applied = false;
        let made =
            self.told(stamp, &id, false, self.execute(plan, stamp, id.clone(), &mut was_applied)).await?;
        Ok(Application { report: made.report, was_applied })
    }

    /// Refuses a plan as [`apply`](Self::apply) would. Writes nothing.
    ///
    /// # Errors
    /// Those of `apply`, but for what comes of writing.
    pub async fn check(&self, plan: &Plan) -> Result<(), RunError> {
        let stamp = Stamp::at(self.clock.now());
        self.refuse_other_inputs(plan).await?;
        let survey = self.survey().await?;
        let stamp = stamp.doubted(survey.scan.completeness.clocks_apart());
        let tasks = self.tasks(&survey).await?;
        let (absences, recollections) = (Absences::default(), self.recollections()?);
        let other = OtherReconciler::new(self.store, &survey.facts.index, stamp.at);
        let only = Some(&plan.changes);
        let errand = Errand { dry_run: true, full: true, only, recollections: &recollections };
        let writer = Writer::new(self, &survey, &tasks, (&other, &absences), stamp, errand);
        let (report, now) = writer.write(run_id(stamp.at)).await;
        refuse_moved(plan, &now, &report.instances).map(drop)
    }

    /// Refuses a plan that was made from something else than what is there now.
    async fn refuse_other_inputs(&self, plan: &Plan) -> Result<(), RunError> {
        let uuid = match &self.info {
            Some(info) => info.uuid.clone(),
            None => self.director.info().await?.uuid,
        };
        refuse(plan, plan.inputs.moved_to(&self.inputs(uuid)))
    }

    /// Computes the plan again, and executes it.
    async fn execute(
        &self,
        plan: &Plan,
        stamp: Stamp,
        run_id: String,
        was_applied: &mut bool,
    ) -> Result<Made, RunError> {
        let survey = self.survey().await?;
        let stamp = stamp.doubted(survey.scan.completeness.clocks_apart());
        let tasks = self.tasks(&survey).await?;
        // What is missing is marked by runs, which count it: a plan is not one.
        let absences = Absences::default();
        let other = OtherReconciler::new(self.store, &survey.facts.index, stamp.at);
        let writer = |errand| Writer::new(self, &survey, &tasks, (&other, &absences), stamp, errand);

        let recollections = self.recollections()?;
        let only = Some(&plan.changes);
        let errand = Errand { dry_run: true, full: true, only, recollections: &recollections };
        let (mut report, now) = writer(errand).write(run_id.clone()).await;
        if refuse_moved(plan, &now, &report.instances)? > 0 {
            (report, _) = writer(Errand { dry_run: false, ..errand }).write(run_id).await;
        } else {
            *was_applied = !plan.changes.is_empty();
            report.dry_run = false;
        }
        report.scan = survey.scan.completeness.is_complete().then(|| survey.scan.remembered());
        report.decisions = survey.decisions;
        Ok(Made { report, changes: now, absences, full: false, recollections: None })
    }

    fn inputs(&self, director_uuid: String) -> PlanInputs {
        PlanInputs {
            director_uuid,
            store: self.store.address(),
            chain: self.engine.fingerprint().to_string(),
            catalog: self.catalog.fingerprint(),
            filter: self.options.filter.to_string(),
            full: self.options.full,
            scanner_instances: self.options.instances,
            history: self.options.history,
        }
    }
}

/// Refuses a plan of which some instances have moved; gives how many are still
/// to be written.
fn refuse_moved(plan: &Plan, now: &ChangeSet, reports: &[InstanceReport]) -> Result<usize, RunError> {
    let (mut moved, mut open) = (Vec::new(), 0);
    let now: HashMap<&InstanceId, &PlannedInstance> =
        now.instances.iter().map(|planned| (&planned.instance, planned)).collect();
    for planned in &plan.changes.instances {
        let standing = match now.get(&planned.instance) {
            Some(now) => planned.against(now),
            None => Err(vec![why_not(planned, reports)]),
        };
        match standing {
            Ok(Standing::Open) => open += 1,
            Ok(Standing::Applied) => {}
            Err(reasons) => moved.push(format!("instance `{}`: {}", planned.instance, reasons.join("; "))),
        }
    }
    refuse(plan, moved)?;
    Ok(open)
}

/// Why an instance of the plan would not be written any more.
fn why_not(planned: &PlannedInstance, reports: &[InstanceReport]) -> String {
    let report = reports
        .iter()
        .find(|report| InstanceId::new(&report.instance).ok().as_ref() == Some(&planned.instance));
    match report {
        Some(report) => report.reason.clone(),
        None => format!("deployment `{}` is no longer matched with it", planned.deployment),
    }
}

fn refuse(plan: &Plan, moved: Vec<String>) -> Result<(), RunError> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut reason = format!("what the plan of {} was computed from has moved:", plan.made_at);
    for one in moved.iter().take(NAMED) {
        let _ = write!(reason, "\n  - {one}");
    }
    if moved.len() > NAMED {
        let _ = write!(reason, "\n  - and {} more", moved.len() - NAMED);
    }
    let advice = "nothing was written; look at a new plan and save it: `reconciler plan --out FILE`";
    Err(RunError::Refused { reason, advice: advice.to_owned() })
}
