//! Archives as three older reconcilers wrote them.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use reconciler_core::model::{InstanceId, JsonObject};
use sha2::{Digest as _, Sha256};

/// What one instance's records held.
#[derive(Debug, Clone)]
pub struct OldRecords {
    /// The index entry.
    pub entry: JsonObject,
    /// The metadata.
    pub metadata: JsonObject,
    /// The manifest.
    pub manifest: JsonObject,
    /// A secret that no reconciler may write.
    pub credentials: JsonObject,
}

/// Objects side by side, named by the second.
#[must_use]
pub fn timestamped(instance: &InstanceId, second: u64, records: &OldRecords) -> (String, JsonObject) {
    (format!("{instance}/backups/{second}"), side_by_side(second, records))
}

/// Objects side by side, named by a digest.
#[must_use]
pub fn hashed(instance: &InstanceId, second: u64, records: &OldRecords) -> (String, JsonObject) {
    let data = side_by_side(second, records);
    (format!("{instance}/backups/{}", sha256(&data.to_text())), data)
}

/// A packed object from path to secret, named by the digest of its text.
///
/// # Panics
/// Never: packing happens in memory.
#[must_use]
pub fn bundled(instance: &InstanceId, second: u64, records: &OldRecords) -> (String, JsonObject) {
    let mut secrets = JsonObject::new();
    secrets.set_value(format!("secret/{instance}/credentials"), &records.credentials);
    secrets.set_value(format!("secret/{instance}/manifest"), &records.manifest);
    secrets.set_value(format!("secret/{instance}/metadata"), &records.metadata);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(secrets.to_text().as_bytes()).expect("memory takes all");
    let archive = STANDARD.encode(encoder.finish().expect("memory takes all"));
    let path = format!("backups/{instance}/{}", sha256(&archive));
    let mut data = JsonObject::new();
    data.set_value("timestamp", &second);
    data.set_value("archive", &archive);
    (path, data)
}

/// The list that two of them kept of their archives, here without any.
#[must_use]
pub fn lost_list(instance: &InstanceId) -> (String, JsonObject) {
    let mut data = JsonObject::new();
    data.set_value("backups", &Vec::<u64>::new());
    (format!("{instance}/backups/index"), data)
}

fn side_by_side(second: u64, records: &OldRecords) -> JsonObject {
    let mut data = JsonObject::new();
    data.set_value("index", &records.entry);
    data.set_value("metadata", &records.metadata);
    data.set_value("manifest", &records.manifest);
    data.set_value("backup_timestamp", &second);
    data.set_value("backup_reason", "pre_reconciliation_backup");
    data
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
