//! What aliases and merge keys lend: a scalar that is written at a secret place
//! is secret wherever else it is seen.

use super::{HIDDEN, KnownNames, Place, Visibility};
use crate::manifest::document::{Kind, Role};
use crate::manifest::{Document, Entries, Node, NodeKind};

/// Whether a node that was found at a place may be shown. Everything that shows,
/// keeps or hands on a value asks here.
///
/// Both places must be public: the one where it was found, and the one where it
/// is written. Two kinds of lent values are shown all the same, because they are
/// told openly elsewhere and decisions depend on them: ids where the manifest
/// names its instance, releases and jobs where it names those.
#[must_use]
pub fn visibility(node: Node<'_>, place: Place, known: KnownNames<'_>) -> Visibility {
    let Some(path) = place.listed() else { return Visibility::Secret };
    let text = node.as_str().unwrap_or_default();
    // That nothing is written is no secret.
    let is_public = node.is_null()
        || text.is_empty()
        || (!is_hidden(text) && (!is_lent(node) || is_told_elsewhere(text, path, known)));
    if is_public { Visibility::Public } else { Visibility::Secret }
}

fn is_told_elsewhere(text: &str, path: &str, known: KnownNames<'_>) -> bool {
    match path {
        "releases.[].name"
        | "release.name"
        | "instance_groups.[].jobs.[].name"
        | "instance_groups.[].jobs.[].release"
        | "jobs.[].templates.[].name"
        | "jobs.[].templates.[].release" => known.hold_part(text),
        "meta.params.instance_id" => known.hold_id(text),
        _ => path.starts_with("properties.blacksmith.") && known.hold_id(text),
    }
}

/// Whether a scalar is written at a secret place.
pub(super) fn is_lent(node: Node<'_>) -> bool {
    node.document.secret_scalars().holds(node)
}

