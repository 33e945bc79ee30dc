//! Reads files with a limit, and says which file and which place is wrong.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::manifest::{Document, Location};

/// The largest file that is read whole, in bytes. A list of 50,000 deployments
/// is about 20 MB.
pub(super) const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// A file that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceError {
    /// The file or folder.
    pub path: PathBuf,
    /// The place in it, where there is one.
    pub at: Option<Location>,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl SourceError {
    pub(super) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at: None, reason: reason.into(), advice: None }
    }

    pub(super) fn at(mut self, at: Option<Location>) -> Self {
        self.at = at;
        self
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::new(path, format!("cannot be read: {error}"))
    }

    /// What serde has against a file. Its message names fields, types and
    /// places; the values it may quote are cut off.
    pub(super) fn json(path: &Path, error: &serde_json::Error) -> Self {
        let at = (error.line() > 0).then(|| Location {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX),
        });
        let reason = match error.classify() {
            serde_json::error::Category::Eof => "the JSON breaks off".to_owned(),
            serde_json::error::Category::Syntax => "is not JSON from here on".to_owned(),
            _ => misfit(&error.to_string()),
        };
        // A column of 0 is the end of the line before; no editor counts so.
        Self::new(path, reason).at(at.map(|at| Location { column: at.column.max(1), ..at }))
    }
}

/// What serde says about a value that does not fit, without the value: it may
/// be a secret. Only what follows the last `expected` is sure to be serde's own.
fn misfit(message: &str) -> String {
    let what = message.rsplit_once(" at line ").map_or(message, |(what, _place)| what);
    let quotes_a_value = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    if !quotes_a_value.iter().any(|start| what.starts_with(start)) {
        return format!("does not fit: {what}");
    }
    match what.rsplit_once("expected ") {
        Some((_value, expected)) => format!("does not fit: expected {expected} here"),
        None => "is JSON of another shape than expected".to_owned(),
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for SourceError {}

/// Reads a file up to a limit; a longer one comes back cut, one byte too long.
pub(super) fn read_up_to(path: &Path, limit: u64) -> Result<Vec<u8>, SourceError> {
    let file = std::fs::File::open(path).map_err(|error| SourceError::io(path, &error))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| SourceError::io(path, &error))?;
    Ok(bytes)
}

/// Reads a text file whole.
pub(super) fn read_text(path: &Path) -> Result<String, SourceError> {
    let bytes = read_up_to(path, LARGEST_FILE)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(SourceError::new(path, format!("is larger than {} MiB", LARGEST_FILE / (1024 * 1024))));
    }
    String::from_utf8(bytes).map_err(|error| {
        SourceError::new(path, format!("is not UTF-8: byte {} is not", error.utf8_error().valid_up_to() + 1))
    })
}

/// Reads a YAML file; a file with a fault is an error here.
pub(super) fn read_yaml(path: &Path) -> Result<Document, SourceError> {
    let document = Document::parse(&read_text(path)?);
    let fault = document.faults().next().map(|problem| {
        SourceError::new(path, format!("{} [{}]", problem.message, problem.code)).at(problem.at)
    });
    fault.map_or(Ok(document), Err)
}

/// The entries of a folder in the order of their names, as Blacksmith reads
/// them; hidden ones are left out.
pub(super) fn folder_entries(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|error| SourceError::io(path, &error))?;
    entries.retain(|entry| entry.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Shape {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "count")]
        _count: u8,
    }

    #[test]
    fn a_misfit_is_named_with_its_place_and_without_its_value() {
        for (text, expected) in [
            (r#"{"count": 1}"#, "f.json:1:12: does not fit: missing field `name`"),
            ("{\"name\":\n 5}", "f.json:2:2: does not fit: expected a string here"),
            (
                r#"{"name": "", "count": "hunter2, expected hunter2"}"#,
                "f.json:1:49: does not fit: expected u8 here",
            ),
            (r#"{"name": "", "count": 777}"#, "f.json:1:25: does not fit: expected u8 here"),
            (r#"{"name": "hun"#, "f.json:1:13: the JSON breaks off"),
            (r#"{"name" "hunter2"}"#, "f.json:1:9: is not JSON from here on"),
        ] {
            let error = serde_json::from_str::<Shape>(text).unwrap_err();
            assert_eq!(SourceError::json(Path::new("f.json"), &error).to_string(), expected);
        }
    }
}
