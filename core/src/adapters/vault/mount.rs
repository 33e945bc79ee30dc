//! Where the secrets are: the mount, found as the vault CLI finds it, and the
//! folder below it.
//!
//! Whether a mount is KV v2 has to be known before anything else: below KV v1
//! the paths of v2 are plain names, so that everything reads as absent and a
//! write is taken without its check.

use super::connection::Connection;
use super::errand::Errand;
use super::refusal::{Refused, judge_read};
use super::settings::{DEFAULT_MOUNT, VaultSettings};
use super::wire::{self, MountAnswer};
use crate::adapters::http::{Method, StatusCode};
use crate::ports::{PortError, PortErrorKind};

/// A place in a KV v2 engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The mount, without slashes at its ends.
    pub(super) mount: String,
    /// The folder below it; empty for the top.
    pub(super) prefix: String,
    /// Whether Vault said so, or the settings.
    pub(super) is_confirmed: bool,
}

impl Place {
    /// A path of the store as a path below the mount.
    pub(super) fn below(&self, path: &str) -> String {
        join(&self.prefix, path)
    }
}

/// Two parts of a path, either of which may be empty.
pub(super) fn join(above: &str, below: &str) -> String {
    match (above.is_empty(), below.is_empty()) {
        (true, _) => below.to_owned(),
        (_, true) => above.to_owned(),
        _ => format!("{above}/{below}"),
    }
}

/// Asks Vault where the mount of the settings ends and which version it is.
pub(super) async fn find(connection: &Connection, settings: &VaultSettings) -> Result<Place, PortError> {
    let mount = settings.mount.as_deref().unwrap_or(DEFAULT_MOUNT);
    let (mount, prefix) = (mount.trim_matches('/'), settings.prefix.trim_matches('/'));
    let full = join(mount, prefix);
    let errand = Errand::new("find the mount", &full);
    check_path(&errand, &full)?;
    let call = errand.call(Method::GET, "/v1/sys/internal/ui/mounts/*path", &[&full]).judge(judge_read);
    let answer = match connection.send(&errand, call).await {
        // A token that may not ask about itself: as good a 403 as any.
        Err(error) if error.kind == PortErrorKind::Denied && settings.assume_version_2 => {
            return Ok(unconfirmed(mount, prefix));
        }
        outcome => outcome?,
    };
    match answer.status {
        StatusCode::OK => {}
        StatusCode::FORBIDDEN if settings.assume_version_2 => {
            return Ok(unconfirmed(mount, prefix));
        }
        StatusCode::FORBIDDEN => {
            return Err(errand.advise(
                PortErrorKind::Denied,
                "there is no such mount, or the token's policies reach nothing in it",
                format!(
                    "check the mount with `vault secrets list`, and give the token a policy on \
                     `{mount}/data/*`; `reconciler doctor` prints the smallest one"
                ),
            ));
        }
        StatusCode::NOT_FOUND => {
            return Err(errand.advise(
                PortErrorKind::Unsupported,
                Refused::read(&answer).describe("Vault cannot be asked about its mounts"),
                "check the address and the namespace; Vault 0.10 or newer is needed",
            ));
        }
        _ => return Err(Refused::read(&answer).error(&errand)),
    }
    let found: MountAnswer = wire::data(&errand, &answer)?;
    place(&errand, &full, &found)
}

fn unconfirmed(mount: &str, prefix: &str) -> Place {
    Place { mount: mount.to_owned(), prefix: prefix.to_owned(), is_confirmed: false }
}

fn place(errand: &Errand<'_>, full: &str, found: &MountAnswer) -> Result<Place, PortError> {
    let mount = found.path.trim_matches('/');
    let prefix = match full.strip_prefix(mount) {
        Some("") => "",
        Some(rest) if rest.starts_with('/') && !mount.is_empty() => &rest[1..],
        _ => {
            return Err(wire::malformed(
                errand,
                format!("Vault answered the mount `{mount}`, which does not hold this path"),
            ));
        }
    };
    if found.kind != "kv" && found.kind != "generic" {
        return Err(errand.advise(
            PortErrorKind::Unsupported,
            format!("`{mount}` is an engine of type `{}`", found.kind),
            "name the mount of a KV v2 engine",
        ));
    }
    let options = found.options.as_ref();
    let version = options.and_then(|options| options.get("version").cloned().flatten());
    if version.as_deref() != Some("2") {
        return Err(errand.advise(
            PortErrorKind::Unsupported,
            format!(
                "`{mount}` is KV version 1, which has neither versions nor check-and-set: a \
                 write could undo somebody else's unseen"
            ),
            format!(
                "upgrade it with `vault kv enable-versioning {mount}/` (secrets stay; who reads \
                 the HTTP API directly needs the paths of version 2 then), or name another mount"
            ),
        ));
    }
    Ok(Place { mount: mount.to_owned(), prefix: prefix.to_owned(), is_confirmed: true })
}

/// Refuses a path that would name another place, or none.
pub(super) fn check_path(errand: &Errand<'_>, path: &str) -> Result<(), PortError> {
    let why = if path.is_empty() {
        "the path is empty"
    } else if path.split('/').any(str::is_empty) {
        "the path has an empty segment, or a slash at one of its ends"
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        "`.` and `..` are steps, not names"
    } else if path.chars().any(char::is_control) {
        "the path holds characters that cannot be printed"
    } else {
        return Ok(());
    };
    Err(errand.advise(PortErrorKind::Local, why, "give the path below the mount, as `db`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, kind: &str, version: Option<&str>) -> MountAnswer {
        let options = version.map(|version| ("version".to_owned(), Some(version.to_owned())));
        MountAnswer {
            path: path.to_owned(),
            kind: kind.to_owned(),
            options: options.map(|option| [option].into()),
        }
    }

    #[test]
    fn the_mount_ends_where_vault_says() {
        let errand = Errand::new("find the mount", "team/kv/blacksmith");
        let on = |path: &str| {
            place(&errand, "team/kv/blacksmith", &answer(path, "kv", Some("2")))
                .map(|place| (place.mount, place.prefix))
        };
        assert_eq!(on("team/kv/").unwrap(), ("team/kv".into(), "blacksmith".into()));
        assert_eq!(on("team/kv/blacksmith/").unwrap().1, "");
        for other in ["team/k/", "secret/", ""] {
            assert_eq!(on(other).unwrap_err().kind, PortErrorKind::Malformed, "{other}");
        }
    }

    #[test]
    fn only_version_2_will_do() {
        let errand = Errand::new("find the mount", "secret");
        for found in [
            answer("secret/", "kv", Some("1")),
            answer("secret/", "kv", None),
            answer("secret/", "generic", None),
            answer("secret/", "pki", None),
        ] {
            let error = place(&errand, "secret", &found).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Unsupported);
        }
    }

    #[test]
    fn paths_that_name_another_place_are_refused() {
        for path in ["", "/a", "a/", "a//b", ".", "a/../b", "a/.", "a\nb"] {
            let error = check_path(&Errand::new("read", path), path).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Local, "{path:?}");
        }
        assert!(check_path(&Errand::new("read", "a"), "a/b c/ü..x").is_ok());
    }
}
