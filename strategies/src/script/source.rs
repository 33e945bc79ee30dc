//! The text of a script: read from its file, and where its functions begin.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reconciler_core::manifest::Location;

use super::limits::Limits;
use super::problem::ScriptProblem;

/// How the files of scripts end.
pub(super) const EXTENSION: &str = "rhai";

/// A script's text with the name of its file.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// The path as it is shown.
    pub(super) file: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    /// Reads a script's file.
    pub(super) fn read(path: &Path) -> Result<Self, ScriptProblem> {
        let file: Arc<str> = path.display().to_string().into();
        let most = Limits::STANDARD.file;
        let refused = |code, message: String, help: &str| {
            Err(ScriptProblem::new(code, &file, message).help(help.to_owned()))
        };
        let bytes = match read_at_most(path, most) {
            Ok(bytes) => bytes,
            Err(error) => {
                return refused(
                    "script.unreadable",
                    format!("cannot be read: {error}"),
                    "check the path and its permissions",
                );
            }
        };
        if bytes.len() > most {
            let message = format!("has more than {most} bytes");
            return refused("script.limit.file", message, "split it into several scripts");
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path: path.to_owned(), file, text: text.into() }),
            Err(_) => refused("script.unreadable", "is not UTF-8".to_owned(), "save it as UTF-8"),
        }
    }

    /// The file's name without its ending: what the script's id has to be.
    pub(super) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Reads a file, but hardly more than that many bytes.
fn read_at_most(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The scripts of a folder by name, or the one script a path names.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, ScriptProblem> {
    let unreadable = |error: std::io::Error| {
        let file: Arc<str> = path.display().to_string().into();
        ScriptProblem::new("script.unreadable", &file, format!("cannot be read: {error}"))
            .help("name a folder of scripts, or one file; `reconciler scripts new ID` begins one")
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && file.is_file() && file.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Folders of cases in a folder of scripts that belong to none of them: cases
/// that nobody runs would seem to pass.
pub(super) fn stray_cases(folder: &Path, scripts: &[PathBuf]) -> Vec<ScriptProblem> {
    // A folder without cases is usual; one that cannot be read is told where a
    // case is.
    let Ok(entries) = std::fs::read_dir(folder.join("cases")) else { return Vec::new() };
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let owned = |path: &PathBuf| scripts.iter().any(|script| script.file_stem() == path.file_name());
    let mut strays: Vec<PathBuf> = folders.filter(|path| !owned(path)).collect();
    strays.sort();
    let told = |path: &PathBuf| {
        let file: Arc<str> = path.display().to_string().into();
        ScriptProblem::new("script.stray-cases", &file, "holds cases, but there is no script of that name")
            .warning()
            .help("name the folder as the script, without `.rhai`")
    };
    strays.iter().map(told).collect()
}

/// Where the functions of a script begin, in the order of the text. Rhai does
/// not say; `fn` and a name at the beginning of a line are how people write it.
pub(super) fn functions(text: &str) -> Vec<(String, Location)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let rest = trimmed.strip_prefix("private").map_or(trimmed, str::trim_start);
        let Some(rest) = rest.strip_prefix("fn").filter(|rest| rest.starts_with(' ')) else {
            continue;
        };
        let name: String =
            rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let before = line.len() - rest.trim_start().len();
        let column = line[..before].chars().count() + 1;
        if let (Ok(line), Ok(column)) = (u32::try_from(number + 1), u32::try_from(column)) {
            found.push((name, Location { line, column }));
        }
    }
    found
}

/// Where a function begins.
pub(super) fn function(text: &str, name: &str) -> Option<Location> {
    functions(text).into_iter().find(|(found, _)| found == name).map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn functions_are_found_where_people_write_them() {
        let text = "//! fn no() {}\nfn one() {}\n  private fn two(x) {\n    fnord();\n}\nlet fn_x = 1;\n";
        let found: Vec<String> = functions(text).iter().map(|(name, at)| format!("{name} {at}")).collect();
        assert_eq!(found, ["one 2:4", "two 3:14"]);
    }
}
