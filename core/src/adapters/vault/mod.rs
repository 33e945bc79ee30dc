//! Records in a Vault: [`SecretStore`](crate::ports::SecretStore) over KV v2 of
//! HashiCorp Vault or OpenBao.
//!
//! | part | decides |
//! |---|---|
//! | `settings`, `environment` | where Vault is and who we are, as the vault CLI reads it |
//! | `session`, `lease`, `login` | the token: renewal, login, what a 403 means |
//! | `link`, `connection` | headers, one hop of redirect, one answer to a dead token |
//! | `mount` | where the secrets are, and that they are KV v2 |
//! | `refusal` | what an answer that is no success means |
//! | `entry` | what is refused before it is sent: size, strings, numbers |
//! | `write` | check-and-set, and finding out the fate of a write without answer |
//! | `access`, `inspect` | what the token needs, what it has |
//!
//! No other part of the program knows Vault's paths or bodies.

mod access;
mod connection;
mod entry;
mod environment;
mod errand;
mod inspect;
mod lease;
mod link;
mod login;
mod mount;
mod refusal;
mod session;
mod settings;
mod store;
mod wire;
mod write;

pub use access::smallest_policy;
pub use environment::EnvironmentSettings;
pub use inspect::{IndexSize, MountReport, PathAccess, TokenReport, VaultReport, VaultStatus};
pub use settings::{AppRole, DEFAULT_MOUNT, EntryLimits, TokenSource, VaultSettings};
pub use store::VaultStore;
