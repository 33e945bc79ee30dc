//! What of a manifest may be shown. The only place that decides it.
//!
//! An allow-list: a scalar is public if its path is in `PUBLIC`; every
//! other scalar is a secret, wherever it stands and whatever it looks like. So is
//! a key that leads to no listed path, unless it is a word that everybody uses
//! (`is_key_public`): `{sk-live-…: admin}` has its secret before the colon. The
//! shape of a document is public. A scalar that an alias or a merge key lends from a
//! secret place to a public one stays secret ([`visibility`]).
//!
//! The list holds what names things: the deployment, its releases, stemcells,
//! instance groups and jobs, its tags, and the ids by which a
//! service broker marks its instances. It leaves out what could hold a
//! credential: the `url` of a release, the `properties` and `env` of a job.

use super::{Document, Pointer, Segment};

#[cfg(feature = "fleet")]
mod index;
mod keys;
mod known;
mod lent;
mod render;
#[cfg(feature = "fleet")]
mod seal;
#[cfg(feature = "fleet")]
mod sealed;

#[cfg(feature = "fleet")]
pub use index::sealed_index;
#[cfg(feature = "fleet")]
pub use seal::Seal;
#[cfg(feature = "fleet")]
pub use sealed::sealed;

pub(super) use keys::{is_key_public, may_be_looked_up};
pub use known::KnownNames;
pub(super) use lent::SecretScalars;
pub use lent::visibility;

/// What stands in place of a secret.
pub const REDACTED: &str = "<redacted>";

/// What every value begins with that a capture hid. No id and no name does: a
/// colon is allowed in neither.
pub const HIDDEN: &str = "redacted:";

/// Whether a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// It may be printed, logged, stored and handed to scripts.
    Public,
    /// It is shown as [`REDACTED`].
    Secret,
}

/// The paths of public scalars: keys separated by dots, `*` for any key, `[]`
/// for any item.
const PUBLIC: [&str; 56] = [
    "name",
    "director_uuid",
    "releases.[].name",
    "releases.[].version",
    "releases.[].stemcell.os",
    "releases.[].stemcell.version",
    "releases.[].exported_from.[].os",
    "releases.[].exported_from.[].version",
    "release.name",
    "release.version",
    "stemcells.[].alias",
    "stemcells.[].os",
    "stemcells.[].name",
    "stemcells.[].version",
    "instance_groups.[].name",
    "instance_groups.[].instances",
    "instance_groups.[].azs.[]",
    "instance_groups.[].vm_type",
    "instance_groups.[].vm_extensions.[]",
    "instance_groups.[].stemcell",
    "instance_groups.[].lifecycle",
    "instance_groups.[].persistent_disk_type",
    "instance_groups.[].networks.[].name",
    "instance_groups.[].migrated_from.[].name",
    "instance_groups.[].jobs.[].name",
    "instance_groups.[].jobs.[].release",
    "addons.[].name",
    "addons.[].jobs.[].name",
    "addons.[].jobs.[].release",
    "jobs.[].name",
    "jobs.[].instances",
    "jobs.[].lifecycle",
    "jobs.[].resource_pool",
    "jobs.[].networks.[].name",
    "jobs.[].templates.[].name",
    "jobs.[].templates.[].release",
    "resource_pools.[].name",
    "resource_pools.[].network",
    "resource_pools.[].stemcell.name",
    "resource_pools.[].stemcell.os",
    "resource_pools.[].stemcell.version",
    "networks.[].name",
    "tags.*",
    "properties.blacksmith.service_id",
    "properties.blacksmith.service_name",
    "properties.blacksmith.plan_id",
    "properties.blacksmith.plan_name",
    "properties.blacksmith.instance_id",
    "properties.blacksmith.instance_name",
    "properties.blacksmith.organization_guid",
    "properties.blacksmith.organization_name",
    "properties.blacksmith.space_guid",
    "properties.blacksmith.space_name",
    "properties.blacksmith.deployment",
    "properties.blacksmith.deployment_name",
    "meta.params.instance_id",
];

/// A place in a document as the allow-list sees it: step by step from the
/// root, copied at every branch.
///
/// ```
/// use reconciler_core::manifest::secrets::{Place, Visibility};
///
/// let releases = Place::root().key("releases");
/// assert_eq!(releases.item().key("name").visibility(), Visibility::Public);
/// assert_eq!(releases.item().key("url").visibility(), Visibility::Secret);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The paths that agree with every step so far, one bit each.
    open: u64,
    /// How many steps were made.
    depth: u8,
}

