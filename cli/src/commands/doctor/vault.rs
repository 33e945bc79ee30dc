//! What `doctor` says about Vault: its state, the mount, who we are there and
//! what we may do, and how much room the index has left.

use std::time::Duration;

use reconciler_core::config::{Settings, duration_text};
use reconciler_core::manager::CancellationToken;
use reconciler_core::ports::{PortError, PortErrorKind};

use super::{Check, Section};
use crate::failure::Failure;
use crate::wiring::{IndexSize, OpenVault, PathAccess, StoreKind, VaultReport, VaultStatus, archive_folder};

/// A token that lives less than this and cannot be renewed may end in a run.
const SHORT_LIFE: Duration = Duration::from_secs(3600);
/// From this share of a limit on an index is worth a look, per mille.
const NEAR: usize = 500;

/// What was found out about Vault.
pub(super) struct Examination {
    pub(super) section: Section,
    /// The smallest policy that suffices.
    pub(super) policy: Option<String>,
    /// Whether the token lacks some of it, as far as can be told.
    pub(super) lacks_access: bool,
}

/// Looks at Vault if the records are there; nothing if they are in a file.
pub(super) async fn examine(settings: &Settings, stop: &CancellationToken) -> Option<Examination> {
    let opened = match StoreKind::of(settings) {
        Ok(StoreKind::Embedded) => return None,
        Ok(StoreKind::Vault) => OpenVault::open(settings, stop),
        Err(failure) => Err(failure),
    };
    let OpenVault { store, warnings } = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            let checks = vec![Check::fail("settings", &failure)];
            let section = Section { name: "Vault", checks };
            return Some(Examination { section, policy: None, lacks_access: false });
        }
    };
    let folder = archive_folder(settings);
    let chosen = folder.as_ref().ok().and_then(Option::as_ref).map(ToString::to_string);
    let report = store.inspect(chosen.as_deref()).await;
    let mut checks = vec![Check::ok("address", &report.address)];
    checks.extend(folder.err().map(|failure| Check::fail("archives", &failure)));
    checks.extend(
        warnings
            .into_iter()
            .map(|warning| Check::warn("connection", warning, "a run says so, too, each time")),
    );
    checks.extend(state(&report.status));
    checks.push(mount(&report));
    checks.push(token(&report));
    checks.extend(access(&report.access));
    checks.push(index(&report.index));
    let lacks_access = report.access.as_ref().is_ok_and(|paths| !paths.iter().all(PathAccess::suffices));
    let section = Section { name: "Vault", checks };
    Some(Examination { section, policy: Some(report.smallest_policy), lacks_access })
}

fn failed(subject: &'static str, error: &PortError) -> Check {
    let mut copy = PortError::new(error.kind, error.operation.clone(), &error.subject, &error.reason);
    copy.advice.clone_from(&error.advice);
    Check::fail(subject, &Failure::from(copy))
}

fn state(status: &Result<VaultStatus, PortError>) -> Vec<Check> {
    let status = match status {
        Ok(status) => status,
        Err(error) => return vec![failed("state", error)],
    };
    let version = match &status.version {
        Some(version) => Check::ok("version", version),
        None => Check::warn("version", "not told", "check that the address is Vault's own, not a proxy's"),
    };
    let refuse = |reason: &str, advice: &'static str| {
        let error = PortError::new(PortErrorKind::Unavailable, "use Vault", "", reason);
        Check::fail("state", &Failure::from(error.with_advice(advice)))
    };
    let state = if !status.is_initialised {
        refuse("it is not initialised", "check that this is the right server, or `vault operator init`")
    } else if status.is_sealed {
        refuse("it is sealed", "unseal it with `vault operator unseal`")
    } else if status.is_standby {
        Check::warn(
            "state",
            "unsealed, a standby: it passes requests on to the active node",
            "name the active node, or the load balancer, as the address",
        )
    } else {
        Check::ok("state", "unsealed, active")
    };
    vec![version, state]
}

fn mount(report: &VaultReport) -> Check {
    match &report.mount {
        Ok(mount) => {
            let below = match mount.prefix.as_str() {
                "" => String::new(),
                prefix => format!(", records below `{prefix}`"),
            };
            let message = format!("`{}`, KV version 2{below}", mount.mount);
            if mount.is_confirmed {
                return Check::ok("mount", message);
            }
            Check::warn("mount", format!("{message}, as configured"), "let the token see the mount")
        }
        Err(error) => failed("mount", error),
    }
}

fn token(report: &VaultReport) -> Check {
    let token = match &report.token {
        Ok(token) => token,
        Err(error) => return failed("token", error),
    };
    let life = match token.remaining {
        None => "does not end".to_owned(),
        Some(left) => {
            let renewable = if token.is_renewable { "renewable" } else { "not renewable" };
            format!("{} left, {renewable}", duration_text(left))
        }
    };
    let message = format!("from {}, policies {}, {life}", token.origin, token.policies.join(", "));
    let replaced = token.origin.starts_with("auth/");
    match token.remaining {
        Some(left) if left < SHORT_LIFE && !token.is_renewable && !replaced => Check::warn(
            "token",
            message,
            "it may end in the middle of a run: give one that can be renewed, or an AppRole",
        ),
        _ => Check::ok("token", message),
    }
}

/// A line for each path, since a policy is written by path; what to do is said
/// once.
fn access(access: &Result<Vec<PathAccess>, PortError>) -> Vec<Check> {
    let paths = match access {
        Ok(paths) => paths,
        Err(error) => return vec![failed("access", error)],
    };
    let first_lacking = paths.iter().position(|path| !path.suffices());
    paths.iter().enumerate().map(|(at, path)| path_check(path, Some(at) == first_lacking)).collect()
}

fn path_check(access: &PathAccess, is_first: bool) -> Check {
    let PathAccess { rule, purpose, needed, given, .. } = access;
    if access.suffices() {
        return Check::ok("access", format!("{rule}: {} ({purpose})", needed.join(", ")));
    }
    let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
    let reason = format!("needed are {} ({purpose}), given is {given}", needed.join(", "));
    let mut error = PortError::new(PortErrorKind::Denied, "use", rule, reason);
    if is_first {
        error = error.with_advice("give the token the policy that stands below");
    }
    Check::fail("access", &Failure::from(error))
}

fn index(index: &Result<IndexSize, PortError>) -> Check {
    let size = match index {
        Ok(size) => size,
        Err(error) => return failed("index", error),
    };
    let strings = match size.limits.strings {
        Some(limit) => format!("{} of {limit} strings", size.strings),
        None => format!("{} strings", size.strings),
    };
    let used = size.per_mille();
    let message = format!(
        "{} entries at version {}: {} of {} bytes, {strings}; {}.{} % of the limit",
        size.entries,
        size.version,
        size.bytes,
        size.limits.bytes,
        used / 10,
        used % 10
    );
    let is_above =
        size.bytes > size.limits.bytes || size.limits.strings.is_some_and(|limit| size.strings > limit);
    let advice = "raise the server's limit (`max_entry_size`, on OpenBao `max_request_json_strings`) and with \
                  it vault.max_entry_bytes or vault.max_strings";
    if is_above {
        let error = PortError::new(PortErrorKind::TooLarge, "write the index", "", message);
        Check::fail("index", &Failure::from(error.with_advice(advice)))
    } else if used >= NEAR {
        Check::warn("index", message, advice)
    } else {
        Check::ok("index", message)
    }
}
