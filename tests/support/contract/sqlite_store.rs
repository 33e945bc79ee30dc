//! The embedded store keeps the contract of secret stores.

use std::sync::Arc;

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::ports::SecretStore;

use super::secret_store::check_secret_store;

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    // Opened anew for each case: what one wrote is there for the others.
    let open = async || Arc::new(SqliteStore::open(&path).unwrap()) as Arc<dyn SecretStore>;
    check_secret_store(open, "contract").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory() {
    let open = async || Arc::new(SqliteStore::open_in_memory().unwrap()) as Arc<dyn SecretStore>;
    check_secret_store(open, "a/deeper/prefix").await;
}
