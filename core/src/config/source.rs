//! The sources of a configuration, as the program hands them over.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::gathered::Gathered;
use super::{Finding, Origin, suggestion};
use crate::manifest::Limits;

/// All sources besides the defaults, weakest first.
#[derive(Default)]
pub struct Sources {
    /// The file, if there is one.
    pub file: Option<SourceFile>,
    /// The whole environment, such as `std::env::vars_os().collect()`; what is
    /// not ours is not looked at.
    pub environment: Vec<(OsString, OsString)>,
    /// The flags that were given. If two set the same key, the later one
    /// counts.
    pub flags: Vec<FlagText>,
}

/// Says how many variables there are; a derived one would print their values.
impl fmt::Debug for Sources {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sources")
            .field("file", &self.file)
            .field("environment", &self.environment.len())
            .field("flags", &self.flags)
            .finish()
    }
}

/// A file with what it holds, or why that is not known.
pub struct SourceFile {
    pub(super) name: Arc<str>,
    pub(super) content: Result<Vec<u8>, String>,
}

impl SourceFile {
    /// A file that was read already. The name is what errors call it.
    #[must_use]
    pub fn of(name: impl Into<Arc<str>>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: Ok(bytes.into()) }
    }

    /// Reads a file. That it cannot be read is an error of
    /// [`Settings::load`](super::Settings::load), beside those of the other
    /// sources.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self {
            name: path.display().to_string().into(),
            content: bounded(path).map_err(|error| error.to_string()),
        }
    }
}

/// Reads one byte more than is accepted, so that an endless file ends and is
/// refused for its size.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = Limits::STANDARD.bytes as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Says how large it is; a derived one would print the broker's passwords.
impl fmt::Debug for SourceFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.content.as_ref().map(Vec::len);
        write!(out, "SourceFile({:?}, {length:?} bytes)", self.name)
    }
}

/// What a flag says about a key.
pub struct FlagText {
    path: String,
    text: String,
    spelling: String,
}

impl FlagText {
    /// A flag: the key it sets, its raw text, and how it is spelled on the
    /// command line.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>, spelling: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), spelling: spelling.into() }
    }
}

/// Without the text, which may be a secret.
impl fmt::Debug for FlagText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FlagText({} sets {})", self.spelling, self.path)
    }
}

/// Adds what the flags say.
pub(super) fn gather_flags(flags: &[FlagText], gathered: &mut Gathered) {
    for flag in flags {
        let origin = Origin::Flag { name: flag.spelling.clone() };
        match gathered.table.row_of(&flag.path) {
            Some(row) => gathered.text(row, origin, &flag.text),
            None => {
                let next = suggestion::for_path(gathered.table, &flag.path);
                let error = Finding::about(origin, &flag.path, "there is no such key", next);
                gathered.errors.push(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_keeps_the_reason() {
        let file = SourceFile::read(Path::new("no/such/blacksmith.conf"));
        assert_eq!(&*file.name, "no/such/blacksmith.conf");
        assert!(file.content.is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        let sources = Sources {
            file: Some(SourceFile::of("a.conf", "password: hunter2")),
            environment: vec![("BLACKSMITH_RECONCILER_FLEET".into(), "hunter2".into())],
            flags: vec![FlagText::new("fleet", "hunter2", "--fleet")],
        };
        let shown = format!("{sources:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("17") && shown.contains("--fleet"), "{shown}");
    }
}