/// Whether a text is what a seal leaves of another.
pub(super) fn is_hidden(text: &str) -> bool {
    text.strip_prefix(HIDDEN)
        .is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The scalars of a document that are written at a secret place, by node. Empty if
/// there is no alias: nothing is lent then, for what is merged in place is
/// written where it is merged to.
#[derive(Debug, Default)]
pub(in crate::manifest) struct SecretScalars(Vec<bool>);

impl SecretScalars {
    pub(in crate::manifest) fn of(document: &Document) -> Self {
        let mut found = Self::default();
        if let Some(root) = document.root()
            && document.nodes.iter().any(|node| node.kind == Kind::Alias)
        {
            found.0.resize(document.nodes.len(), false);
            found.visit(root, Place::root());
        }
        found
    }

    fn holds(&self, node: Node<'_>) -> bool {
        self.0.get(node.body_id() as usize).copied().unwrap_or(false)
    }

    /// Visits what is written at a place. An alias is written nowhere; what it
    /// stands for is visited where that is.
    fn visit(&mut self, node: Node<'_>, place: Place) {
        if node.own().kind == Kind::Alias {
            return;
        }
        match node.kind() {
            NodeKind::Scalar => self.0[node.body_id() as usize] = place.visibility() == Visibility::Secret,
            NodeKind::Sequence => node.items().for_each(|item| self.visit(item, place.item())),
            NodeKind::Mapping => {
                for entry in Entries::own(node) {
                    self.visit_key(entry.key, place);
                    match (entry.role(), entry.key.as_str()) {
                        (Role::Merge, _) if entry.value.kind() == NodeKind::Sequence => {
                            self.visit_merged(entry.value, place);
                        }
                        (Role::Merge, _) => self.visit(entry.value, place),
                        (Role::Plain, Some(key)) => self.visit(entry.value, place.key(key)),
                        (Role::Shadowed, Some(_)) => self.visit(entry.value, Place::nowhere()),
                        // No path leads to a key that is a collection.
                        (_, None) => {
                            self.visit(entry.key, Place::nowhere());
                            self.visit(entry.value, Place::nowhere());
                        }
                    }
                }
            }
        }
    }

    /// A key that leads to nothing public is hidden where it is written, whoever
    /// it is lent to. A word that everybody uses is one all the same.
    fn visit_key(&mut self, key: Node<'_>, mapping: Place) {
        if key.own().kind != Kind::Alias
            && let Some(text) = key.as_str()
        {
            self.0[key.body_id() as usize] = mapping.key(text).is_closed();
        }
    }

    /// The mappings of a list that is merged, unless the list itself is an alias.
    fn visit_merged(&mut self, list: Node<'_>, place: Place) {
        if list.own().kind != Kind::Alias {
            list.items().for_each(|mapping| self.visit(mapping, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::visibility;
    use crate::manifest::secrets::{KnownNames, Visibility, place_of, redacted};
    use crate::manifest::{Document, Pointer};
    use crate::model::{Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Index};
    use crate::model::{Plan, PlanId, ReleaseRef, Service, ServiceId, Topology};

    #[test]
    fn what_is_written_at_a_secret_place_is_shown_nowhere() {
        for text in [
            "zz: &pw {password: hunter2, sub: &s hunter2}\ntags: {<<: *pw, x: *s}",
            "zz: &pw {password: hunter2}\ntags: {<<: [*pw]}",
            "zz: [&pw {password: hunter2}]\ntags: {<<: [{a: 1}, *pw], b: 2}",
            "zz: [&l [hunter2, hunter2]]\ninstance_groups: [{azs: *l}]",
            "zz: &all [{password: hunter2}]\ntags: {<<: *all}",
            "tags: {x: &pw hunter2, x: 1}\nname: *pw",
            "meta: {a: &a {password: &pw hunter2}}\nname: *pw",
            "meta: {? [&pw hunter2] : x}\nname: *pw",
            "meta: {<<: {password: &pw hunter2}, password: 1}\nname: *pw",
            "meta: {password: &pw hunter2}\ntags: {*pw : x}",
            "zz: &pw {password: hunter2, instance_id: hunter2}\nproperties: {blacksmith: {<<: *pw}}",
            "zz: &pw hunter2\nmeta: {params: {instance_id: *pw}}\nreleases: [{name: *pw, version: *pw}]",
        ] {
            let document = Document::parse(text);
            assert!(!document.is_faulty(), "{text}");
            let shown = redacted(&document);
            assert!(!shown.contains("hunter2"), "{text}\n{shown}");
        }
    }

    #[test]
    fn what_is_written_at_a_public_place_is_public_at_every_public_place() {
        let document = Document::parse(
            "releases: [&r {name: &n redis, version: 1}, {<<: *r, version: 2}]\nname: *n\n\
             tags: &t {<<: {owner: ann}, x: &x y}\nmeta: {password: &pw x, name: *n}\n\
             instance_groups: [{name: *x, azs: &azs [z1]}, {azs: *azs}]\n",
        );
        let shown = redacted(&document);
        for line in ["name: redis", "  version: 2", "  owner: ann", "- name: y", "  - z1"] {
            assert!(
                shown.lines().any(|shown| shown == line || shown == format!("- {}", line.trim())),
                "{shown}"
            );
        }
        // At a secret place it is hidden as ever.
        assert!(shown.contains("meta:\n  password: \"<redacted>\"\n  name: \"<redacted>\""), "{shown}");
    }

    #[test]
    fn of_lent_values_the_names_are_shown_that_are_told_elsewhere() {
        let service = ServiceId::new("redis").unwrap();
        let release = |name: &str| ReleaseRef { name: name.into(), version: "1".into() };
        let plan = Plan {
            id: PlanId::new("redis-small").unwrap(),
            name: "small".into(),
            service: service.clone(),
            topology: Some(Topology::new(vec![release("forge")], vec![])),
        };
        let services = vec![Service { id: service, name: "redis".into(), plans: vec![plan] }];
        let catalog = Catalog::new(services).unwrap();
        let index =
            Index::parse(r#"{"relaxed-tesla": {"service_id": "pg", "plan_id": "pg-retired"}}"#).unwrap();
        let mut summary = DeploymentSummary::named(DeploymentName::new("redis-small-blue-newton").unwrap());
        summary.releases = vec![release("listed")];
        let fleet = FleetStatistics::of([&summary]);
        let all = KnownNames {
            deployment: Some(&summary),
            catalog: Some(&catalog),
            index: Some(&index),
            fleet: Some(&fleet),
            keys: None,
        };
        const UUID: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
        let (plan_id, instance) = ("properties.blacksmith.plan_id", "meta.params.instance_id");
        for (pointer, value, shown, shown_to_whom_knows_nothing) in [
            (plan_id, "redis-small", true, false),
            (plan_id, "redis", true, false),
            (plan_id, "pg-retired", true, false),
            (plan_id, UUID, true, true),
            (plan_id, "hunter2", false, false),
            (plan_id, "forge", false, false),
            (instance, "relaxed-tesla", true, false),
            (instance, "blue-newton", true, false),
            (instance, "newton", true, false),
            (instance, UUID, true, true),
            (instance, "hunter2", false, false),
            ("releases[0].name", "forge", true, false),
            ("releases[0].name", "listed", true, false),
            ("releases[0].name", "redis-small", false, false),
            ("releases[0].name", "hunter2", false, false),
            ("releases[0].version", "forge", false, false),
            ("tags.x", "redis-small", false, false),
            ("tags.x", UUID, false, false),
            ("name", "redis-small", false, false),
        ] {
            let document = Document::parse(&format!(
                "zz: &v {value}\nname: *v\ntags: {{x: *v}}\nproperties: {{blacksmith: {{plan_id: *v}}}}\n\
                 meta: {{params: {{instance_id: *v}}}}\nreleases: [{{name: *v, version: *v}}]\n",
            ));
            let pointer: Pointer = pointer.parse().unwrap();
            let node = document.at(&pointer).unwrap();
            let seen = |known| visibility(node, place_of(&pointer), known) == Visibility::Public;
            let expected = (shown, shown_to_whom_knows_nothing);
            assert_eq!((seen(all), seen(KnownNames::default())), expected, "{pointer:?} {value}");
        }
    }

    #[test]
    fn what_a_seal_left_is_secret_and_nothing_is_nothing() {
        let shown = redacted(&Document::parse(
            "zz: {n: &n ~, e: &e \"\"}\nname: redacted:0123456789abcdef\ntags: {n: *n, e: *e, x: redacted:1}\n",
        ));
        assert!(
            shown.contains("name: \"<redacted>\"\ntags:\n  n: \"~\"\n  e: \"\"\n  x: \"redacted:1\""),
            "{shown}"
        );
    }
}
