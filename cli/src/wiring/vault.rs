//! The Vault that the settings describe: our own keys first, then the
//! environment as the vault CLI reads it, then `~/.vault-token`.
//!
//! A group of settings comes from one place: whoever names a token, a CA or a
//! client certificate in our keys means all of it, and the variables of that
//! group are not looked at.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reconciler_core::adapters::http::{LimitSettings, PemSource, Timeouts, TokioPause, is_loopback};
use reconciler_core::adapters::vault::{AppRole, EntryLimits, TokenSource, VaultSettings, VaultStore};
use reconciler_core::config::{Key, Origin, Settings, keys};
use reconciler_core::manager::CancellationToken;
use reconciler_core::ports::SystemClock;

use super::secrets;
use crate::failure::Failure;

pub(crate) use reconciler_core::adapters::vault::{IndexSize, PathAccess, VaultReport, VaultStatus};

/// What all keys of this part begin with.
const SECTION: &str = "vault.";

/// A Vault, not asked anything yet.
pub(crate) struct OpenVault {
    pub(crate) store: VaultStore,
    /// What must be said in every run.
    pub(crate) warnings: Vec<String>,
}

impl OpenVault {
    /// Opens the Vault that the settings describe.
    pub(crate) fn open(settings: &Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        let (vault, warnings) = read(settings, |name| std::env::var(name).ok())?;
        let (clock, pause) = (Arc::new(SystemClock), Arc::new(TokioPause));
        let store = VaultStore::with_parts(vault, clock, pause, stop.clone());
        let store = store.map_err(|error| Failure::of_server(error, named_by(settings)))?;
        Ok(Self { store, warnings })
    }
}

/// Whether one of our own sources says anything about Vault.
pub(super) fn is_configured(settings: &Settings) -> bool {
    let mut entries = settings.entries().filter(|entry| entry.spec().path.starts_with(SECTION));
    entries.any(|entry| !matches!(entry.origin(), None | Some(Origin::Default)))
}

/// What names the Vault.
fn named_by(settings: &Settings) -> &'static str {
    let key = keys::VAULT_ADDRESS;
    if settings.text(key).is_some() { key.path() } else { "VAULT_ADDR" }
}

