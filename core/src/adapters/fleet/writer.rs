//! Writes a fleet's folder, so that a broken one never looks like a whole one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use serde::Serialize;

use super::super::SourceError;
use super::captured::DECISIONS;
use super::forge;
use super::wire::{WireDeployment, WireInfo};
use crate::decisions::CapturedRun;
use crate::manifest::secrets::{KnownNames, Seal, sealed_index};
use crate::manifest::{Deployment, code};
use crate::model::{Catalog, DeploymentName, DeploymentSummary, JsonObject};

/// The Director's list, whose presence makes a folder a fleet.
pub(super) const LIST: &str = "director/deployments.json";
/// Which manifests are lacking, and the code of what was wrong, by deployment.
pub(super) const UNREAD: &str = "director/unread.json";

/// A folder that becomes a fleet: files only their owner may read, every secret
/// hidden under a seal.
///
/// It is a fleet once [`finish`](Self::finish) has written the Director's list,
/// and it stays once it is [kept](Self::keep): whoever looks first at what was
/// written does so in between. What is never kept is removed again; if the
/// program is killed before it is finished, the folder is no fleet.
#[derive(Debug)]
pub struct FleetWriter {
    root: PathBuf,
    seal: Seal,
    summaries: Vec<DeploymentSummary>,
    unread: BTreeMap<DeploymentName, Lacking>,
    manifests: usize,
    /// The folder and those above it that were made here, the deepest first.
    made: Vec<PathBuf>,
    kept: bool,
}

impl FleetWriter {
    /// Takes a folder: one that does not exist yet, or an empty one.
    ///
    /// # Errors
    /// If something is in it, or it cannot be made.
    pub fn create(root: impl Into<PathBuf>, seal: Seal) -> Result<Self, SourceError> {
        let root = root.into();
        let made = match fs::read_dir(&root) {
            Ok(mut entries) => match entries.next() {
                None => Vec::new(),
                Some(_) => {
                    return Err(SourceError::new(&root, "is not empty, and nothing in it is overwritten")
                        .advise("name a folder that does not exist yet"));
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let lacks = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
                root.ancestors().take_while(lacks).map(Path::to_owned).collect()
            }
            Err(error) => return Err(unwritable(&root, &error)),
        };
        let writer = Self {
            root,
            seal,
            summaries: Vec::new(),
            unread: BTreeMap::new(),
            manifests: 0,
            made,
            kept: false,
        };
        writer.folder(&writer.root)?;
        writer.folder(&writer.root.join("director/manifests"))?;
        Ok(writer)
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Adds a deployment, its manifest with its secrets hidden.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn deployment(&mut self, deployment: &Deployment, known: KnownNames<'_>) -> Result<(), SourceError> {
        let name = &deployment.summary.name;
        let kept = if deployment.manifest.is_unread() {
            let why = deployment.manifest.unread_because().unwrap_or_default().to_owned();
            Err(Lacking { code: code::UNREAD, why })
        } else {
            let sealed = deployment.manifest.sealed(&self.seal, known);
            sealed.map_err(|why| Lacking { code: code::TOO_LARGE, why })
        };
        let file = format!("{name}.yml");
        match kept {
            // Most file systems end a name here.
            Ok(Some(_)) if file.len() > 255 => {
                let why = "its name is too long for a file's".to_owned();
                self.unread.insert(name.clone(), Lacking { code: NAME_TOO_LONG, why });
            }
            Ok(Some(bytes)) => {
                self.write(&format!("director/manifests/{file}"), &bytes)?;
                self.manifests += 1;
            }
            Ok(None) => {}
            Err(lacking) => {
                self.unread.insert(name.clone(), lacking);
            }
        }
        self.summaries.push(DeploymentSummary::clone(&deployment.summary));
        Ok(())
    }

    /// Whether a manifest is lacking so far.
    #[must_use]
    pub fn lacks_anything(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Adds the catalog. Of the plans' own manifests what a plan deploys is kept,
    /// and nothing else.
    ///
    /// # Errors
    /// If it cannot be laid out as a fleet's, or a file cannot be written.
    pub fn catalog(&self, catalog: &Catalog) -> Result<(), SourceError> {
        let files = forge::laid_out(catalog)
            .map_err(|why| SourceError::new(&self.root, why).advise("capture with another --catalog"))?;
        files.iter().try_for_each(|(file, text)| self.write(file, text.as_bytes()))
    }

    /// Adds the index, its secrets hidden.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn index(&self, index: &JsonObject) -> Result<(), SourceError> {
        self.json("index.json", &sealed_index(index, &self.seal))
    }

    /// Adds what was decided.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn decisions(&self, run: &CapturedRun) -> Result<(), SourceError> {
        // There are many of them, and nobody reads them here.
        let text = serde_json::to_vec(run).map_err(|error| self.not_json(DECISIONS, &error))?;
        self.write(DECISIONS, &text)
    }

    /// Makes the folder a fleet: the Director's list comes last. It is removed
    /// all the same unless it is [kept](Self::keep).
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(&mut self, name: &str, uuid: &str, version: &str) -> Result<WrittenFleet, SourceError> {
        let info = WireInfo { name: name.to_owned(), uuid: uuid.to_owned(), version: version.to_owned() };
        self.json("director/info.json", &info)?;
        if !self.unread.is_empty() {
            // Words may quote the Director or a path of this machine: they stay here.
            let codes: BTreeMap<_, _> =
                self.unread.iter().map(|(name, lacking)| (name, lacking.code)).collect();
            self.json(UNREAD, &codes)?;
        }
        let list: Vec<WireDeployment> = self.summaries.iter().map(WireDeployment::from).collect();
        let partial = "director/.deployments.json";
        self.json(partial, &list)?;
        let (from, to) = (self.root.join(partial), self.root.join(LIST));
        // Never half a list under its name.
        File::open(&from)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&from, &to))
            .map_err(|error| unwritable(&to, &error))?;
        let unread = std::mem::take(&mut self.unread);
        let unread = unread.into_iter().map(|(name, lacking)| (name, lacking.why)).collect();
        Ok(WrittenFleet { manifests: self.manifests, unread })
    }

    /// Lets the folder stay.
    pub fn keep(mut self) {
        self.kept = true;
    }

    fn json(&self, file: &str, value: &impl Serialize) -> Result<(), SourceError> {
        let mut text = serde_json::to_vec_pretty(value).map_err(|error| self.not_json(file, &error))?;
        text.push(b'\n');
        self.write(file, &text)
    }

    fn not_json(&self, file: &str, error: &serde_json::Error) -> SourceError {
        SourceError::new(&self.root.join(file), format!("cannot be written as JSON: {error}"))
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<(), SourceError> {
        let path = self.root.join(file);
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let written = options.open(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| unwritable(&path, &error))
    }

    fn folder(&self, folder: &Path) -> Result<(), SourceError> {
        // An empty folder that was there is its owner's business: everything in it
        // is closed to others by itself.
        if folder.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        let made = builder.create(folder);
        made.map_err(|error| unwritable(folder, &error))
    }
}

