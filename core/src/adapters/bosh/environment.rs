//! Settings from the environment variables that the bosh CLI knows.

use std::io;
use std::path::{Path, PathBuf};

use super::config_file::{ConfigFile, Environment};
use super::{BoshSettings, DirectorAddress};
use crate::adapters::http::{PemSource, ProxySettings, Secret};
use crate::ports::{PortError, PortErrorKind};

impl BoshSettings {
    /// Reads `BOSH_ENVIRONMENT` (an alias from the bosh CLI's file, `host`,
    /// `host:port` or a URL), `BOSH_CLIENT`, `BOSH_CLIENT_SECRET`,
    /// `BOSH_CA_CERT` (a path or PEM text), `BOSH_ALL_PROXY`, `BOSH_CONFIG`, and
    /// `HTTPS_PROXY` and `NO_PROXY` as every Go program does.
    ///
    /// `lookup` gives a variable's value: what stands in a configuration file
    /// or on the command line can be given under the variable's name.
    /// `read_file` is called for the bosh CLI's file only.
    ///
    /// As in the bosh CLI, a given client never meets a stored password.
    ///
    /// # Errors
    /// `Local`, with the variable's name and what to write into it.
    pub fn from_environment(
        lookup: impl Fn(&str) -> Option<String>,
        read_file: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, PortError> {
        let value = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let home = value("HOME");
        let Some(environment) = value("BOSH_ENVIRONMENT") else {
            return Err(wrong("BOSH_ENVIRONMENT", "it says where the Director is, and is not set")
                .with_advice(
                    "set it to the Director's address (`10.0.0.6`, `https://bosh:25555`) \
                     or to an alias of the bosh CLI",
                ));
        };
        let environment = environment.trim();
        let file = read_config(&value, home.as_deref(), read_file)?;
        let entry = file.find(environment);
        let address = entry.and_then(|entry| entry.url.as_deref()).unwrap_or(environment);
        let mut settings = Self::new(DirectorAddress::parse(address)?);

        (settings.client, settings.client_secret) = match value("BOSH_CLIENT") {
            Some(client) => (Some(client), value("BOSH_CLIENT_SECRET").map(Secret::new)),
            None => stored_user(entry),
        };
        settings.ca_cert = match value("BOSH_CA_CERT") {
            Some(ca) => Some(PemSource::parse(&ca, home.as_deref())),
            None => entry
                .and_then(|entry| entry.ca_cert.as_ref())
                .filter(|ca| !ca.is_empty())
                .map(|ca| PemSource::parse(ca.expose(), home.as_deref())),
        };
        settings.proxy = proxy(&value, &settings.address)?;
        Ok(settings)
    }
}

fn stored_user(entry: Option<&Environment>) -> (Option<String>, Option<Secret>) {
    match entry {
        Some(entry) => (entry.username.clone().filter(|name| !name.is_empty()), entry.password.clone()),
        None => (None, None),
    }
}

/// The bosh CLI's file; one that is not there is an empty one.
fn read_config(
    value: &impl Fn(&str) -> Option<String>,
    home: Option<&str>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<ConfigFile, PortError> {
    let path = match (value("BOSH_CONFIG"), home) {
        (Some(path), Some(home)) if path.starts_with("~/") => Path::new(home).join(&path[2..]),
        (Some(path), _) => PathBuf::from(path),
        (None, Some(home)) => Path::new(home).join(".bosh/config"),
        (None, None) => return Ok(ConfigFile::default()),
    };
    match read_file(&path) {
        Ok(text) => ConfigFile::parse(&text, &path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(ConfigFile::default()),
        Err(e) => Err(PortError::new(
            PortErrorKind::Local,
            "read the bosh CLI's file",
            path.display().to_string(),
            e.to_string(),
        )
        .with_advice("make it readable, or name another with `BOSH_CONFIG`")),
    }
}

fn proxy(
    value: &impl Fn(&str) -> Option<String>,
    address: &DirectorAddress,
) -> Result<Option<ProxySettings>, PortError> {
    let without = value("NO_PROXY").or_else(|| value("no_proxy"));
    if let Some(url) = value("BOSH_ALL_PROXY") {
        if url.starts_with("ssh+") {
            return Err(wrong("BOSH_ALL_PROXY", "`ssh+socks5://` is not supported").with_advice(tunnel(&url)));
        }
        return ProxySettings::new(&url, without.as_deref())
            .map(Some)
            .map_err(|e| wrong("BOSH_ALL_PROXY", &e.reason).with_advice("write it as `socks5://host:port`"));
    }
    // Plain requests stay on the loopback, where no proxy is used.
    if address.is_plain() {
        return Ok(None);
    }
    let Some(url) = value("HTTPS_PROXY").or_else(|| value("https_proxy")) else {
        return Ok(None);
    };
    let mut direct = without.unwrap_or_default();
    direct.push_str(",localhost,127.0.0.0/8,::1");
    ProxySettings::new(&url, Some(&direct))
        .map(Some)
        .map_err(|e| wrong("HTTPS_PROXY", &e.reason).with_advice("write it as `http://host:port`"))
}

/// The commands that replace the tunnel which the bosh CLI opens by itself.
fn tunnel(url: &str) -> String {
    let parsed = url::Url::parse(url.trim_start_matches("ssh+")).ok();
    let part = |found: Option<String>, otherwise: &str| {
        found.filter(|text| !text.is_empty()).unwrap_or_else(|| otherwise.to_owned())
    };
    let user = part(parsed.as_ref().map(|url| url.username().to_owned()), "jumpbox");
    let host = part(parsed.as_ref().and_then(|url| url.host_str().map(str::to_owned)), "JUMPBOX");
    let port = parsed.as_ref().and_then(url::Url::port).unwrap_or(22);
    let key = parsed
        .as_ref()
        .and_then(|url| url.query_pairs().find(|(name, _)| name == "private-key"))
        .map_or_else(|| "KEY".to_owned(), |(_, path)| path.into_owned());
    format!(
        "open the tunnel with `ssh -N -D 127.0.0.1:1080 -p {port} -i {key} {user}@{host}` and set \
         `BOSH_ALL_PROXY=socks5://127.0.0.1:1080`"
    )
}

fn wrong(variable: &'static str, reason: &str) -> PortError {
    PortError::new(PortErrorKind::Local, "use the variable", variable, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "environments:\n- url: https://10.0.0.6:25555\n  alias: lab\n  \
        ca_cert: |\n    -----BEGIN CERTIFICATE-----\n  username: admin\n  password: MARKER\n";

    fn settings(variables: &[(&str, &str)]) -> Result<BoshSettings, PortError> {
        BoshSettings::from_environment(
            |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            },
            |path| match path.to_str() {
                Some("/home/me/.bosh/config" | "/lab/config") => Ok(FILE.to_owned()),
                Some("/bad") => Ok("environments: MARKER".to_owned()),
                _ => Err(io::ErrorKind::NotFound.into()),
            },
        )
    }

    #[test]
    fn an_alias_brings_its_address_ca_and_user() {
        for variables in [
            [("BOSH_ENVIRONMENT", "lab"), ("HOME", "/home/me")],
            [("BOSH_ENVIRONMENT", "https://10.0.0.6:25555"), ("BOSH_CONFIG", "/lab/config")],
        ] {
            let settings = settings(&variables).unwrap();
            assert_eq!(settings.address.to_string(), "https://10.0.0.6:25555");
            assert_eq!(settings.client.as_deref(), Some("admin"));
            assert!(settings.client_secret.is_some() && settings.ca_cert.is_some());
            assert!(!format!("{settings:?}").contains("MARKER"));
        }
    }

    #[test]
    fn a_given_client_never_meets_a_stored_password() {
        let settings = settings(&[
            ("BOSH_ENVIRONMENT", "lab"),
            ("HOME", "/home/me"),
            ("BOSH_CLIENT", "reader"),
            ("BOSH_CA_CERT", "~/ca.pem"),
            ("BOSH_ALL_PROXY", "socks5://jump:1080"),
        ])
        .unwrap();
        assert_eq!(settings.client.as_deref(), Some("reader"));
        assert!(settings.client_secret.is_none());
        assert_eq!(settings.ca_cert.unwrap().subject(), "/home/me/ca.pem");
        assert_eq!(settings.proxy.unwrap().address(), "socks5h://jump:1080");
    }

    #[test]
    fn what_cannot_be_used_says_the_variable_and_what_to_write() {
        for (variables, subject, advice) in [
            (vec![], "BOSH_ENVIRONMENT", "alias"),
            (
                vec![("BOSH_ENVIRONMENT", "h"), ("BOSH_ALL_PROXY", "ssh+socks5://ops@j:2222?private-key=/k")],
                "BOSH_ALL_PROXY",
                "`ssh -N -D 127.0.0.1:1080 -p 2222 -i /k ops@j`",
            ),
            (vec![("BOSH_ENVIRONMENT", "h"), ("BOSH_ALL_PROXY", "x://")], "BOSH_ALL_PROXY", "socks5"),
            (vec![("BOSH_ENVIRONMENT", "h"), ("BOSH_CONFIG", "/bad")], "/bad", "BOSH_CONFIG"),
        ] {
            let error = settings(&variables).unwrap_err();
            assert_eq!(error.subject, subject);
            assert!(error.advice.as_ref().unwrap().contains(advice), "{error:?}");
            assert!(!format!("{error:?}").contains("MARKER"));
        }
    }

    #[test]
    fn https_proxy_is_used_and_never_for_the_loopback() {
        let proxied = settings(&[("BOSH_ENVIRONMENT", "h"), ("HTTPS_PROXY", "proxy:3128")]);
        assert_eq!(proxied.unwrap().proxy.unwrap().address(), "http://proxy:3128");
        let plain = settings(&[("BOSH_ENVIRONMENT", "http://127.0.0.1"), ("HTTPS_PROXY", "p:1")]);
        assert!(plain.unwrap().proxy.is_none());
    }
}
