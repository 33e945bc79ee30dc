//! A line in the log for everything that changes a store: where, which version,
//! never what.

use async_trait::async_trait;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, SecretStore, Slot, Version};

use crate::telemetry::AUDIT;

/// A store whose changes are told.
#[derive(Debug)]
pub(super) struct AuditedStore<S>(pub(super) S);

#[async_trait]
impl<S: SecretStore> SecretStore for AuditedStore<S> {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.0.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        let written = self.0.write(path, data, expected).await;
        match &written {
            Ok(version) => {
                tracing::info!(target: AUDIT, path, before = expected.0, after = version.0, "wrote");
            }
            Err(error) => {
                tracing::info!(target: AUDIT, path, before = expected.0, kind = error.kind.code(), "did not write");
            }
        }
        written
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.0.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        told("deleted", path, self.0.delete(path).await)
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        told("purged", path, self.0.purge(path).await)
    }

    fn address(&self) -> String {
        self.0.address()
    }
}

fn told(what: &str, path: &str, outcome: Result<(), PortError>) -> Result<(), PortError> {
    let kind = outcome.as_ref().err().map(|error| error.kind.code());
    tracing::info!(target: AUDIT, path, failed = kind, "{what}");
    outcome
}
