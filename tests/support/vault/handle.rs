//! Looking at a running fake and changing what it holds, as a test, the broker
//! or an operator would.

use std::collections::BTreeMap;

use serde_json::Value;

use super::exchange::Route;
use super::fault::Fault;
use super::kv2::VersionedMount;
use super::limits::Limits;
use super::policy::Policy;
use super::serve::Server;
use super::state::Mount;
use super::token::{Role, TokenLife};

/// A fake's inside. Clones show the same one.
#[derive(Debug, Clone)]
pub struct FakeHandle {
    pub(super) server: Server,
    pub(super) address: String,
}

impl FakeHandle {
    /// Its address, as `VAULT_ADDR` holds it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Mounts KV v2, making the namespace if it is not there.
    pub fn mount_two(&self, namespace: &str, path: &str) {
        self.mount(namespace, path, Mount::Two(VersionedMount::default()));
    }

    /// Mounts KV v1, making the namespace if it is not there.
    pub fn mount_one(&self, namespace: &str, path: &str) {
        self.mount(namespace, path, Mount::One(BTreeMap::new()));
    }

    fn mount(&self, namespace: &str, path: &str, mount: Mount) {
        let state = &mut *self.server.state();
        let mounts = state.namespaces.entry(namespace.to_owned()).or_default();
        mounts.insert(format!("{}/", path.trim_matches('/')), mount);
    }

    /// Seals it: every request but health is refused.
    pub fn seal(&self) {
        self.server.state().sealed = true;
    }

    /// Unseals it.
    pub fn unseal(&self) {
        self.server.state().sealed = false;
    }

    /// Makes it a standby without an active node, or the active node again.
    pub fn set_standby(&self, standby: bool) {
        self.server.state().standby = standby;
    }

    /// Changes its limits.
    pub fn set_limits(&self, limits: Limits) {
        self.server.state().limits = limits;
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.server.state().faults.add(fault);
    }

    /// Sets the number of the last write, as if the node were behind.
    pub fn set_index(&self, index: u64) {
        self.server.state().index = Some(index);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.server.state().faults.clear();
    }

    /// Gives a policy a name.
    pub fn add_policy(&self, name: &str, policy: Policy) {
        let state = &mut *self.server.state();
        state.policies.insert(name.to_owned(), policy);
    }

    /// Makes a token.
    pub fn add_token(&self, token: &str, life: TokenLife) {
        let state = &mut *self.server.state();
        let now = state.clock.now();
        state.tokens.issue(token, life, now);
    }

    /// Ends a token at once.
    pub fn revoke(&self, token: &str) {
        self.server.state().tokens.revoke(token);
    }

    /// Ends all tokens that logins gave.
    pub fn revoke_given(&self) {
        self.server.state().tokens.revoke_given();
    }

    /// Makes a role of AppRole, mounted at `auth/approle`.
    pub fn add_role(&self, role: Role) {
        self.server.state().tokens.add_role("approle", role);
    }

    /// How many tokens logins gave.
    #[must_use]
    pub fn logins(&self) -> u64 {
        self.server.state().tokens.given()
    }

    /// Requests of a route, those that met a fault included.
    #[must_use]
    pub fn count(&self, route: Route) -> u64 {
        let state = self.server.state();
        state.counts.get(&route).copied().unwrap_or_default()
    }

    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.server.state().counts.values().sum()
    }

    /// Forgets what was counted.
    pub fn reset_counts(&self) {
        self.server.state().counts.clear();
    }

    /// The tokens that requests carried.
    #[must_use]
    pub fn tokens_seen(&self) -> Vec<String> {
        self.server.state().tokens_seen.clone()
    }

    /// The newest data at a path of `secret/`, as it was sent.
    #[must_use]
    pub fn secret(&self, path: &str) -> Option<Value> {
        self.with_mount("", "secret", |mount| mount.data(path).cloned())
    }

    /// The current version of a path of `secret/`; 0 is never.
    #[must_use]
    pub fn version(&self, path: &str) -> u64 {
        self.with_mount("", "secret", |mount| mount.version(path))
    }

    /// All paths of `secret/`, soft-deleted ones too.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.with_mount("", "secret", |mount| mount.paths())
    }

    /// Writes to `secret/` as the broker does: without any check. Gives the new
    /// version.
    pub fn put(&self, path: &str, data: Value) -> u64 {
        let now = self.server.state().clock.now();
        self.with_mount("", "secret", |mount| mount.put(path, data, now))
    }

    /// Deletes softly in `secret/`, as the broker does.
    pub fn delete(&self, path: &str) {
        let now = self.server.state().clock.now();
        self.with_mount("", "secret", |mount| mount.delete(path, now));
    }

    /// The newest data at a path of any mount of KV v2.
    #[must_use]
    pub fn secret_in(&self, namespace: &str, mount: &str, path: &str) -> Option<Value> {
        self.with_mount(namespace, mount, |mount| mount.data(path).cloned())
    }

    fn with_mount<T>(&self, namespace: &str, path: &str, work: impl FnOnce(&mut VersionedMount) -> T) -> T {
        let state = &mut *self.server.state();
        match state.mount(namespace, path) {
            Some((Mount::Two(mount), ..)) => work(mount),
            _ => panic!("no KV v2 is mounted at `{path}`"),
        }
    }
}
