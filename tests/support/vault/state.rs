//! What a server is made of: mounts by namespace, tokens, policies, seal,
//! limits, faults, counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use reconciler_core::ports::Clock;
use serde_json::Value;

use super::exchange::Route;
use super::fault::Faults;
use super::kv2::VersionedMount;
use super::limits::Limits;
use super::policy::{self, Policy};
use super::token::Tokens;

/// Whose texts and habits the server has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flavour {
    /// HashiCorp Vault: a dead token's 403 says so.
    #[default]
    Vault,
    /// OpenBao: a dead token's 403 looks like a policy's.
    OpenBao,
}

/// A mounted engine.
#[derive(Debug)]
pub(crate) enum Mount {
    /// KV v1: the body is the data.
    One(BTreeMap<String, Value>),
    /// KV v2.
    Two(VersionedMount),
}

/// The server without its network.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flavour: Flavour,
    pub(crate) limits: Limits,
    pub(crate) sealed: bool,
    pub(crate) standby: bool,
    /// Mounts by namespace (the root is empty) and path, with a slash.
    pub(crate) namespaces: BTreeMap<String, BTreeMap<String, Mount>>,
    pub(crate) tokens: Tokens,
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) faults: Faults,
    pub(crate) counts: BTreeMap<Route, u64>,
    /// Every token that a request carried, each once.
    pub(crate) tokens_seen: Vec<String>,
    /// The number of the last write, sent as `X-Vault-Index`.
    pub(crate) index: Option<u64>,
}

impl State {
    /// The mount that a path lies in, with the rest of the path.
    pub(crate) fn mount<'p>(
        &mut self,
        namespace: &str,
        path: &'p str,
    ) -> Option<(&mut Mount, String, &'p str)> {
        let mounts = self.namespaces.get_mut(namespace)?;
        let (name, mount) = mounts
            .iter_mut()
            .filter(|(name, _)| path.starts_with(name.as_str()) || path == name.trim_end_matches('/'))
            .max_by_key(|(name, _)| name.len())?;
        let rest = path.get(name.len()..).unwrap_or_default();
        Some((mount, name.clone(), rest))
    }

    /// Whether policies allow a capability on a path; lists are asked with the
    /// slash and without.
    pub(crate) fn allows(&self, policies: &[String], path: &str, capability: &str) -> bool {
        self.capabilities(policies, path).iter().any(|given| given == capability || given == "root")
    }

    /// What policies allow on a path.
    pub(crate) fn capabilities(&self, policies: &[String], path: &str) -> Vec<String> {
        if policies.iter().any(|name| name == "root") {
            return vec!["root".to_owned()];
        }
        let given = policy::capabilities(self.named(policies), path);
        given.into_iter().collect()
    }

    /// Whether policies could allow anything below a mount.
    pub(crate) fn reaches(&self, policies: &[String], mount: &str) -> bool {
        policies.iter().any(|name| name == "root") || policy::reaches(self.named(policies), mount)
    }

    fn named<'s>(&'s self, names: &'s [String]) -> impl Iterator<Item = &'s Policy> {
        names.iter().filter_map(|name| self.policies.get(name))
    }
}
