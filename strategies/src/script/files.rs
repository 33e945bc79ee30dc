//! The files of scripts: found in folders, told apart from what is none, read
//! within bounds.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{ScriptProblem, Severity};
use reconciler_core::model::visible;

/// How the files of scripts end.
const EXTENSION: &str = "rhai";

/// The scripts of some paths, and what is wrong with what else is there.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) scripts: Vec<PathBuf>,
    pub(super) problems: Vec<ScriptProblem>,
    required: bool,
    /// The folders and names of the scripts, whatever way leads there.
    seen: BTreeSet<(PathBuf, Option<OsString>)>,
}

/// Finds the scripts of folders, by name, and single files. What is named twice
/// is found once. A folder without scripts is wrong if some are required, and
/// else odd.
pub(super) fn find(paths: &[PathBuf], required: bool) -> Found {
    let mut found = Found { required, ..Found::default() };
    for path in paths {
        if let Err(error) = found.look(path) {
            let help = "name a folder of scripts, or one file; `reconciler scripts new ID` begins one";
            found.problems.push(unreadable(path, &error, help));
        }
    }
    found
}

impl Found {
    fn look(&mut self, path: &Path) -> io::Result<()> {
        if !fs::metadata(path)?.is_dir() {
            self.add(path.to_owned());
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            entries.push(entry?.path());
        }
        entries.sort();
        let (mut scripts, troubles) = (Vec::new(), self.problems.len());
        for entry in entries {
            match kind(&entry) {
                Kind::Script => scripts.push(entry),
                Kind::Other => {}
                Kind::Odd(problem) => self.problems.push(problem),
            }
        }
        let wrong = self.problems[troubles..].iter().any(|problem| problem.severity == Severity::Error);
        if scripts.is_empty() && !wrong {
            let problem = about(path, "script.none", "holds no script: no file whose name ends in `.rhai`")
                .help("name another folder; `reconciler scripts new ID` begins one");
            self.problems.push(if self.required { problem } else { problem.warning() });
        }
        self.problems.extend(stray_cases(path, &scripts));
        scripts.into_iter().for_each(|script| self.add(script));
        Ok(())
    }

    fn add(&mut self, script: PathBuf) {
        // A script is named by its file: what a link points at is not looked at.
        let folder = script.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        if self.seen.insert((folder, script.file_name().map(OsStr::to_owned))) {
            self.scripts.push(script);
        }
    }
}

/// What an entry of a folder is.
enum Kind {
    Script,
    Other,
    /// It looks like a script, and cannot be one.
    Odd(ScriptProblem),
}

fn kind(path: &Path) -> Kind {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let Some(extension) = path.extension().filter(|_| !hidden) else { return Kind::Other };
    if extension != EXTENSION {
        if !extension.eq_ignore_ascii_case(EXTENSION) {
            return Kind::Other;
        }
        let problem = about(path, "script.ignored", "is not read: the names of scripts end in `.rhai`");
        return Kind::Odd(problem.warning().help("rename it"));
    }
    match regular(path) {
        Ok(()) => Kind::Script,
        Err(error) => Kind::Odd(unreadable(path, &error, "mend it, or take it out of the folder")),
    }
}

/// Refuses what is no regular file, or a link to one.
fn regular(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::Error::other("it is a folder")),
        _ => Err(io::Error::other("it is no regular file")),
    }
}

/// Reads a file, but hardly more than that many bytes.
pub(super) fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // To open a pipe is to wait for somebody who writes to it.
    regular(path)?;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file's bytes as text, without the mark that some editors begin it with.
pub(super) fn text(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Folders of cases in a folder of scripts that belong to none of them: cases
/// that nobody runs would seem to pass.
fn stray_cases(folder: &Path, scripts: &[PathBuf]) -> Vec<ScriptProblem> {
    // A folder without cases is usual; one that cannot be read is told where a
    // case is.
    let Ok(entries) = fs::read_dir(folder.join("cases")) else { return Vec::new() };
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let owned = |path: &PathBuf| scripts.iter().any(|script| script.file_stem() == path.file_name());
    let mut strays: Vec<PathBuf> = folders.filter(|path| !owned(path)).collect();
    strays.sort();
    let told = |path: &PathBuf| {
        about(path, "script.stray-cases", "holds cases, but there is no script of that name")
            .warning()
            .help("name the folder as the script, without `.rhai`")
    };
    strays.iter().map(told).collect()
}

fn about(path: &Path, code: &'static str, message: impl Into<String>) -> ScriptProblem {
    let file: Arc<str> = visible(path.display().to_string()).into();
    ScriptProblem::new(code, &file, message)
}

fn unreadable(path: &Path, error: &io::Error, help: &str) -> ScriptProblem {
    about(path, "script.unreadable", format!("cannot be read: {error}")).help(help)
}
