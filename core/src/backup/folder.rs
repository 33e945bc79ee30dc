//! The name of the folder below an instance that archives are kept in.

use std::fmt;

use crate::model::{InstanceId, layout};

/// A name that cannot be the folder of archives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be the folder of archives: {why}", .name.escape_debug())]
pub struct InvalidFolder {
    /// The refused name.
    pub name: String,
    /// The rule it breaks.
    pub why: &'static str,
}

/// Names below an instance that Blacksmith, its user interface, its services
/// and the init scripts use besides the broker's own.
const TAKEN: [&str; 13] = [
    "manifest",
    "metadata",
    "vm_status",
    "vms",
    "certificates",
    "rabbitmqctl",
    "rabbitmq-plugins",
    "redis",
    "rabbitmq",
    "postgresql",
    "valkey",
    "mariadb",
    "index",
];

/// The folder below an instance that archives are kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFolder(String);

impl BackupFolder {
    /// The folder unless somebody says otherwise.
    pub const USUAL: &'static str = "backups";

    /// The folder where another reconciler clears the usual one.
    pub const APART: &'static str = "reconciler-backups";

    /// Takes a name that can be the folder.
    ///
    /// # Errors
    /// Says which rule the name breaks.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidFolder> {
        let name = name.into();
        match check(&name) {
            Ok(()) => Ok(Self(name)),
            Err(why) => Err(InvalidFolder { name, why }),
        }
    }

    /// The folder unless somebody says otherwise.
    #[must_use]
    pub fn usual() -> Self {
        Self(Self::USUAL.to_owned())
    }

    /// The folder where another reconciler clears the usual one.
    #[must_use]
    pub fn apart() -> Self {
        Self(Self::APART.to_owned())
    }

    /// Its path below an instance.
    #[must_use]
    pub fn of(&self, instance: &InstanceId) -> String {
        format!("{instance}/{}", self.0)
    }

    /// The path of an archive.
    #[must_use]
    pub fn archive(&self, instance: &InstanceId, second: u64) -> String {
        format!("{}/{second}", self.of(instance))
    }
}

impl fmt::Display for BackupFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > 64 {
        return Err("it must have 1 to 64 characters");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err("only letters, digits, `-`, `_` and `.` are allowed");
    }
    if !name.as_bytes()[0].is_ascii_alphanumeric() || name.ends_with('.') {
        return Err("it must begin with a letter or a digit and must not end with a dot");
    }
    let folded = name.to_ascii_lowercase();
    if layout::BROKERS_OWN.contains(&folded.as_str()) || TAKEN.contains(&folded.as_str()) {
        return Err("Blacksmith keeps something else under that name");
    }
    // The broker keeps a secret below each instance that is called as its
    // deployment, which ends with the instance's id.
    let tail = name.len().checked_sub(crate::model::ids::UUID_LEN).and_then(|at| name.get(at..));
    if tail.is_some_and(crate::model::ids::is_uuid) {
        return Err("it ends with a UUID, as the names of deployments do");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_taken_and_every_name_that_is_no_segment_is_refused() {
        for good in [BackupFolder::USUAL, BackupFolder::APART, "archives.v2", "0"] {
            assert!(BackupFolder::new(good).is_ok(), "{good}");
        }
        let taken = layout::BROKERS_OWN.into_iter().chain(TAKEN);
        let odd = ["", "a/b", "..", ".a", "a.", "a b", "é", "Manifest", "CREDENTIALS"];
        for bad in taken.chain(odd) {
            let error = BackupFolder::new(bad).unwrap_err();
            assert!(error.to_string().contains(error.why), "{bad}");
        }
        let deployment = "redis-small-1b4e28ba-2fa1-41d2-883f-0016d3cca427";
        assert!(BackupFolder::new(deployment).is_err());
        assert!(BackupFolder::new("x".repeat(65)).is_err());
    }
}