impl Place {
    /// The top of a document.
    #[must_use]
    pub fn root() -> Self {
        Self { open: u64::MAX >> (64 - PUBLIC.len()), depth: 0 }
    }

    /// A place that no path leads to: everything below is secret.
    fn nowhere() -> Self {
        Self { open: 0, depth: 0 }
    }

    /// Whether nothing here or below can be public.
    fn is_closed(self) -> bool {
        self.open == 0
    }

    /// The place below these keys.
    #[must_use]
    pub fn below(keys: &[&str]) -> Self {
        keys.iter().fold(Self::root(), |place, key| place.key(key))
    }

    /// The value of a key here.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.step(|part| part == "*" || (part == key && part != "[]"))
    }

    /// Any item of the list here.
    #[must_use]
    pub fn item(self) -> Self {
        self.step(|part| part == "[]")
    }

    /// Whether a scalar here may be shown.
    #[must_use]
    pub fn visibility(self) -> Visibility {
        if self.listed().is_some() { Visibility::Public } else { Visibility::Secret }
    }

    /// The path of the list that leads here.
    fn listed(self) -> Option<&'static str> {
        self.paths().map(|(_, path)| path).find(|path| parts(path).count() == self.steps())
    }

    fn step(self, fits: impl Fn(&str) -> bool) -> Self {
        let open = self
            .paths()
            .filter(|(_, path)| parts(path).nth(self.steps()).is_some_and(&fits))
            .fold(0, |open, (bit, _)| open | bit);
        Self { open, depth: self.depth.saturating_add(1) }
    }

    fn steps(self) -> usize {
        usize::from(self.depth)
    }

    fn paths(self) -> impl Iterator<Item = (u64, &'static str)> {
        // Most places have left the list: nothing to look at.
        let listed = if self.open == 0 { 0 } else { PUBLIC.len() };
        PUBLIC[..listed]
            .iter()
            .enumerate()
            .map(|(index, path)| (1 << index, *path))
            .filter(move |(bit, _)| self.open & bit != 0)
    }
}

fn parts(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('.')
}

/// The place a pointer leads to.
pub(super) fn place_of(pointer: &Pointer) -> Place {
    pointer.segments().iter().fold(Place::root(), |place, segment| match segment {
        Segment::Key(key) => place.key(key),
        Segment::Index(_) | Segment::Item { .. } => place.item(),
    })
}

/// The document as it may be shown: YAML, merge keys and aliases written out,
/// every secret [`REDACTED`], keys as well. Ends with a comment if it grows over 16 MiB.
#[must_use]
pub fn redacted(document: &Document) -> String {
    render::rendered(document)
}

#[cfg(test)]
mod tests {
    use super::{PUBLIC, Visibility};
    use crate::manifest::{Document, Pointer};

    #[test]
    fn the_list_fits_the_bits_and_repeats_nothing() {
        assert!(PUBLIC.len() < 64);
        let mut sorted = PUBLIC.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), PUBLIC.len());
    }

    #[test]
    fn only_what_is_listed_is_public() {
        let public = [
            "name",
            "releases[0].name",
            "releases[name=x].version",
            "instance_groups[0].jobs[name=bpm].release",
            "instance_groups[0].azs[1]",
            "tags.\"any.thing\"",
            "properties.blacksmith.service_id",
            "meta.params.instance_id",
            "jobs[0].templates[0].name",
        ];
        let secret = [
            "",
            "\"[]\"",
            "meta.name",
            "meta.password",
            "meta.params.password",
            "meta.params",
            "name.deeper",
            "releases[0].url",
            "releases[0].sha1",
            "releases.\"[]\".name",
            "tags.a.b",
            "features.use_dns_addresses",
            "properties.blacksmith",
            "properties.blacksmith.broker.password",
            "properties.name",
            "instance_groups[0].properties.name",
            "instance_groups[0].env.bosh.password",
            "instance_groups[0].jobs[0].properties.name",
            "instance_groups[0].networks[0].static_ips[0]",
            "update.canaries",
            "variables[0].name",
        ];
        let document = Document::parse("");
        let cases = public.iter().map(|pointer| (pointer, Visibility::Public));
        let cases = cases.chain(secret.iter().map(|pointer| (pointer, Visibility::Secret)));
        for (pointer, expected) in cases {
            let parsed: Pointer = pointer.parse().expect(pointer);
            assert_eq!(document.visibility(&parsed), expected, "{pointer}");
        }
    }
}
