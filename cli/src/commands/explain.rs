//! `explain`: how one deployment was decided, and why not otherwise.

use std::io::{self, Write};

use reconciler_core::manager::{Filter, Survey};
use reconciler_core::matching::{
    Decision, DecisionView, Explanation, Opinion, Policy, StepResult, Waterfall, WhyNot, nearest,
};
use reconciler_core::model::InstanceId;

use super::block_on;
use crate::args::{ExplainArgs, GlobalArgs};
use crate::commands::difference::markdown::prose;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Comment, Output};
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &ExplainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let asked = args.why_not.as_deref().map(InstanceId::new).transpose().map_err(|error| {
        Failure::told(
            format!("--why-not: {error}"),
            "`scan` shows the instances there are, in its last column",
        )
    })?;
    let settings = wiring::settings(global, &[&args.input], output)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::Look, Filter::default(), stop, output).await?;
        // The whole fleet is decided: another deployment may claim the same
        // instance.
        let survey = bench.reconciler().survey().await?;
        let decision = decision(&survey, &args.deployment)?;
        if let Some(instance) = &asked {
            known(&survey, instance)?;
        }
        let policy = bench.engine.policy();
        let complete = !decision.is_degraded();
        match asked {
            Some(instance) => {
                let why_not = WhyNot::of(decision, &survey.decisions, policy, &survey.facts.index, &instance);
                let text = |out: &mut dyn Write| write!(out, "{why_not}");
                let markdown = |out: &mut Comment| fenced(out, &why_not.to_string());
                output.answer_in_markdown("WhyNot", complete, &why_not, text, markdown)?;
            }
            None => {
                let text = |out: &mut dyn Write| write_text(out, decision, policy, args.waterfall);
                let markdown = |out: &mut Comment| write_markdown(out, decision, policy, args.waterfall);
                let view = DecisionView::of(decision);
                output.answer_in_markdown("Decision", complete, &view, text, markdown)?;
            }
        }
        Ok(if complete { Exit::Success } else { Exit::Incomplete })
    })
}

fn decision<'a>(survey: &'a Survey, name: &str) -> Result<&'a Decision, Failure> {
    let found = survey.decisions.iter().find(|one| one.deployment.as_str() == name);
    found.ok_or_else(|| {
        let known: Vec<String> = survey.decisions.iter().map(|one| one.deployment.to_string()).collect();
        let advice = match nearest(name, &known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`scan` lists the deployments there are".to_owned(),
        };
        Failure::told(format!("there is no deployment `{name}`"), advice)
    })
}

/// Refuses an instance that no entry, deployment or opinion names: most often a
/// slip of the pen, and there is nothing to explain about it.
fn known(survey: &Survey, asked: &InstanceId) -> Result<(), Failure> {
    let index = &survey.facts.index;
    let by_name = |decision: &Decision| {
        let name = decision.deployment.as_str().to_ascii_lowercase();
        name.contains(&asked.as_str().to_ascii_lowercase())
    };
    let named = survey.decisions.iter().flat_map(instances);
    if index.entry(asked).is_some()
        || index.has_other(asked)
        || survey.decisions.iter().any(by_name)
        || named.clone().any(|instance| instance == asked)
    {
        return Ok(());
    }
    let entries = index.entries().iter().map(|entry| &entry.instance);
    let known: Vec<String> = entries.chain(named).map(ToString::to_string).collect();
    let advice = match nearest(asked.as_str(), &known) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`scan` shows the instances there are, in its last column".to_owned(),
    };
    Err(Failure::told(format!("no entry, deployment or opinion names an instance `{asked}`"), advice))
}

/// The instances that strategies spoke of.
fn instances(decision: &Decision) -> impl Iterator<Item = &InstanceId> + Clone {
    decision.trace.iter().flat_map(|step| {
        let (proposed, vetoed) = match &step.result {
            StepResult::Said(Opinion::Propose(proposals)) => (proposals.as_slice(), None),
            StepResult::Said(Opinion::Veto { identity, .. }) => (&[][..], Some(&identity.instance)),
            _ => (&[][..], None),
        };
        let refused = step.refused.iter().map(|refusal| &refusal.identity.instance);
        proposed.iter().map(|one| &one.identity.instance).chain(vetoed).chain(refused)
    })
}

fn write_text(out: &mut dyn Write, decision: &Decision, policy: Policy, waterfall: bool) -> io::Result<()> {
    if waterfall {
        let explanation = Explanation::new(decision, policy);
        writeln!(out, "Deployment  {}", decision.deployment)?;
        writeln!(out, "Outcome     {}", explanation.verdict())?;
        writeln!(out, "Because     {}\n", explanation.reasoning())?;
        return write!(out, "{}", Waterfall::new(decision, policy));
    }
    write!(out, "{}", Explanation::new(decision, policy))
}

/// The heart of it as Markdown, the whole of it folded below.
fn write_markdown(out: &mut Comment, decision: &Decision, policy: Policy, waterfall: bool) {
    let explanation = Explanation::new(decision, policy);
    out.line(format_args!("### `{}`: {}\n", decision.deployment, decision.outcome.name()));
    out.line(format_args!("{}.\n", prose(&explanation.reasoning())));
    if !decision.ranking.is_empty() {
        out.line("| identity | confidence | said by | |\n|---|---|---|---|");
    }
    for ranked in &decision.ranking {
        let by: Vec<String> = ranked.strategies.iter().map(|id| format!("`{id}`")).collect();
        let won = decision.identity() == Some(&ranked.identity);
        let why = if won { "matched".to_owned() } else { prose(&explanation.why_not(ranked)) };
        let by = by.join(", ");
        out.item(format_args!("| `{}` | {} | {by} | {why} |", ranked.identity, ranked.confidence));
    }
    if waterfall {
        out.line("");
        return fenced(out, &Waterfall::new(decision, policy).to_string());
    }
    out.line("\n<details><summary>What every strategy said</summary>\n");
    fenced(out, &explanation.to_string());
    out.close("\n</details>");
}

/// A text as it is, between fences that nothing in it closes.
fn fenced(out: &mut Comment, text: &str) {
    let fence = if text.contains("```") { "~~~~" } else { "```" };
    out.line(format_args!("{fence}text"));
    text.lines().for_each(|line| out.item(line));
    out.close(fence);
}
