//! Identifies what a conclusion about a deployment was drawn from. While that
//! stands, the next run need not read the records to conclude the same. Pure.

use super::fingerprint::{Feed, Fingerprint};
use super::instance::Matched;
use crate::model::{Catalog, IndexEntry, InstanceId};

/// What conclusions are drawn from beside the deployment.
#[derive(Debug, Clone)]
pub struct Setting {
    catalog: String,
    store: String,
    director_uuid: String,
}

impl Setting {
    /// The catalog, where the records are, and whose deployments they are of.
    #[must_use]
    pub fn new(catalog: &Catalog, store: String, director_uuid: &str) -> Self {
        Self { catalog: catalog.fingerprint(), store, director_uuid: director_uuid.to_ascii_lowercase() }
    }

    /// Identifies an instance's records: the same instance in another store, or
    /// of another Director, has others.
    #[must_use]
    pub fn place(&self, instance: &InstanceId) -> String {
        let mut feed = self.feed();
        feed.text(instance.as_str());
        feed.end(16)
    }

    /// The fingerprint of an entry whose deployment is not there, as it was read,
    /// and of where it stands.
    #[must_use]
    pub fn grounds_of_absent(&self, entry: &IndexEntry) -> String {
        let mut feed = self.feed();
        feed.text(env!("CARGO_PKG_VERSION"));
        feed.text(entry.instance.as_str());
        feed.object(Some(&entry.fields));
        feed.end(16)
    }

    fn feed(&self) -> Feed {
        let mut feed = Feed::default();
        feed.text(&self.store);
        feed.text(&self.director_uuid);
        feed
    }
}

/// The fingerprint of everything that a conclusion about a deployment comes
/// from, but for the records themselves: the decision, the deployment, the
/// index entry as it was read, the catalog, the store, the Director, and this
/// release, which may conclude otherwise than another. How sure the decision is
/// does not count: that drifts with every deployment that comes or goes.
#[must_use]
pub fn grounds(matched: &Matched<'_>, setting: &Setting) -> String {
    let mut feed = setting.feed();
    feed.text(env!("CARGO_PKG_VERSION"));
    feed.text(&setting.catalog);
    feed.text(&Fingerprint::of(matched).for_plan());
    feed.text(&matched.chain.to_string());
    feed.text(&matched.reason());
    feed.number(matched.agreeing as u64);
    feed.object(matched.entry.map(|entry| &entry.fields));
    feed.end(16)
}
