//! A set of scripts that can be replaced while the program runs.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sha2::{Digest as _, Sha256};

use super::files;
use super::problem::ScriptProblems;
use super::set::{ScriptOptions, ScriptSet};
use super::source::Source;
use super::trial;

/// What came of reading the scripts again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reload {
    /// Nothing has changed.
    Unchanged,
    /// The next run uses these.
    Replaced(Arc<ScriptSet>),
    /// The set stays as it was, for these reasons.
    Refused(ScriptProblems),
}

/// The scripts in use. A run takes the set once, at its start, and keeps it: it
/// never sees two.
#[derive(Debug)]
pub struct LiveScripts {
    paths: Vec<PathBuf>,
    options: ScriptOptions,
    /// Locked for as long as it takes to copy a pointer, never while a script
    /// runs.
    current: RwLock<Arc<ScriptSet>>,
    refused: RwLock<Option<ScriptProblems>>,
    /// Held while a set is built, so that an older one never comes last.
    building: Mutex<()>,
}

impl LiveScripts {
    /// Reads the first set.
    ///
    /// # Errors
    /// Everything that is wrong with any of the scripts.
    pub fn open(paths: Vec<PathBuf>, options: ScriptOptions) -> Result<Self, ScriptProblems> {
        let set = Arc::new(ScriptSet::load(&paths, &options)?);
        Ok(Self {
            paths,
            options,
            current: RwLock::new(set),
            refused: RwLock::new(None),
            building: Mutex::new(()),
        })
    }

    /// The set in use.
    #[must_use]
    pub fn current(&self) -> Arc<ScriptSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the last attempt to replace the set failed, if it did.
    #[must_use]
    pub fn refused(&self) -> Option<ScriptProblems> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Identifies what stands in the files now, whatever is in use. Files that
    /// cannot be read count too, so that one that comes back is noticed.
    #[must_use]
    pub fn print_on_disk(&self) -> String {
        let mut print = Sha256::new();
        let found = files::find(&self.paths, self.options.require_scripts);
        for problem in &found.problems {
            print.update(problem.to_string().as_bytes());
            print.update([0]);
        }
        for file in &found.scripts {
            print.update(file.to_string_lossy().as_bytes());
            match Source::read(file) {
                Ok(source) => print.update(source.text.as_bytes()),
                Err(problem) => print.update(problem.to_string().as_bytes()),
            }
            print.update([0]);
        }
        print.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads the scripts again: builds a whole new set, checks and tests it, and
    /// only then puts it in the place of the old one.
    pub fn reload(&self) -> Reload {
        let fits = |_: &ScriptSet| Ok::<(), Infallible>(());
        self.reload_if(fits).unwrap_or_else(|never| match never {})
    }

    /// The same, unless the new set does not fit what else is in use: then the
    /// old one stays, too.
    ///
    /// # Errors
    /// What `fits` says of the new set.
    pub fn reload_if<E>(&self, fits: impl FnOnce(&ScriptSet) -> Result<(), E>) -> Result<Reload, E> {
        let _building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.build();
        if let Reload::Replaced(set) = &outcome {
            fits(set)?;
        }
        let refused = match &outcome {
            Reload::Refused(problems) => Some(problems.clone()),
            Reload::Unchanged | Reload::Replaced(_) => None,
        };
        *self.refused.write().unwrap_or_else(PoisonError::into_inner) = refused;
        if let Reload::Replaced(set) = &outcome {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(set);
        }
        Ok(outcome)
    }

    fn build(&self) -> Reload {
        let set = match ScriptSet::load(&self.paths, &self.options) {
            Ok(set) => set,
            Err(problems) => return Reload::Refused(problems),
        };
        let content = |set: &ScriptSet| -> Vec<(String, String)> {
            set.scripts().iter().map(|script| (script.file().to_owned(), script.hash().to_owned())).collect()
        };
        if content(&set) == content(&self.current()) {
            return Reload::Unchanged;
        }
        let failures = trial::failures(&set);
        if failures.is_empty() {
            Reload::Replaced(Arc::new(set))
        } else {
            Reload::Refused(ScriptProblems(failures))
        }
    }
}
