//! `index verify`: what contradicts the entries, and how much room is left.

use std::collections::HashSet;
use std::io::{self, Write};

use reconciler_core::inspection::{IndexVerification, Unread, verify_index};
use reconciler_core::manager::Filter;
use reconciler_core::model::{Index, layout};
use reconciler_core::ports::{Clock as _, SystemClock};
use reconciler_core::updater::Finding;
use serde::Serialize;

use super::args::VerifyArgs;
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::commands::scan::write_findings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring::{self, Access, IndexSize, Workbench};

/// From this share of a limit on an index is worth a look, per mille.
const NEAR: usize = 500;

#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    verification: IndexVerification,
    /// The size against the limits of the store, where it has any.
    size: Option<SizeView>,
}

#[derive(Serialize)]
struct SizeView {
    bytes: usize,
    max_bytes: usize,
    strings: usize,
    max_strings: Option<usize>,
    /// How much of the nearer limit is used up.
    used_per_mille: usize,
}

impl SizeView {
    fn of(size: &IndexSize) -> Self {
        Self {
            bytes: size.bytes,
            max_bytes: size.limits.bytes,
            strings: size.strings,
            max_strings: size.limits.strings,
            used_per_mille: size.per_mille(),
        }
    }

    fn text(&self) -> String {
        let strings = match self.max_strings {
            Some(most) => format!("{} of {most} strings", self.strings),
            None => format!("{} strings", self.strings),
        };
        let (whole, tenth) = (self.used_per_mille / 10, self.used_per_mille % 10);
        format!("{} of {} bytes, {strings}; {whole}.{tenth} % of the limit", self.bytes, self.max_bytes)
    }

    fn finding(&self) -> Option<Finding> {
        (self.used_per_mille >= NEAR).then(|| {
            let message = format!(
                "{}; raise the server's limit (`max_entry_size`, on OpenBao `max_request_json_strings`) and with it \
                 vault.max_entry_bytes or vault.max_strings",
                self.text()
            );
            Finding::new("index.near-limit", layout::INDEX, message)
        })
    }
}

pub(super) fn run(global: &GlobalArgs, args: &VerifyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store], output)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::Look, Filter::default(), stop, output).await?;
        let slot = bench.index().await?;
        let index = slot.data().map(Index::from_object).unwrap_or_default();
        let listed = bench.source.director().deployments().await;
        let names: Result<HashSet<String>, _> =
            listed.map(|list| list.iter().map(|summary| summary.name.to_string()).collect());
        let mut verification =
            verify_index(bench.store(), &index, bench.catalog(), names.as_ref().ok(), SystemClock.now())
                .await;
        if let Err(error) = &names {
            verification.unread.push(Unread::of(bench.source.director().address(), error));
        }
        let size = wiring::index_size(&settings, &slot, stop)?.as_ref().map(SizeView::of);
        verification.findings.extend(size.as_ref().and_then(SizeView::finding));
        let complete = verification.unread.is_empty();
        let view = View { verification, size };
        output.answer("IndexVerification", complete, &view, |out| text(out, &view))?;
        Ok(if complete { Exit::Success } else { Exit::Incomplete })
    })
}

fn text(out: &mut dyn Write, view: &View) -> io::Result<()> {
    let View { verification, size } = view;
    write_findings(out, verification.findings.iter())?;
    let red = outcome_style("unknown");
    for Unread { subject, why } in &verification.unread {
        writeln!(out, "{red}unread{red:#}  {subject}: {why}")?;
    }
    let IndexVerification { entries, sound, findings, unread } = verification;
    write!(out, "{entries} entries, {sound} sound, {} findings", findings.len())?;
    match unread.len() {
        0 => writeln!(out)?,
        unread => writeln!(out, ", {unread} not looked at")?,
    }
    match size {
        Some(size) => writeln!(out, "size: {}", size.text()),
        None => Ok(()),
    }
}
