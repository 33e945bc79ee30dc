//! Where Vault is, who we are there, and what may be sent.

use std::time::Duration;

use crate::adapters::http::{
    ClientSettings, LimitSettings, RetrySettings, Secret, ServerName, Timeouts, Url,
};
use crate::ports::{PortError, PortErrorKind};

/// The mount that Blacksmith uses.
pub const DEFAULT_MOUNT: &str = "secret";

/// A role of the AppRole method.
#[derive(Debug, Clone)]
pub struct AppRole {
    /// The path of the method below `auth/`.
    pub mount: String,
    /// The role's id.
    pub role_id: Secret,
    /// The secret that belongs to it.
    pub secret_id: Secret,
}

impl AppRole {
    /// A role of the method at its usual path, `approle`.
    #[must_use]
    pub fn new(role_id: impl Into<Secret>, secret_id: impl Into<Secret>) -> Self {
        Self { mount: "approle".to_owned(), role_id: role_id.into(), secret_id: secret_id.into() }
    }
}

/// Where the token comes from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// There is none: every request is refused before it is sent.
    Absent,
    /// A token, and where it was found, for people.
    Given {
        /// The token.
        token: Secret,
        /// `VAULT_TOKEN`, a file's path, a configuration key.
        origin: String,
    },
    /// A login whenever one is needed.
    AppRole(AppRole),
}

impl TokenSource {
    /// A token, and where it was found, for people.
    #[must_use]
    pub fn given(token: impl Into<Secret>, origin: impl Into<String>) -> Self {
        Self::Given { token: token.into(), origin: origin.into() }
    }
}

/// What one write may hold. The server has limits of its own; these say so
/// earlier and with numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryLimits {
    /// Bytes of a secret as the server stores it. 1 MiB is what integrated
    /// storage takes (`max_entry_size`); Consul takes half of it.
    pub bytes: usize,
    /// Strings of one request, keys counted too. OpenBao takes 1,000 unless
    /// `max_request_json_strings` says otherwise; HashiCorp Vault does not
    /// count.
    pub strings: Option<usize>,
}

impl Default for EntryLimits {
    fn default() -> Self {
        Self { bytes: 1 << 20, strings: None }
    }
}

/// Everything a [`VaultStore`](super::VaultStore) has to know.
#[derive(Debug, Clone)]
pub struct VaultSettings {
    /// The server: scheme, host, port, and a path if a proxy adds one.
    pub address: Url,
    /// Where the token comes from.
    pub token: TokenSource,
    /// The namespace, without slashes at its ends.
    pub namespace: Option<String>,
    /// The mount of the secret engine; [`DEFAULT_MOUNT`] if nothing is said.
    /// Vault is asked in any case where the mount that holds this path ends.
    pub mount: Option<String>,
    /// A folder below the mount in which everything stands; empty for the top.
    pub prefix: String,
    /// Takes `mount` for KV v2 where the token may not ask about mounts. An
    /// answer, if there is one, counts more.
    pub assume_version_2: bool,
    /// What one write may hold.
    pub entry_limits: EntryLimits,
    /// The largest answer that is read, in bytes.
    pub largest_answer: usize,
    /// Certificates, proxy, time limits.
    pub client: ClientSettings,
    /// The name in the server's certificate where it is not the address's.
    pub server_name: Option<String>,
    /// How often and how soon a request is made again.
    pub retry: RetrySettings,
    /// How many requests at once and a second.
    pub limits: LimitSettings,
}

/// The vault CLI gives up after this.
const TIMEOUT: Duration = Duration::from_secs(60);

impl VaultSettings {
    /// Settings for an address, with the defaults for all else: 4 tries from
    /// 0.5 s, 8 requests in flight, 100 a second, 60 s for each.
    ///
    /// # Errors
    /// `Local` if the address is not an `http` or `https` URL.
    pub fn new(address: &str, token: TokenSource) -> Result<Self, PortError> {
        let client = ClientSettings { timeouts: timeouts(TIMEOUT), ..ClientSettings::default() };
        Ok(Self {
            address: parse_address(address)?,
            token,
            namespace: None,
            mount: None,
            prefix: String::new(),
            assume_version_2: false,
            entry_limits: EntryLimits::default(),
            largest_answer: 8 << 20,
            client,
            server_name: None,
            retry: RetrySettings::default(),
            limits: LimitSettings::new(8, Some(100)),
        })
    }

    /// The URL that requests go to, and the client's settings that belong to
    /// it: with another name for the certificate, the URL has that name and the
    /// host stands beside it.
    pub(super) fn target(&self) -> Result<(Url, ClientSettings), PortError> {
        let mut url = self.address.clone();
        let mut client = self.client.clone();
        if let Some(name) = &self.server_name
            && url.scheme() == "https"
        {
            let host = url.host_str().unwrap_or_default().to_owned();
            url.set_host(Some(name)).map_err(|e| {
                refuse(name.clone(), format!("it is not a server's name: {e}"))
                    .with_advice("give the name in the certificate, as `vault.example.org`")
            })?;
            client.server_name = Some(ServerName { name: name.clone(), host });
        }
        Ok((url, client))
    }
}

/// Time limits for requests that may take so long.
pub(super) fn timeouts(whole: Duration) -> Timeouts {
    Timeouts { connect: Duration::from_secs(10).min(whole), read: whole, whole }
}

fn parse_address(text: &str) -> Result<Url, PortError> {
    let text = text.trim();
    if text.starts_with("unix:") {
        return Err(refuse(text.to_owned(), "sockets of Vault Agent are not supported".to_owned())
            .with_advice("let the agent listen on a TCP port, as `http://127.0.0.1:8100`"));
    }
    // The text may hold a password: it is not repeated before it is parsed.
    let url = Url::parse(text).map_err(|e| {
        refuse(String::new(), format!("it is not a URL: {e}"))
            .with_advice("write it as `https://vault.example.org:8200`")
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refuse(String::new(), "it is not an `http` or `https` URL".to_owned())
            .with_advice("write it as `https://vault.example.org:8200`"));
    }
    Ok(url)
}

fn refuse(subject: String, reason: String) -> PortError {
    PortError::new(PortErrorKind::Local, "use the address of Vault", subject, reason)
}
