//! TLS by the environment variables of the vault CLI, on real handshakes.

use std::io;
use std::path::Path;

use reconciler_core::adapters::vault::{EnvironmentSettings, VaultSettings, VaultStore};
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore};

use super::super::{Effect, FakeVault, FakeVaultSettings, Fault, ROOT_TOKEN};
use super::expect;
use crate::certificates::{CertificateKind, OTHER_NAME};

fn fake(kind: CertificateKind) -> FakeVault {
    FakeVault::start(FakeVaultSettings { tls: Some(kind), ..FakeVaultSettings::default() })
}

/// Settings from these variables, with address and token beside them.
fn environment(fake: &FakeVault, variables: &[(&str, &str)]) -> EnvironmentSettings {
    let lookup = |name: &str| match name {
        "VAULT_ADDR" => Some(fake.address().to_owned()),
        "VAULT_TOKEN" => Some(ROOT_TOKEN.to_owned()),
        _ => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
    };
    let no_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
    VaultSettings::from_environment(lookup, no_file).unwrap()
}

/// Reads with settings from these variables.
async fn read(fake: &FakeVault, variables: &[(&str, &str)]) -> Result<(), PortError> {
    let store = VaultStore::new(environment(fake, variables).settings)?;
    store.read("db").await.map(drop)
}

/// A folder with the CA, and beside it what else lies in such folders.
struct Folder(tempfile::TempDir);

impl Folder {
    fn of(fake: &FakeVault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), fake.ca_pem().unwrap()).unwrap();
        std::fs::write(folder.path().join("README"), "Our CAs.").unwrap();
        if let Some(client) = fake.client_pem() {
            std::fs::write(folder.path().join("client.key"), client).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_ca_is_a_file_or_a_folder() {
    let fake = fake(CertificateKind::Good);
    let folder = Folder::of(&fake);
    read(&fake, &[("VAULT_CACERT", &folder.path("ca.pem"))]).await.unwrap();
    read(&fake, &[("VAULT_CAPATH", &folder.path(""))]).await.unwrap();
    let error = read(&fake, &[]).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "not trusted here");
    let missing = folder.path("nothing.pem");
    let error = read(&fake, &[("VAULT_CACERT", &missing)]).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "nothing.pem");
}

#[tokio::test]
async fn verification_is_skipped_with_a_warning_only() {
    let fake = fake(CertificateKind::UnknownIssuer);
    let variables = [("VAULT_SKIP_VERIFY", "true")];
    read(&fake, &variables).await.unwrap();
    let warnings = environment(&fake, &variables).warnings;
    assert!(warnings[0].contains("not verified"), "{warnings:?}");
}

#[tokio::test]
async fn the_server_has_the_name_that_is_configured() {
    let fake = fake(CertificateKind::OtherName);
    let folder = Folder::of(&fake);
    let ca = ("VAULT_CACERT", &*folder.path("ca.pem"));
    let error = read(&fake, &[ca]).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "the certificate is for");
    read(&fake, &[ca, ("VAULT_TLS_SERVER_NAME", OTHER_NAME)]).await.unwrap();
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let fake = fake(CertificateKind::Mutual);
    let folder = Folder::of(&fake);
    let ca = ("VAULT_CACERT", &*folder.path("ca.pem"));
    let pair = folder.path("client.key");
    read(&fake, &[ca, ("VAULT_CLIENT_CERT", &pair), ("VAULT_CLIENT_KEY", &pair)]).await.unwrap();
    assert!(fake.total() > 0);
    let before = fake.total();
    let mut settings = environment(&fake, &[ca]).settings;
    settings.retry.tries = 1;
    let refused = VaultStore::new(settings).unwrap().read("db").await;
    assert!(refused.is_err());
    assert_eq!(fake.total(), before);
}

#[tokio::test]
async fn a_redirect_leads_to_https_and_never_back_to_http() {
    let secure = fake(CertificateKind::Good);
    let plain = FakeVault::plain();
    let folder = Folder::of(&secure);
    let ca = ("VAULT_CACERT", &*folder.path("ca.pem"));
    plain.fault(Fault::new(Effect::Redirect(secure.address().to_owned())).always());
    read(&plain, &[ca]).await.unwrap();
    assert_eq!(secure.total(), plain.total());

    secure.fault(Fault::new(Effect::Redirect(plain.address().to_owned())).always());
    let before = plain.total();
    let error = read(&secure, &[ca]).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "redirects to http://127.0.0.1");
    assert_eq!(plain.total(), before, "the token stays on TLS");
}
