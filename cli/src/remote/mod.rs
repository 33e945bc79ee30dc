//! Speaks to a daemon.

mod args;

use std::time::Duration;

use reconciler_core::config::{Origin, Settings, keys};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, Method, StatusCode, Url};
use serde_json::Value;

use crate::failure::Failure;
use crate::wiring;

pub(crate) use self::args::RemoteArgs;

/// How long a request may take.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// A daemon, as this program sees it.
pub(crate) struct Remote {
    client: Client,
    url: String,
    authorization: Option<HeaderValue>,
}

impl Remote {
    /// The daemon that the flags name, if they name one. Flags that say how the
    /// work is done here are refused then: those of the configuration, and others
    /// by name.
    pub(crate) fn of(
        args: &RemoteArgs,
        settings: &Settings,
        others: &[(&str, bool)],
    ) -> Result<Option<Self>, Failure> {
        let Some(url) = &args.remote else { return Ok(None) };
        let url = checked(url)?;
        let others = others.iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| (*flag).to_owned());
        let of_settings = settings.entries().filter_map(|entry| match entry.origin()? {
            Origin::Flag { name } if entry.spec().path != keys::HTTP_TOKEN_FILE.path() => Some(name.clone()),
            _ => None,
        });
        if let Some(flag) = others.chain(of_settings).next() {
            return Err(Failure::told(
                format!("`{flag}` has no effect on what a daemon does: that is as it was configured there"),
                format!("leave `{flag}` away, or leave `--remote` away to do it here"),
            ));
        }
        let mut builder = Client::builder()
            .timeout(TIME_LIMIT)
            // A token does not follow to anywhere else.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if let Some(file) = &args.remote_ca {
            let refused = |why: String| {
                let message = format!("failed to read the CA {}: {why}", file.display());
                Failure::told(message, "name a PEM file with --remote-ca")
            };
            let pem = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).map_err(|error| refused(error.to_string()))?;
            builder =
                certificates.into_iter().fold(builder, |builder, one| builder.add_root_certificate(one));
        }
        let token = wiring::http_token(settings)?;
        let authorization = token
            .map(|token| {
                let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                    Failure::told("the daemon's token cannot stand in a header", "use letters and digits")
                })?;
                value.set_sensitive(true);
                Ok::<_, Failure>(value)
            })
            .transpose()?;
        Ok(Some(Self { client: builder.build().map_err(Failure::local)?, url, authorization }))
    }

    /// What stands at a path; the `data` of the document.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path).await
    }

    /// Asks for a run, and gives its id.
    pub(crate) async fn ask_for_run(&self) -> Result<String, Failure> {
        let asked = self.send(Method::POST, "/api/v1/reconcile").await?;
        match asked["run_id"].as_str() {
            Some(run_id) => Ok(run_id.to_owned()),
            None => Err(self.odd("it named no run")),
        }
    }

    async fn send(&self, method: Method, path: &str) -> Result<Value, Failure> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.url));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/json").body("{}");
        }
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        let document: Value = serde_json::from_str(&text)
            .map_err(|_| self.odd(&format!("it answered HTTP {} without JSON", status.as_u16())))?;
        if status.is_success() {
            return Ok(document["data"].clone());
        }
        let error = &document["error"];
        let message = error["message"].as_str().unwrap_or("it gave no reason");
        let message = format!("the daemon at {}: {message} (HTTP {})", self.url, status.as_u16());
        let advice = match status {
            StatusCode::UNAUTHORIZED => "name the daemon's token with --token-file",
            _ => error["advice"].as_str().unwrap_or("its log says more"),
        };
        Err(Failure::remote(message, advice))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let cause = cause.to_string();
        let advice = if cause.contains("CaUsedAsEndEntity") {
            "the daemon shows a CA's own certificate, as `openssl req -x509` makes it unasked: make it with \
             `-addext basicConstraints=critical,CA:FALSE`, or have a CA sign one and name that CA with \
             --remote-ca"
        } else if cause.contains("UnknownIssuer") {
            "name the CA of the daemon's certificate, or a certificate that it signed itself, with --remote-ca"
        } else {
            "check the address, and that `reconciler serve` runs there"
        };
        Failure::remote(format!("failed to ask the daemon at {}: {cause}", self.url), advice)
    }

    fn odd(&self, what: &str) -> Failure {
        Failure::remote(format!("{}: {what}", self.url), "check that a reconciler answers there")
    }
}

/// An address of a daemon, as paths are put behind it.
fn checked(url: &str) -> Result<String, Failure> {
    let refused = |why: &str| {
        Failure::told(
            format!("--remote: the daemon's address {why}"),
            "write it as http://127.0.0.1:9180, or with https where the daemon speaks TLS",
        )
    };
    let parsed = Url::parse(url).map_err(|error| refused(&format!("is none: {error}")))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refused("begins neither with http:// nor with https://"));
    }
    // It is shown in messages.
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refused("holds a user or a password, and a daemon knows tokens only"));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("has something behind a `?` or `#`"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}
