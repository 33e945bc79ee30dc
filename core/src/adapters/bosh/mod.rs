//! A BOSH Director over HTTP, read only.
//!
//! [`BoshDirector`] implements [`Director`](crate::ports::Director). It asks for
//! lists, manifests, events and tasks; it never asks for `format=full`, which
//! would start a task, and has no method that writes.
//!
//! Who we are goes to two places: the user or the token to the configured
//! Director, the client's secret to the UAA that this Director names. Neither
//! follows a redirect to another origin.

mod address;
mod authentication;
mod config_file;
mod decode;
mod director;
mod environment;
mod examination;
mod refusal;
mod settings;
mod token;

pub use address::DirectorAddress;
pub use director::BoshDirector;
pub use examination::Examination;
pub use settings::{BodyLimits, BoshSettings};
