//! Identifies what a conclusion about a deployment was drawn from. While that
//! stands, the next run need not read the records to conclude the same. Pure.

use super::fingerprint::{Feed, Fingerprint};
use super::instance::Matched;
use crate::model::Catalog;

/// What conclusions are drawn from beside the deployment.
#[derive(Debug, Clone)]
pub struct Setting {
    catalog: String,
    store: String,
}

impl Setting {
    /// The catalog, and where the records are.
    #[must_use]
    pub fn new(catalog: &Catalog, store: String) -> Self {
        Self { catalog: catalog.fingerprint(), store }
    }
}

/// The fingerprint of everything that a conclusion about a deployment comes
/// from, but for the records themselves: the decision, the deployment, the
/// index entry as it was read, the catalog, the store, and this release, which
/// may conclude otherwise than another. How sure the decision is does not
/// count: that drifts with every deployment that comes or goes.
#[must_use]
pub fn grounds(matched: &Matched<'_>, setting: &Setting) -> String {
    let mut feed = Feed::default();
    feed.text(env!("CARGO_PKG_VERSION"));
    feed.text(&setting.catalog);
    feed.text(&setting.store);
    feed.text(&Fingerprint::of(matched).for_plan());
    feed.text(&matched.chain.to_string());
    feed.text(&matched.reason());
    feed.number(matched.agreeing as u64);
    let entry = matched.entry.map(|entry| entry.fields.to_text());
    feed.optional(entry.as_deref());
    feed.end(16)
}
