//! `scripts new`: a script to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use reconciler_core::model::StrategyId;
use reconciler_strategies::script::template;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::script_args::NewArgs;

#[derive(Serialize)]
struct Written {
    id: String,
    file: String,
}

pub(super) fn run(args: &NewArgs, output: &mut Output) -> Result<Exit, Failure> {
    let id = args.id.strip_prefix("script:").unwrap_or(&args.id);
    StrategyId::new(format!("script:{id}")).map_err(|error| {
        Failure::told(
            format!("`{}` cannot be a script's id: {}", id.escape_debug(), error.why),
            "give one such as `team-names`",
        )
    })?;
    let file = args.scripts.join(format!("{id}.rhai"));
    let elsewhere = |what: String| Failure::told(what, "name another folder with --scripts DIR");
    let told = |error: std::io::Error| {
        let shown = file.display();
        match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure::told(format!("{shown} is there already"), "choose another id, or remove it first")
            }
            _ => elsewhere(format!("{shown} cannot be written: {error}")),
        }
    };
    let folder = &args.scripts;
    std::fs::create_dir_all(folder).map_err(|error| {
        let shown = folder.display();
        elsewhere(match folder.is_file() {
            true => format!("{shown} is a file, not a folder"),
            false => format!("{shown} cannot be made: {error}"),
        })
    })?;
    let mut created = OpenOptions::new().write(true).create_new(true).open(&file).map_err(told)?;
    created.write_all(template(id).as_bytes()).map_err(told)?;
    let written = Written { id: id.to_owned(), file: file.display().to_string() };
    output.answer("ScriptWritten", true, &written, |out| {
        writeln!(out, "{}", written.file)?;
        writeln!(out, "test it with: reconciler scripts test {}", written.file)
    })?;
    Ok(Exit::Success)
}