fn read(
    settings: &Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(VaultSettings, Vec<String>), Failure> {
    let token = token(settings)?;
    let address = settings.text(keys::VAULT_ADDRESS);
    let namespace = settings.text(keys::VAULT_NAMESPACE);
    let ca = match (settings.path(keys::VAULT_CA_CERT), settings.path(keys::VAULT_CA_PATH)) {
        (Some(file), _) => Some(PemSource::File(file.to_owned())),
        (None, folder) => folder.map(|folder| PemSource::Folder(folder.to_owned())),
    };
    let certificate = certificate(settings)?;
    let (timeout, tries) = (settings.duration(keys::VAULT_TIMEOUT), settings.integer(keys::VAULT_TRIES));
    let insecure = settings.boolean(keys::VAULT_INSECURE);
    let server_name = settings.text(keys::VAULT_SERVER_NAME);

    // What we set ourselves is hidden from the environment's reader, so that
    // nothing is wrong with a variable that has no effect.
    let lookup = |name: &str| {
        let hidden = match name {
            "VAULT_ADDR" => address.is_some(),
            "VAULT_TOKEN" | "HOME" => token.is_some(),
            "VAULT_NAMESPACE" => namespace.is_some(),
            "VAULT_CACERT" | "VAULT_CAPATH" => ca.is_some(),
            "VAULT_CLIENT_CERT" | "VAULT_CLIENT_KEY" => certificate.is_some(),
            "VAULT_SKIP_VERIFY" => insecure.is_some(),
            "VAULT_TLS_SERVER_NAME" => server_name.is_some(),
            "VAULT_CLIENT_TIMEOUT" => timeout.is_some(),
            "VAULT_MAX_RETRIES" => tries.is_some(),
            _ => false,
        };
        if hidden { None } else { variable(name) }
    };
    let refused = |error| Failure::of_server(error, named_by(settings));
    let found = VaultSettings::from_environment(lookup, |path: &Path| std::fs::read_to_string(path))
        .map_err(refused)?;
    let (mut vault, mut warnings) = (found.settings, found.warnings);

    if let Some(address) = address {
        vault.address = VaultSettings::new(address, TokenSource::Absent).map_err(refused)?.address;
    }
    warnings.extend(in_the_clear(&vault));
    if let Some(token) = token {
        vault.token = token;
    }
    if let Some(namespace) = namespace {
        vault.namespace = Some(namespace.trim_matches('/').to_owned()).filter(|name| !name.is_empty());
    }
    if ca.is_some() {
        vault.client.ca = ca;
    }
    if let Some((certificate, key)) = certificate {
        (vault.client.certificate, vault.client.key) = (Some(certificate), Some(key));
    }
    if let Some(insecure) = insecure {
        vault.client.insecure = insecure;
        if insecure {
            let origin = origin(settings, keys::VAULT_INSECURE);
            warnings.push(format!(
                "vault.insecure is set ({origin}): Vault's certificate is not verified, and whoever stands \
                 in between can read the token and every secret; name the server's CA as vault.ca_cert instead"
            ));
        }
    }
    if let Some(name) = server_name {
        vault.server_name = Some(name.to_owned());
    }
    if let Some(timeout) = timeout {
        vault.client.timeouts = timeouts(timeout);
    }
    if let Some(tries) = tries {
        vault.retry.tries = whole(tries);
    }
    vault.mount = Some(settings.text(keys::VAULT_MOUNT).to_owned());
    vault.prefix = settings.text(keys::VAULT_PREFIX).unwrap_or_default().trim_matches('/').to_owned();
    vault.entry_limits = EntryLimits {
        bytes: whole(settings.integer(keys::VAULT_MAX_ENTRY_BYTES)),
        strings: settings.integer(keys::VAULT_MAX_STRINGS).map(whole),
    };
    let per_second = u32::try_from(settings.integer(keys::VAULT_REQUESTS_PER_SECOND)).unwrap_or(u32::MAX);
    vault.limits = LimitSettings::new(whole(settings.integer(keys::VAULT_MAX_IN_FLIGHT)), Some(per_second));
    Ok((vault, warnings))
}

/// What it means that requests to another machine are not encrypted.
fn in_the_clear(vault: &VaultSettings) -> Option<String> {
    (vault.address.scheme() == "http" && !is_loopback(&vault.address)).then(|| {
        format!(
            "{} is plain http: the token and every secret cross the network in the clear; let Vault listen \
             with a certificate and give its address as https",
            vault.address.as_str().trim_end_matches('/')
        )
    })
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn timeouts(whole: Duration) -> Timeouts {
    Timeouts { connect: Duration::from_secs(10).min(whole), read: whole, whole }
}

/// The ways to say who we are.
const WAYS: [&str; 3] = ["vault.token", "vault.token_file", "vault.role_id"];

/// Who our own keys say we are: of several ways the one from the strongest
/// source, so that a variable can take the place of what the file says.
fn token(settings: &Settings) -> Result<Option<TokenSource>, Failure> {
    let strengths = [
        strength(settings, keys::VAULT_TOKEN),
        strength(settings, keys::VAULT_TOKEN_FILE),
        strength(settings, keys::VAULT_ROLE_ID)
            .max(strength(settings, keys::VAULT_SECRET_ID))
            .max(strength(settings, keys::VAULT_SECRET_ID_FILE)),
    ];
    let strongest = strengths.into_iter().max().unwrap_or_default();
    if strongest == 0 {
        return Ok(None);
    }
    let ways: Vec<&str> = WAYS
        .into_iter()
        .zip(strengths)
        .filter(|(_, strength)| *strength == strongest)
        .map(|(way, _)| way)
        .collect();
    match ways[..] {
        ["vault.token"] => {
            let origin = origin(settings, keys::VAULT_TOKEN);
            let token = settings.text(keys::VAULT_TOKEN).unwrap_or_default();
            Ok(Some(TokenSource::given(token.trim(), format!("vault.token ({origin})"))))
        }
        ["vault.token_file"] => {
            let path = settings.path(keys::VAULT_TOKEN_FILE).unwrap_or(Path::new(""));
            token_file(path).map(Some)
        }
        ["vault.role_id"] => role(settings).map(Some),
        _ => Err(Failure::told(
            format!("{} are given, and only one can say who we are", ways.join(" and ")),
            "keep one of them; a variable or a flag wins over the file",
        )),
    }
}

fn token_file(path: &Path) -> Result<TokenSource, Failure> {
    let text = secrets::read("vault.token_file", path)?;
    let Some(credentials) = text.trim_start().starts_with('{').then(|| root_token(&text)) else {
        return Ok(TokenSource::given(text.trim(), path.display().to_string()));
    };
    let token = credentials.ok_or_else(|| {
        Failure::told(
            format!("vault.token_file: {} is JSON without a `root_token`", path.display()),
            "name a file with the token alone, or the one that Blacksmith keeps its Vault's keys in",
        )
    })?;
    Ok(TokenSource::given(token, path.display().to_string()))
}

/// The token in the file that Blacksmith keeps beside the Vault it opens.
fn root_token(text: &str) -> Option<String> {
    let credentials: serde_json::Value = serde_json::from_str(text).ok()?;
    let token = credentials.get("root_token")?.as_str()?.trim();
    (!token.is_empty()).then(|| token.to_owned())
}

fn role(settings: &Settings) -> Result<TokenSource, Failure> {
    let role = settings.text(keys::VAULT_ROLE_ID);
    let secret = secrets::secret(settings, keys::VAULT_SECRET_ID, keys::VAULT_SECRET_ID_FILE)?;
    let (Some(role), Some(secret)) = (role, secret) else {
        let missing = if role.is_none() { "vault.role_id" } else { "vault.secret_id" };
        return Err(Failure::told(
            format!("{missing} is missing: AppRole logs in with both vault.role_id and vault.secret_id"),
            "give both, the secret perhaps as vault.secret_id_file, or a token as vault.token",
        ));
    };
    let mount = settings.text(keys::VAULT_APPROLE_MOUNT).trim_matches('/');
    let mount = mount.strip_prefix("auth/").unwrap_or(mount).to_owned();
    Ok(TokenSource::AppRole(AppRole { mount, ..AppRole::new(role.trim(), secret.trim()) }))
}

fn certificate(settings: &Settings) -> Result<Option<(PemSource, PemSource)>, Failure> {
    let file = |path: &Path| PemSource::File(path.to_owned());
    match (settings.path(keys::VAULT_CLIENT_CERT), settings.path(keys::VAULT_CLIENT_KEY)) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((file(certificate), file(key)))),
        _ => Err(Failure::told(
            "a client certificate and its key are needed together",
            "give both vault.client_cert and vault.client_key, or neither",
        )),
    }
}

/// How strong the source of a key is; 0 if there is none.
fn strength<T: reconciler_core::config::Held>(settings: &Settings, key: Key<T>) -> u8 {
    settings.origin(key).map_or(0, Origin::strength)
}

fn origin<T: reconciler_core::config::Held>(settings: &Settings, key: Key<T>) -> String {
    settings.origin(key).map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
