//! The file of a saved plan. It holds no values, but names every instance: only
//! its owner may read it, and what was computed must not be changed by others.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use reconciler_core::manager::{InvalidPlan, Plan, RunError};

use crate::failure::Failure;

/// The largest plan that is read: 100,000 instances take about 100 MB.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Reads a saved plan.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let advice = "save a plan with `reconciler plan --out FILE`";
    let told = |what: String| Failure::told(format!("{}: {what}", path.display()), advice);
    let length = fs::metadata(path).map_err(|error| told(format!("cannot be read: {error}")))?.len();
    if length > LARGEST {
        return Err(told(format!("is larger than {} MiB", LARGEST / (1024 * 1024))));
    }
    refuse_wide(path)?;
    let text = fs::read_to_string(path).map_err(|error| told(format!("cannot be read: {error}")))?;
    Plan::parse(&text).map_err(|error| match error {
        InvalidPlan::OtherFormat(_) => RunError::Refused {
            reason: format!("{} {error}", path.display()),
            advice: "make a new plan with this version: `reconciler plan --out FILE`".to_owned(),
        }
        .into(),
        error => told(error.to_string()),
    })
}

/// Whether a plan may be saved there, before anybody is asked anything.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let told = |what: &str, advice: &str| Failure::told(format!("--out {}: {what}", path.display()), advice);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(told(&format!("cannot be looked at: {error}"), "name another file")),
        Ok(found) if !found.is_file() => return Err(told("is no regular file", "name another file")),
        Ok(_) => refuse_wide(path)?,
    }
    match folder(path) {
        Some(folder) if !folder.is_dir() => Err(told("its folder does not exist", "make the folder first")),
        _ => Ok(()),
    }
}

/// Saves a plan, as a whole or not at all.
pub(crate) fn write(path: &Path, plan: &Plan) -> Result<(), Failure> {
    check(path)?;
    let beside = beside(path);
    let written = write_beside(&beside, plan).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // What is half done is of no use to anybody.
        let _ = fs::remove_file(&beside);
        Failure::told(
            format!("{}: the plan cannot be saved: {error}", path.display()),
            "name a file in a folder that you may write to",
        )
    })?;
    if let Some(folder) = folder(path) {
        // The plan is there; only a loss of power could still take its name.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn write_beside(path: &Path, plan: &Plan) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(plan.to_text().as_bytes())?;
    file.sync_all()
}

/// A name in the same folder, of this process.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// Refuses a file that others than its owner may open.
#[cfg(unix)]
fn refuse_wide(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::told(
        format!("{}: others than its owner may open it (mode {mode:04o})", path.display()),
        format!("`chmod 600 {}`, or name another file", path.display()),
    ))
}

#[cfg(not(unix))]
fn refuse_wide(_path: &Path) -> Result<(), Failure> {
    Ok(())
}
