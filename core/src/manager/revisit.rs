//! The deployments of a survey once more, as they were decided on.

use std::collections::HashMap;

use futures_util::stream::{self, Stream, StreamExt as _};

use super::run::Reconciler;
use super::survey::{ManifestPrint, Survey};
use crate::manifest::{Deployment, Manifest};

impl Reconciler<'_> {
    /// The deployments of a survey with the manifests that were decided on, in
    /// their order: from memory, where they are kept, and else asked for again.
    /// A manifest that could not be read, or is another one by now, is unread.
    pub fn revisit<'s>(&'s self, survey: &'s Survey) -> impl Stream<Item = Deployment> + 's {
        let gaps: HashMap<_, _> =
            survey.scan.completeness.gaps.iter().map(|gap| (&gap.deployment, &gap.reason)).collect();
        let scanner = self.scanner();
        stream::iter(survey.scan.summaries.iter().zip(&survey.manifests))
            .map(move |(summary, print)| {
                let gap = gaps.get(&summary.name).map(ToString::to_string);
                async move {
                    let why = match gap {
                        Some(why) => why,
                        None => match scanner.deployment(summary).await {
                            Ok(again) if ManifestPrint::of(&again.manifest) == *print => return again,
                            Ok(_) => "it changed after it was decided on".to_owned(),
                            Err(error) => error.to_string(),
                        },
                    };
                    Deployment::new(summary.clone(), Manifest::unread(why))
                }
            })
            .buffered(self.options.concurrency.max(1))
    }
}
