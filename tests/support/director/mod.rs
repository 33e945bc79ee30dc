//! A BOSH Director in the process of the test: its lists, manifests, events and
//! tasks, its UAA, its scopes, its traps, and faults on demand.
//!
//! [`FakeDirector::start`] listens on a loopback port, in a thread of its own,
//! so that it answers blocking tests too and its waits do not count on a test's
//! paused clock. What it holds is a [`DirectorState`], made in Rust or read from
//! a fleet's folder, and changed while it runs with [`FakeDirector::change`].
//!
//! | habit of a real Director | where |
//! |---|---|
//! | JSON sent as `text/html`, and only that is packed | `exchange` |
//! | 401 for both a bad token and a missing scope | `identity` |
//! | events: 200 a page, newest first, `after_time` skips a second, pruned | `events` |
//! | a deployment is listed with a null manifest while it is created | `lifecycle` |
//! | `format=full` starts a task and redirects to it | `routes` |

mod counters;
mod events;
mod exchange;
mod fault;
mod folder;
mod identity;
mod lifecycle;
mod routes;
mod serve;
mod server;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
mod uaa;

pub use counters::{Counters, SeenRequest};
pub use events::FakeEvent;
pub use fault::{Fault, Injection};
pub use server::{FakeDirector, FakeDirectorSettings};
pub use state::{Account, Deployment, DirectorState, FakeInstance};
pub use tasks::FakeTask;
