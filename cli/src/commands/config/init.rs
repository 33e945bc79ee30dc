//! `config init`: a file to begin with.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use reconciler_core::config::template;
use serde::Serialize;

use super::args::InitArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct Template<'t> {
    /// The file that was written, if one was.
    file: Option<String>,
    text: &'t str,
}

pub(super) fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let text = template();
    if let Some(path) = &args.out {
        write(path, &text)?;
    }
    let file = args.out.as_ref().map(|path| path.display().to_string());
    let answer = Template { file, text: &text };
    output.answer("ConfigTemplate", true, &answer, |out| match &answer.file {
        Some(file) => {
            writeln!(out, "{file} is written; name it with --config or BLACKSMITH_RECONCILER_CONFIG")
        }
        None => out.write_all(text.as_bytes()),
    })?;
    Ok(Exit::Success)
}

/// Makes the file; it will hold names of servers and perhaps passwords.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let advice = "choose a path that is not taken, in a folder that may be written";
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::told(format!("failed to write {}: {error}", path.display()), advice))
}
