//! What `assess` returned, as an opinion.

use std::borrow::Cow;
use std::sync::Arc;

use reconciler_core::manifest::Location;
use reconciler_core::matching::{Confidence, Evidence, LONGEST_NOTE, Locus, Opinion, Proposal};
use rhai::{Array, Dynamic};

use super::failure::location;
use super::host::{Abstention, ProposedIdentity, Reason, VetoedIdentity};
use super::limits::Limits;
use super::problem::ScriptProblem;

/// Where opinions of a script are read.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Arc<str>,
    /// Where `assess` begins.
    pub(super) at: Option<Location>,
    /// The most a script may be sure.
    pub(super) max_confidence: Confidence,
}

impl Reader<'_> {
    /// Reads what `assess` returned.
    pub(super) fn opinion(&self, returned: Dynamic) -> Result<Opinion, ScriptProblem> {
        let kind = returned.type_name();
        if let Some(proposed) = returned.clone().try_cast::<ProposedIdentity>() {
            return Ok(Opinion::Propose(vec![self.proposal(proposed)]));
        }
        if let Some(Abstention(why)) = returned.clone().try_cast::<Abstention>() {
            let why: String = why.chars().take(LONGEST_NOTE).collect();
            return Ok(Opinion::abstain(why));
        }
        if let Some(vetoed) = returned.clone().try_cast::<VetoedIdentity>() {
            let evidence = self.evidence(&vetoed.reasons);
            return Ok(Opinion::Veto { identity: vetoed.identity, evidence });
        }
        match returned.try_cast::<Array>() {
            Some(several) => self.several(several),
            None => Err(self.wrong(format!("assess() returned `{kind}`"))),
        }
    }

    fn several(&self, several: Array) -> Result<Opinion, ScriptProblem> {
        let most = Limits::STANDARD.proposals;
        if several.is_empty() {
            return Err(self.wrong("assess() returned an empty list".to_owned()));
        }
        if several.len() > most {
            let message = format!("assess() returned {} proposals, more than {most}", several.len());
            return Err(ScriptProblem::new("script.limit.proposals", self.file, message).at(self.at));
        }
        let mut proposals = Vec::with_capacity(several.len());
        for item in several {
            let kind = item.type_name();
            match item.try_cast::<ProposedIdentity>() {
                Some(proposed) => proposals.push(self.proposal(proposed)),
                None => return Err(self.wrong(format!("assess() returned a list with `{kind}` in it"))),
            }
        }
        Ok(Opinion::Propose(proposals))
    }

    fn wrong(&self, message: String) -> ScriptProblem {
        ScriptProblem::new("script.invalid-return", self.file, message)
            .at(self.at)
            .help("return propose(…), a list of proposals, veto(…) or abstain(\"why\")")
    }

    fn proposal(&self, proposed: ProposedIdentity) -> Proposal {
        let mut evidence = self.evidence(&proposed.reasons);
        let confidence = proposed.confidence.min(self.max_confidence);
        if confidence < proposed.confidence {
            let note = format!(
                "said {}, but a script may be at most {} sure (scripts.max_confidence)",
                proposed.confidence, self.max_confidence
            );
            evidence.push(Evidence::new("script.capped", self.locus(location(proposed.at)), note));
        }
        if evidence.is_empty() {
            evidence.push(Evidence::new(
                "script.proposed",
                self.locus(location(proposed.at)),
                "without a reason",
            ));
        }
        Proposal::new(proposed.identity, confidence, evidence)
    }

    fn evidence(&self, reasons: &[Reason]) -> Vec<Evidence> {
        let evidence = |reason: &Reason| {
            let code: Cow<'static, str> = reason.code.clone().into();
            Evidence::new(code, self.locus(location(reason.at)), reason.note.clone())
        };
        reasons.iter().map(evidence).collect()
    }

    fn locus(&self, at: Option<Location>) -> Locus {
        let at = at.or(self.at).unwrap_or(Location { line: 1, column: 1 });
        Locus::Script { file: Arc::clone(self.file), at }
    }
}
