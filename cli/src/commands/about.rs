//! `version` and `completion`: what the program says about itself.

use std::io::Write;

use clap::CommandFactory;
use serde::Serialize;

use crate::args::{Cli, CompletionArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
}

pub(crate) fn version(output: &mut Output) -> Result<Exit, Failure> {
    let version = Version { name: "reconciler", version: env!("CARGO_PKG_VERSION") };
    output.answer("Version", true, &version, |out| writeln!(out, "{} {}", version.name, version.version))?;
    Ok(Exit::Success)
}

pub(crate) fn completion(args: &CompletionArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "reconciler", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Success)
}
