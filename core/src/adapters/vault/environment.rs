//! Settings from the environment variables of the vault CLI.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::settings::{TokenSource, VaultSettings, timeouts};
use crate::adapters::http::{PemSource, Secret};
use crate::ports::{PortError, PortErrorKind};

/// Where the vault CLI looks if `VAULT_ADDR` is not set.
const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";

/// Settings, and what has to be said about them.
#[derive(Debug, Clone)]
pub struct EnvironmentSettings {
    /// The settings.
    pub settings: VaultSettings,
    /// Warnings that must be shown in every run.
    pub warnings: Vec<String>,
}

impl VaultSettings {
    /// Reads `VAULT_ADDR`, `VAULT_TOKEN` (else the file `~/.vault-token`),
    /// `VAULT_NAMESPACE`, `VAULT_CACERT` (else `VAULT_CAPATH`),
    /// `VAULT_CLIENT_CERT`, `VAULT_CLIENT_KEY`, `VAULT_SKIP_VERIFY`,
    /// `VAULT_TLS_SERVER_NAME`, `VAULT_CLIENT_TIMEOUT` and `VAULT_MAX_RETRIES`
    /// as the vault CLI does. An empty variable counts as not set.
    ///
    /// `lookup` gives a variable, `read_file` the text of a file.
    ///
    /// # Errors
    /// `Local` if a value cannot be understood or the token's file cannot be
    /// read. That there is no token is no error here.
    pub fn from_environment(
        lookup: impl Fn(&str) -> Option<String>,
        read_file: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<EnvironmentSettings, PortError> {
        let get = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let mut warnings = Vec::new();
        let address = get("VAULT_ADDR");
        let address = address.as_deref().unwrap_or(DEFAULT_ADDRESS);
        let token = match get("VAULT_TOKEN") {
            Some(token) => TokenSource::given(token, "VAULT_TOKEN"),
            None => token_file(get("HOME"), read_file)?,
        };
        let mut settings = Self::new(address, token)?;
        settings.namespace = get("VAULT_NAMESPACE")
            .map(|name| name.trim_matches('/').to_owned())
            .filter(|name| !name.is_empty());
        let client = &mut settings.client;
        client.ca = match (get("VAULT_CACERT"), get("VAULT_CAPATH")) {
            (Some(file), _) => Some(PemSource::File(PathBuf::from(file))),
            (None, Some(folder)) => Some(PemSource::Folder(PathBuf::from(folder))),
            (None, None) => None,
        };
        client.certificate = get("VAULT_CLIENT_CERT").map(|file| PemSource::File(file.into()));
        client.key = get("VAULT_CLIENT_KEY").map(|file| PemSource::File(file.into()));
        if client.certificate.is_some() != client.key.is_some() {
            return Err(refuse(
                "VAULT_CLIENT_CERT",
                "a client certificate and its key are needed together",
                "set both VAULT_CLIENT_CERT and VAULT_CLIENT_KEY, or neither",
            ));
        }
        if let Some(text) = get("VAULT_SKIP_VERIFY") {
            client.insecure = parse_flag(&text).ok_or_else(|| {
                refuse("VAULT_SKIP_VERIFY", "it is neither true nor false", "set it to `true` or `false`")
            })?;
            if client.insecure {
                warnings.push(
                    "VAULT_SKIP_VERIFY is set: Vault's certificate is not verified, and whoever \
                     stands in between can read the token and every secret; set VAULT_CACERT \
                     to the server's CA instead"
                        .to_owned(),
                );
            }
        }
        if let Some(text) = get("VAULT_CLIENT_TIMEOUT") {
            client.timeouts =
                timeouts(parse_duration(&text).filter(|time| !time.is_zero()).ok_or_else(|| {
                    refuse(
                        "VAULT_CLIENT_TIMEOUT",
                        "it is not a duration above zero",
                        "give seconds, as `60`, or units, as `1m30s`",
                    )
                })?);
        }
        settings.server_name = get("VAULT_TLS_SERVER_NAME");
        if let Some(text) = get("VAULT_MAX_RETRIES") {
            let retries: usize = text.trim().parse().map_err(|_| {
                refuse(
                    "VAULT_MAX_RETRIES",
                    "it is not a whole number from 0",
                    "give the number of tries after the first one; 0 is none",
                )
            })?;
            settings.retry.tries = retries.saturating_add(1);
        }
        Ok(EnvironmentSettings { settings, warnings })
    }
}

/// The token that `vault login` left behind.
fn token_file(
    home: Option<String>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<TokenSource, PortError> {
    let Some(home) = home else {
        return Ok(TokenSource::Absent);
    };
    let path = Path::new(&home).join(".vault-token");
    match read_file(&path) {
        Ok(text) if text.trim().is_empty() => Ok(TokenSource::Absent),
        Ok(text) => {
            let token = Secret::new(text.trim());
            Ok(TokenSource::given(token, path.display().to_string()))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(TokenSource::Absent),
        Err(e) => Err(PortError::new(
            PortErrorKind::Local,
            "read the Vault token",
            path.display().to_string(),
            e.to_string(),
        )
        .with_advice("make the file readable, or set VAULT_TOKEN")
        .with_source(e)),
    }
}

/// What Go's `strconv.ParseBool` takes.
fn parse_flag(text: &str) -> Option<bool> {
    match text.trim() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Bare seconds, or numbers with the units `h`, `m`, `s`, `ms`.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let unit = match &rest[digits..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

fn refuse(variable: &'static str, reason: &'static str, advice: &'static str) -> PortError {
    PortError::new(PortErrorKind::Local, "use the environment variable", variable, reason).with_advice(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], file: Option<&str>) -> Result<EnvironmentSettings, PortError> {
        VaultSettings::from_environment(
            |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            },
            |_| file.map(str::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into()),
        )
    }

    fn origin(found: &EnvironmentSettings) -> String {
        match &found.settings.token {
            TokenSource::Given { token, origin } => format!("{} {origin}", token.expose()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_environment_is_the_clis_default() {
        let found = read(&[], None).unwrap();
        assert_eq!(found.settings.address.as_str(), "https://127.0.0.1:8200/");
        assert_eq!(origin(&found), "Absent");
        assert_eq!(found.settings.retry.tries, 4);
        assert_eq!(found.settings.client.timeouts.whole, Duration::from_secs(60));
        assert!(found.warnings.is_empty());
    }

    #[test]
    fn the_variable_wins_over_the_file_and_the_file_is_trimmed() {
        let home = ("HOME", "/home/me");
        let found = read(&[home, ("VAULT_TOKEN", "a")], Some("b\n")).unwrap();
        assert_eq!(origin(&found), "a VAULT_TOKEN");
        let found = read(&[home, ("VAULT_TOKEN", "")], Some("b\n")).unwrap();
        assert_eq!(origin(&found), "b /home/me/.vault-token");
        assert!(!format!("{found:?}").contains("\"b\""));
    }

    #[test]
    fn all_variables_are_read() {
        let found = read(
            &[
                ("VAULT_ADDR", "https://proxy.example:443/vault/"),
                ("VAULT_NAMESPACE", "/team/a/"),
                ("VAULT_CACERT", "/ca.pem"),
                ("VAULT_CAPATH", "/cas"),
                ("VAULT_CLIENT_CERT", "/cert.pem"),
                ("VAULT_CLIENT_KEY", "/key.pem"),
                ("VAULT_SKIP_VERIFY", "T"),
                ("VAULT_TLS_SERVER_NAME", "vault.internal"),
                ("VAULT_CLIENT_TIMEOUT", "1m30s"),
                ("VAULT_MAX_RETRIES", "0"),
            ],
            None,
        )
        .unwrap();
        let settings = &found.settings;
        assert_eq!(settings.address.path(), "/vault/");
        assert_eq!(settings.namespace.as_deref(), Some("team/a"));
        assert!(matches!(&settings.client.ca, Some(PemSource::File(_))));
        assert!(settings.client.insecure && found.warnings.len() == 1);
        assert_eq!(settings.client.timeouts.whole, Duration::from_secs(90));
        assert_eq!(settings.retry.tries, 1);
        let (url, client) = settings.target().unwrap();
        assert_eq!(url.as_str(), "https://vault.internal/vault/");
        assert_eq!(client.server_name.unwrap().host, "proxy.example");
        let found = read(&[("VAULT_CAPATH", "/cas")], None).unwrap();
        assert!(matches!(&found.settings.client.ca, Some(PemSource::Folder(_))));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (name, value) in [
            ("VAULT_ADDR", "unix:///run/agent.sock"),
            ("VAULT_ADDR", "vault.example.org"),
            ("VAULT_SKIP_VERIFY", "yes"),
            ("VAULT_CLIENT_TIMEOUT", "5 minutes"),
            ("VAULT_CLIENT_TIMEOUT", "0"),
            ("VAULT_MAX_RETRIES", "-1"),
            ("VAULT_CLIENT_CERT", "/only.pem"),
        ] {
            let error = read(&[(name, value)], None).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Local, "{name}");
            assert!(error.advice.is_some(), "{name}");
        }
    }

    #[test]
    fn durations_are_gos() {
        for (text, millis) in [("60", 60_000), ("500ms", 500), ("1.5s", 1_500), ("1h1m", 3_660_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5 s", "5x", "-5s"] {
            assert!(parse_duration(text).is_none_or(|time| time.is_zero()), "{text}");
        }
    }
}
