//! Every store of secrets keeps the same contract.

use std::sync::Arc;

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::ports::SecretStore;
use reconciler_tests::contract::secret_store::check_secret_store;

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_in_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    check_secret_store(
        async || Arc::new(SqliteStore::open(&path).unwrap()) as Arc<dyn SecretStore>,
        "contract",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_in_memory_keeps_the_contract() {
    let store: Arc<dyn SecretStore> = Arc::new(SqliteStore::open_in_memory().unwrap());
    check_secret_store(async || Arc::clone(&store), "contract").await;
}
