//! `scripts list`: the scripts there are.

use reconciler_core::matching::Family;
use serde::Serialize;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::script_args::PlaceArgs;
use crate::wiring;

#[derive(Serialize)]
struct ScriptView<'a> {
    id: &'a str,
    version: u32,
    priority: u16,
    family: Family,
    summary: &'a str,
    file: &'a str,
    sha256: &'a str,
    tests: usize,
}

pub(super) fn run(global: &GlobalArgs, args: &PlaceArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[args], output)?;
    let set = super::load(&settings)?;
    let scripts = set.scripts().iter();
    let views: Vec<ScriptView<'_>> = scripts
        .map(|script| {
            let header = script.header();
            ScriptView {
                id: &header.id,
                version: header.version,
                priority: header.priority,
                family: header.family,
                summary: &header.summary,
                file: script.file(),
                sha256: script.hash(),
                tests: script.tests().len(),
            }
        })
        .collect();
    output.answer("Scripts", true, &views, |out| {
        if views.is_empty() {
            return writeln!(out, "no scripts; `reconciler scripts new ID` writes a first one");
        }
        let mut table =
            Table::new(["Script", "Version", "Priority", "Evidence", "Tests", "File", "What it does"]);
        for view in &views {
            table.row([
                view.id.to_owned(),
                view.version.to_string(),
                view.priority.to_string(),
                view.family.to_string(),
                view.tests.to_string(),
                view.file.to_owned(),
                view.summary.to_owned(),
            ]);
        }
        table.print(out)
    })?;
    Ok(Exit::Success)
}
