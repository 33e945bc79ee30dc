//! Secrets that stand in files: read in one way, whatever they open.

use std::path::{Path, PathBuf};

use reconciler_core::config::{Key, Setting, Settings, keys};

use crate::failure::Failure;

/// More than any token, password or proxy has; a file of this size is another.
const LARGEST: u64 = 64 * 1024;

/// A secret, from its own key or from the file that the other key names. The
/// settings hold one of the two at most.
pub(crate) fn secret(
    settings: &Settings,
    text: Key<Option<String>>,
    file: Key<Option<PathBuf>>,
) -> Result<Option<String>, Failure> {
    match settings.path(file) {
        Some(path) => read(file.path(), path).map(Some),
        None => Ok(settings.text(text).map(str::to_owned)),
    }
}

/// Reads a file with a secret, without the line end that editors add.
pub(crate) fn read(key: &str, path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;

    let shown = path.display();
    let advice = "make it a file that holds the secret and nothing else, and that this user may read";
    let refused = |what: String| Failure::told(format!("{key}: {what}"), advice);
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| refused(format!("cannot read {shown}: {error}")))?;
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| refused(format!("cannot read {shown}: {error}")))?;
    if text.len() as u64 > LARGEST {
        return Err(refused(format!("{shown} is larger than 64 KiB")));
    }
    match text.trim_end_matches(['\r', '\n']) {
        line if line.trim().is_empty() => Err(refused(format!("{shown} is empty"))),
        line => Ok(line.to_owned()),
    }
}

/// The files with secrets that the settings name.
fn files(settings: &Settings) -> impl Iterator<Item = (Setting<'_>, PathBuf)> {
    let named: Vec<String> = settings.entries().filter_map(|entry| entry.spec().file_key()).collect();
    settings.entries().filter(move |entry| named.iter().any(|path| path == entry.spec().path)).filter_map(
        |entry| {
            let path = PathBuf::from(entry.shown()?);
            Some((entry, path))
        },
    )
}

/// What must be said of them, and of the keys of certificates: that others may
/// read them. It is not refused, because some systems mount secrets so that
/// everybody in a container may.
pub(crate) fn warnings(settings: &Settings) -> Vec<String> {
    let keys = [keys::HTTP_TLS_KEY, keys::VAULT_CLIENT_KEY].into_iter();
    let keys = keys.filter_map(|key| others_may(key.path(), settings.path(key)?));
    files(settings).filter_map(|(entry, path)| others_may(entry.spec().path, &path)).chain(keys).collect()
}

/// Everything that is wrong with them.
pub(crate) fn failures(settings: &Settings) -> Vec<Failure> {
    files(settings).filter_map(|(entry, path)| read(entry.spec().path, &path).err()).collect()
}

#[cfg(unix)]
fn others_may(key: &str, path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "{key}: others than its owner have access to {} (mode {mode:04o}); `chmod 600` it",
            path.display()
        )
    })
}

#[cfg(not(unix))]
fn others_may(_key: &str, _path: &Path) -> Option<String> {
    None
}
