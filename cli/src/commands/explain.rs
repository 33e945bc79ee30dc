//! `explain`: how one deployment was decided.

use reconciler_core::matching::{DecisionView, Explanation, nearest};

use super::block_on;
use crate::args::{ExplainArgs, GlobalArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};
use reconciler_core::manager::Filter;

pub(crate) fn run(global: &GlobalArgs, args: &ExplainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store, &args.matching], output)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::Look, Filter::default(), stop, output).await?;
        // The whole fleet is decided: another deployment may claim the same
        // instance.
        let survey = bench.reconciler().survey().await?;
        let decision = survey.decisions.iter().find(|one| one.deployment.as_str() == args.deployment);
        let Some(decision) = decision else {
            let known: Vec<String> = survey.decisions.iter().map(|one| one.deployment.to_string()).collect();
            let advice = match nearest(&args.deployment, &known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`scan` lists the deployments there are".to_owned(),
            };
            return Err(Failure::told(format!("there is no deployment `{}`", args.deployment), advice));
        };
        let explanation = Explanation::new(decision, bench.engine.policy());
        let complete = !decision.is_degraded();
        output
            .answer("Decision", complete, &DecisionView::of(decision), |out| write!(out, "{explanation}"))?;
        Ok(if complete { Exit::Success } else { Exit::Incomplete })
    })
}
