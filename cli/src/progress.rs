//! A progress bar on standard error, if somebody watches.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use reconciler_core::manager::{Phase, Progress};

/// Shows a bar on a terminal and nothing anywhere else.
#[derive(Debug, Default)]
pub(crate) struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn begin(&self, phase: Phase, steps: usize) {
        let bar = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {per_sec}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(phase.to_string());
        self.with(|shown| *shown = Some(bar));
    }

    fn advance(&self, steps: usize) {
        self.with(|shown| {
            if let Some(bar) = shown {
                bar.inc(steps as u64);
            }
        });
    }

    fn end(&self) {
        self.with(|shown| {
            if let Some(bar) = shown.take() {
                bar.finish_and_clear();
            }
        });
    }
}
