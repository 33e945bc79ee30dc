//! Which keys of mappings may be shown, and which may be asked for by name.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::lent::{is_hidden, is_lent};
use super::{PUBLIC, Place};
use crate::manifest::Node;
use crate::manifest::document::Kind;

/// The words of BOSH's own manifest form, and the name that everything has. They
/// tell nothing, whoever uses them.
const FORM: [&str; 52] = [
    "as",
    "canaries",
    "canary_watch_time",
    "ca",
    "certificate",
    "cloud_properties",
    "common_name",
    "compilation",
    "consumes",
    "custom_provider_definitions",
    "default",
    "deployment_name",
    "disk_pools",
    "dns",
    "dynamic",
    "enable",
    "env",
    "exclude",
    "features",
    "include",
    "initial_deploy_az_update_strategy",
    "ip_addresses",
    "key",
    "manual",
    "max_in_flight",
    "meta",
    "options",
    "params",
    "password",
    "persistent_disk",
    "persistent_disks",
    "persistent_disk_pool",
    "private_key",
    "properties",
    "provides",
    "reuse_compilation_vms",
    "serial",
    "sha1",
    "shared",
    "static_ips",
    "strategy",
    "subnets",
    "type",
    "update",
    "update_watch_time",
    "url",
    "use_dns_addresses",
    "username",
    "variables",
    "vip",
    "vm_resources",
    "workers",
];

/// The words that keys may have at any place: those of the allow-list and of
/// BOSH's form.
static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| PUBLIC.iter().flat_map(|path| path.split('.')).chain(FORM).collect());

/// Whether a key of the mapping at a place may be shown: it leads to a listed path
/// and is written at such a place, or is a word that everybody uses.
pub(in crate::manifest) fn is_key_public(key: Node<'_>, mapping: Place) -> bool {
    let text = key.as_str().unwrap_or_default();
    !is_hidden(text) && (WORDS.contains(text) || (!is_lent(key) && !mapping.key(text).is_closed()))
}

/// Whether a key may be found by whoever names it: one that may be shown, and one
/// where everything is hidden, for who names it knows it already. Not one that an
/// alias made of a secret.
pub(in crate::manifest) fn may_be_looked_up(key: Node<'_>, mapping: Place) -> bool {
    let text = key.as_str().unwrap_or_default();
    let is_borrowed = || key.own().kind == Kind::Alias && is_lent(key);
    is_key_public(key, mapping) || (mapping.key(text).is_closed() && !is_hidden(text) && !is_borrowed())
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::FORM;
    use crate::manifest::{Document, Node, NodeKind};

    #[test]
    fn the_list_repeats_nothing() {
        let mut sorted = FORM.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), FORM.len());
    }

    /// Every key below with whether it is shown, and whether it is found.
    fn keys(node: Node<'_>, place: Place, found: &mut Vec<(String, bool, bool)>) {
        for entry in node.entries() {
            let shown = entry.public_key(place).is_some();
            found.push((entry.key().to_owned(), shown, entry.may_be_looked_up(place)));
            keys(entry.value, place.key(entry.key()), found);
        }
        if node.kind() == NodeKind::Sequence {
            node.items().for_each(|item| keys(item, place.item(), found));
        }
    }

    #[test]
    fn keys_are_shown_where_they_lead_to_what_is_and_found_by_who_knows_them() {
        for (text, key, shown, looked_up) in [
            ("tags: {hunter2: x}", "hunter2", true, true),
            ("hunter2: x", "hunter2", false, true),
            ("meta: {hunter2: x}", "hunter2", false, true),
            ("meta: {users: {hunter2: admin}}", "hunter2", false, true),
            ("meta: {users: {password: admin}}", "password", true, true),
            ("releases: [{hunter2: x}]", "hunter2", false, true),
            ("tags: {a: {hunter2: x}}", "hunter2", false, true),
            ("zz: {k: &s hunter2}\ntags: {*s : x}", "hunter2", false, false),
            ("zz: {k: &s hunter2}\nmeta: {*s : x}", "hunter2", false, false),
            ("meta: {redacted:0123456789abcdef: x}", "redacted:0123456789abcdef", false, false),
        ] {
            let document = Document::parse(text);
            let mut found = Vec::new();
            keys(document.root().expect(text), Place::root(), &mut found);
            assert!(found.contains(&(key.to_owned(), shown, looked_up)), "{text}: {found:?}");
        }
    }

    /// What a merge key lends is judged by both places, keys and values.
    #[test]
    fn a_key_that_is_lent_from_where_it_is_hidden_stays_so() {
        let document = Document::parse("zz: &o {hunter2: x, team: y, name: z}\ntags: {<<: *o, own: v}\n");
        let tags = document.path(&["tags"]).expect("is there");
        let shown: Vec<_> = tags.entries().map(|entry| entry.public_key(Place::below(&["tags"]))).collect();
        assert_eq!(shown, [Some("own"), None, None, Some("name")]);
        assert!(tags.entries().skip(1).take(2).all(|one| !one.may_be_looked_up(Place::below(&["tags"]))));
    }
}
