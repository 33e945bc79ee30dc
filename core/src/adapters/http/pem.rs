//! Certificates and keys in PEM: given as text, or as the path of a file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, Identity};

use super::Secret;
use crate::ports::{PortError, PortErrorKind};

/// Where PEM text comes from.
#[derive(Clone)]
pub enum PemSource {
    /// The text itself. It may hold a private key, so it is not shown.
    Inline(Secret),
    /// A file that is read when the client is built.
    File(PathBuf),
    /// A folder whose files are read together when the client is built.
    Folder(PathBuf),
}

impl PemSource {
    /// Takes a value as the bosh CLI takes its CA: text that contains `BEGIN`
    /// is PEM, anything else is a path. A leading `~/` is replaced by `home`
    /// where that is known.
    #[must_use]
    pub fn parse(value: &str, home: Option<&str>) -> Self {
        if value.contains("BEGIN") {
            return Self::Inline(Secret::new(value));
        }
        let path = match (value.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(value),
        };
        Self::File(path)
    }

    /// For people: the path, or that it was given as text.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Inline(_) => "inline PEM".to_owned(),
            Self::File(path) | Self::Folder(path) => path.display().to_string(),
        }
    }

    /// The PEM text.
    ///
    /// # Errors
    /// `Local` if the file or the folder cannot be read.
    pub fn read(&self, operation: &'static str) -> Result<Secret, PortError> {
        let (path, text) = match self {
            Self::Inline(text) => return Ok(text.clone()),
            Self::File(path) => (path, std::fs::read_to_string(path)),
            Self::Folder(path) => (path, read_folder(path)),
        };
        text.map(Secret::new).map_err(|e| {
            PortError::new(PortErrorKind::Local, operation, path.display().to_string(), e.to_string())
                .with_advice(
                    "give the path of a readable PEM file, or the PEM text itself \
                 (it begins with `-----BEGIN`)",
                )
                .with_source(e)
        })
    }

    /// All certificates in the text.
    pub(super) fn certificates(&self) -> Result<Vec<Certificate>, PortError> {
        const OPERATION: &str = "read the CA certificates";
        let text = self.read(OPERATION)?;
        let refuse = |reason: String| {
            PortError::new(PortErrorKind::Local, OPERATION, self.subject(), reason)
                .with_advice("it must hold at least one `-----BEGIN CERTIFICATE-----` block")
        };
        let found = Certificate::from_pem_bundle(text.expose().as_bytes())
            .map_err(|_| refuse("it is not valid PEM".to_owned()))?;
        if found.is_empty() {
            return Err(refuse("there is no certificate in it".to_owned()));
        }
        Ok(found)
    }

    /// A client certificate: `self` holds the chain, `key` the private key, or
    /// `self` holds both.
    pub(super) fn identity(&self, key: Option<&PemSource>) -> Result<Identity, PortError> {
        const OPERATION: &str = "read the client certificate";
        let mut text = self.read(OPERATION)?.expose().to_owned();
        if let Some(key) = key {
            text.push('\n');
            text.push_str(key.read("read the client certificate's key")?.expose());
        }
        let text = Secret::new(text);
        // The error beneath may quote the text: it is not kept.
        Identity::from_pem(text.expose().as_bytes()).map_err(|_| {
            PortError::new(
                PortErrorKind::Local,
                OPERATION,
                self.subject(),
                "it is not a certificate with its private key",
            )
            .with_advice("give a PEM certificate and its unencrypted PEM private key")
        })
    }
}

/// The PEM files of a folder, by name; what is not PEM is passed over, as such
/// folders hold links and notes too.
fn read_folder(folder: &Path) -> io::Result<String> {
    let mut files = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut all = String::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
        if text.contains("-----BEGIN CERTIFICATE-----") {
            all.push_str(&text);
            all.push('\n');
        }
    }
    Ok(all)
}

impl fmt::Debug for PemSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PemSource({})", self.subject())
    }
}
