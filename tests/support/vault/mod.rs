//! A Vault in the process of the test: KV v2 and v1, tokens, AppRole, policies,
//! seal, namespaces, limits, and faults on demand, with the bodies that
//! HashiCorp Vault and OpenBao send.
//!
//! [`FakeVault::start`] listens on a loopback port. Everything but the network
//! is a function of a request and the state, so that a test can look at the
//! state and change it as the broker would: [`FakeHandle::secret`],
//! [`FakeHandle::put`].

mod dispatch;
mod exchange;
mod fault;
mod hand_clock;
mod handle;
mod kv2;
mod limits;
mod number;
mod policy;
mod serve;
mod server;
mod state;
mod system;
#[cfg(test)]
mod tests;
mod token;

pub use exchange::Route;
pub use fault::{Effect, Fault};
pub use hand_clock::HandClock;
pub use handle::FakeHandle;
pub use limits::Limits;
pub use policy::Policy;
pub use server::{FakeVault, FakeVaultSettings, ROOT_TOKEN};
pub use state::Flavour;
pub use token::{Role, TokenLife};