/// A folder that was never kept leaves nothing behind.
impl Drop for FleetWriter {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // First what makes it a fleet, should this be cut short.
        let _ = fs::remove_file(self.root.join(LIST));
        // Everything in the folder was written here: it was empty before. A
        // failure leaves files that are no fleet.
        let _ = if let [root, above @ ..] = &self.made[..] {
            // Above, what somebody else put there meanwhile stays.
            fs::remove_dir_all(root).and_then(|()| above.iter().try_for_each(fs::remove_dir))
        } else {
            let own = ["director", "catalog", "index.json", "catalog.json", DECISIONS];
            own.iter().map(|name| self.root.join(name)).try_for_each(|path| match path.is_dir() {
                true => fs::remove_dir_all(&path),
                false if path.exists() => fs::remove_file(&path),
                false => Ok(()),
            })
        };
    }
}

/// The code of a manifest whose file would have too long a name.
const NAME_TOO_LONG: &str = "manifest.name-too-long";

/// A manifest that is not in the fleet.
#[derive(Debug)]
struct Lacking {
    /// What the fleet says of it.
    code: &'static str,
    /// What a person is told.
    why: String,
}

/// A fleet that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenFleet {
    /// How many manifests are in it.
    pub manifests: usize,
    /// The deployments whose manifest is lacking, and why.
    pub unread: BTreeMap<DeploymentName, String>,
}

fn unwritable(path: &Path, error: &io::Error) -> SourceError {
    SourceError::new(path, format!("cannot be written: {error}"))
        .advise("name a folder in a place that you may write to")
}

/// The names of folders for things that keep an order: their own names if these
/// sort so, on every file system, and else with a number before.
pub(super) fn folder_names(names: &[&str]) -> Vec<String> {
    let folded: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    if names.is_sorted() && folded.len() == names.len() {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    let width = names.len().to_string().len();
    let numbered = names.iter().enumerate().map(|(at, name)| {
        let number = format!("{at:0width$}");
        let whole = format!("{number}-{name}");
        if whole.len() > 255 { number } else { whole }
    });
    numbered.collect()
}
