//! `scripts definitions`: what scripts can call, for editors.

use std::path::{Path, PathBuf};

use reconciler_strategies::script::{INTERFACE, definitions};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::script_args::DefinitionsArgs;

#[derive(Serialize)]
struct DefinitionsView<'a> {
    interface: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_date: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definitions: Option<&'a str>,
}

/// Where editors look for definitions.
fn file(folder: &Path) -> PathBuf {
    folder.join(".rhai").join("definitions").join("reconciler.d.rhai")
}

pub(super) fn run(args: &DefinitionsArgs, output: &mut Output) -> Result<Exit, Failure> {
    let text = definitions();
    let view = DefinitionsView { interface: INTERFACE, file: None, up_to_date: None, definitions: None };
    if let Some(folder) = &args.check {
        let file = file(folder);
        let up_to_date = std::fs::read_to_string(&file).is_ok_and(|found| found == text);
        let shown = file.display().to_string();
        let view = DefinitionsView { file: Some(shown.clone()), up_to_date: Some(up_to_date), ..view };
        output.answer("ScriptDefinitions", true, &view, |out| {
            if up_to_date {
                writeln!(out, "{shown} is up to date")
            } else {
                writeln!(
                    out,
                    "{shown} is not up to date; `reconciler scripts definitions --write {}` makes it anew",
                    folder.display()
                )
            }
        })?;
        return Ok(if up_to_date { Exit::Success } else { Exit::BelowFloor });
    }
    if let Some(folder) = &args.write {
        let file = file(folder);
        let told = |error: std::io::Error| {
            let message = format!("{} cannot be written: {error}", file.display());
            Failure::told(message, "name the folder of your scripts")
        };
        std::fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(told)?;
        std::fs::write(&file, &text).map_err(told)?;
        let view = DefinitionsView { file: Some(file.display().to_string()), ..view };
        output.answer("ScriptDefinitions", true, &view, |out| writeln!(out, "{}", file.display()))?;
        return Ok(Exit::Success);
    }
    let view = DefinitionsView { definitions: Some(&text), ..view };
    output.answer("ScriptDefinitions", true, &view, |out| write!(out, "{text}"))?;
    Ok(Exit::Success)
}
