//! Runs: how long their phases take, what they decided, what they found.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use reconciler_core::manager::{RunRecord, RunReport, Trigger};
use reconciler_core::matching::{Decision, StepResult, StrategyError, registered};
use reconciler_core::ports::PortErrorKind;
use reconciler_core::scanner::CacheLookups;

use super::Moment;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    trigger: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabels {
    phase: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    outcome: &'static str,
    /// The strategy that leads, `script` for any script, `none` for no one.
    strategy: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLabels {
    of: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    of: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VersionLabels {
    version: &'static str,
}

const RUN_SECONDS: [f64; 13] =
    [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];
const CONFIDENCES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// How runs end, in the words of their records.
const OUTCOMES: [&str; 6] = ["complete", "incomplete", "failed", "refused", "interrupted", "aborted"];

type Seconds = Gauge<f64, AtomicU64>;

pub(super) struct RunFamilies {
    runs: Family<OutcomeLabels, Counter>,
    phases: Family<PhaseLabels, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    confidence: Histogram,
    last: Family<OfLabels, Gauge>,
    findings: Family<CodeLabels, Gauge>,
    unknown: Gauge,
    failures: Family<KindLabels, Counter>,
    writes: Counter,
    backups: Counter,
    script_errors: Counter,
    suspended: Gauge,
    cache_hits: Counter,
    cache_misses: Counter,
    cache_before: Mutex<CacheLookups>,
    last_complete: Seconds,
    age: Seconds,
    /// Unix seconds that the age counts from.
    complete_since: AtomicI64,
    running: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    configuration_refused: Gauge,
    scripts_refused: Gauge,
    built_in: BTreeSet<String>,
}

impl RunFamilies {
    pub(super) fn register(registry: &mut Registry, now: DateTime<Utc>) -> Self {
        let built_in = registered().unwrap_or_default();
        let families = Self {
            runs: Family::default(),
            phases: Family::new_with_constructor(|| Histogram::new(RUN_SECONDS)),
            decisions: Family::default(),
            confidence: Histogram::new(CONFIDENCES),
            last: Family::default(),
            findings: Family::default(),
            unknown: Gauge::default(),
            failures: Family::default(),
            writes: Counter::default(),
            backups: Counter::default(),
            script_errors: Counter::default(),
            suspended: Gauge::default(),
            cache_hits: Counter::default(),
            cache_misses: Counter::default(),
            cache_before: Mutex::default(),
            last_complete: Seconds::default(),
            age: Seconds::default(),
            complete_since: AtomicI64::new(now.timestamp()),
            running: Gauge::default(),
            reloads: Family::default(),
            configuration_refused: Gauge::default(),
            scripts_refused: Gauge::default(),
            built_in: built_in.iter().map(|entry| entry.meta.id.to_string()).collect(),
        };
        families.begin_at_zero();
        families.add_to(registry);
        families
    }

    /// Counts of a closed set are there from the start: what appears with its
    /// first count never rose, and no alert would see it.
    fn begin_at_zero(&self) {
        for kind in PortErrorKind::ALL {
            drop(self.failures.get_or_create(&KindLabels { kind: kind.code() }));
        }
        for trigger in [Trigger::Schedule, Trigger::Forced].map(Trigger::name) {
            for outcome in OUTCOMES {
                drop(self.runs.get_or_create(&OutcomeLabels { trigger, outcome }));
            }
        }
    }

    fn add_to(&self, registry: &mut Registry) {
        registry.register("runs_by_outcome", "Runs by what began them and how they ended", self.runs.clone());
        registry.register(
            "run_phase_duration_seconds",
            "How long the phases of runs took",
            self.phases.clone(),
        );
        registry.register(
            "decisions",
            "Decisions by outcome and leading strategy, each run counted",
            self.decisions.clone(),
        );
        registry.register(
            "decision_confidence",
            "The leading confidence of decisions, where there is one",
            self.confidence.clone(),
        );
        registry.register(
            "last_run_items",
            "What the last run that came to a report counted",
            self.last.clone(),
        );
        registry.register("last_run_findings", "Findings of that run by their code", self.findings.clone());
        registry.register(
            "last_run_unknown",
            "Deployments of which that run could not see or understand something",
            self.unknown.clone(),
        );
        registry.register(
            "failures",
            "Instances that could not be written, by the kind of failure",
            self.failures.clone(),
        );
        registry.register("writes", "Secrets that were written, the index included", self.writes.clone());
        registry.register("backups", "Archives that were written", self.backups.clone());
        registry.register("script_errors", "Decisions in which a script failed", self.script_errors.clone());
        registry.register("suspended_scripts", "Scripts that the last run suspended", self.suspended.clone());
        registry.register(
            "manifest_cache_hits",
            "Manifests that were taken from memory",
            self.cache_hits.clone(),
        );
        registry.register(
            "manifest_cache_misses",
            "Manifests that the Director was asked for",
            self.cache_misses.clone(),
        );
        registry.register(
            "last_complete_scan_timestamp_seconds",
            "When the last complete run ended, in Unix time; 0 if none has",
            self.last_complete.clone(),
        );
        registry.register(
            "last_complete_scan_age_seconds",
            "How long ago that was; if the journal knows of none, since the program started",
            self.age.clone(),
        );
        registry.register("running", "Whether a run is under way", self.running.clone());
        registry.register(
            "reloads",
            "Changed settings, by SIGHUP, and changed scripts, by whether they were taken over",
            self.reloads.clone(),
        );
        registry.register(
            "configuration_refused",
            "Whether changed settings were refused, and the old ones are in force",
            self.configuration_refused.clone(),
        );
        registry.register(
            "scripts_refused",
            "Whether changed scripts were refused, and the old ones are in use",
            self.scripts_refused.clone(),
        );
        let build = Family::<VersionLabels, Gauge>::default();
        build.get_or_create(&VersionLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "The version of the program", build);
    }

    pub(super) fn record(&self, record: &RunRecord, report: Option<&RunReport>) {
        let (trigger, outcome) = (record.trigger, record.outcome);
        self.runs.get_or_create(&OutcomeLabels { trigger, outcome }).inc();
        let Some(report) = report else { return };
        for (phase, took) in &report.phases {
            let labels = PhaseLabels { phase: phase.to_string() };
            self.phases.get_or_create(&labels).observe(took.as_secs_f64());
        }
        self.record_decisions(&report.decisions);
        self.record_last(report);
        for failure in &report.failures {
            self.failures.get_or_create(&KindLabels { kind: failure.kind }).inc();
        }
        self.writes.inc_by(report.counts.writes as u64);
        self.backups.inc_by(report.counts.backups as u64);
        if report.complete {
            self.last_complete_ended(record.finished_at);
        }
    }

    /// The age of the last complete run counts from there.
    pub(super) fn last_complete_ended(&self, at: DateTime<Utc>) {
        let ended = at.timestamp();
        self.complete_since.store(ended, Ordering::Relaxed);
        self.last_complete.set(ended as f64);
    }

    fn record_decisions(&self, decisions: &[Decision]) {
        let mut suspended = BTreeSet::new();
        for decision in decisions {
            let best = decision.winner().or_else(|| decision.leader());
            let strategy = best.and_then(|ranked| ranked.strategies.first());
            let strategy = match strategy.map(ToString::to_string) {
                None => "none".to_owned(),
                Some(id) if self.built_in.contains(&id) => id,
                Some(_) => "script".to_owned(),
            };
            self.decisions
                .get_or_create(&DecisionLabels { outcome: decision.outcome.name(), strategy })
                .inc();
            if let Some(best) = best {
                self.confidence.observe(f64::from(best.confidence.as_per_mille()) / 1_000.0);
            }
            for step in &decision.trace {
                let id = step.strategy.to_string();
                match &step.result {
                    StepResult::Failed(StrategyError::Suspended { .. }) => {
                        suspended.insert(id);
                    }
                    StepResult::Failed(_) if !self.built_in.contains(&id) => {
                        self.script_errors.inc();
                    }
                    _ => {}
                }
            }
        }
        self.suspended.set(suspended.len() as i64);
    }

    /// What the last run counted takes the place of what the one before did.
    fn record_last(&self, report: &RunReport) {
        // A count of nothing may be left out.
        self.last.clear();
        if let Ok(serde_json::Value::Object(counts)) = serde_json::to_value(report.counts) {
            for (of, count) in counts {
                self.last.get_or_create(&OfLabels { of }).set(count.as_i64().unwrap_or_default());
            }
        }
        self.findings.clear();
        for finding in &report.findings {
            self.findings.get_or_create(&CodeLabels { code: finding.code }).inc();
        }
        self.unknown.set(report.unknown.len() as i64);
    }

    /// Something that changed was taken over, or not.
    pub(super) fn record_reload(&self, of: &'static str, is_taken_over: bool) {
        let result = if is_taken_over { "taken-over" } else { "refused" };
        self.reloads.get_or_create(&ReloadLabels { of, result }).inc();
    }

    /// A cache that was made anew counts from 0.
    pub(super) fn record_cache(&self, now: CacheLookups) {
        let mut before = self.cache_before.lock().unwrap_or_else(PoisonError::into_inner);
        if now.hits < before.hits || now.misses < before.misses {
            *before = CacheLookups::default();
        }
        self.cache_hits.inc_by(now.hits - before.hits);
        self.cache_misses.inc_by(now.misses - before.misses);
        *before = now;
    }

    /// What is true at the moment of looking.
    pub(super) fn set(&self, moment: Moment, now: DateTime<Utc>) {
        let age = now.timestamp() - self.complete_since.load(Ordering::Relaxed);
        self.age.set(age.max(0) as f64);
        self.running.set(i64::from(moment.is_running));
        self.configuration_refused.set(i64::from(moment.is_configuration_refused));
        self.scripts_refused.set(i64::from(moment.are_scripts_refused));
    }
}
