//! Random fleets with a secret of its own at every place that is not public. The
//! same number gives the same fleet.

use std::fmt::Write as _;

use reconciler_core::manifest::{Deployment, Document, Manifest, topology};
use reconciler_core::matching::Facts;
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Index, JsonObject, Plan, PlanId, ReleaseRef,
    Service, ServiceId,
};
use reconciler_tests::fleets::Fleet;
use reconciler_tests::scene::{A, B, C};

const PLANS: [(&str, &str); 4] =
    [("redis", "small"), ("redis", "small-ha"), ("pg", "standalone"), ("mariadb", "standalone")];
/// What may be shown of a manifest, of the keys below: written down here once
/// more, because whoever judges the program does not ask the program.
const SHOWN: [&str; 22] = [
    "name",
    "releases.[].name",
    "releases.[].version",
    "release.name",
    "release.version",
    "stemcells.[].name",
    "stemcells.[].version",
    "instance_groups.[].name",
    "instance_groups.[].azs.[]",
    "instance_groups.[].networks.[].name",
    "instance_groups.[].jobs.[].name",
    "instance_groups.[].jobs.[].release",
    "jobs.[].name",
    "jobs.[].networks.[].name",
    "jobs.[].templates.[].name",
    "jobs.[].templates.[].release",
    "networks.[].name",
    "tags.*",
    "properties.blacksmith.instance_id",
    "properties.blacksmith.plan_id",
    "properties.blacksmith.service_id",
    "meta.params.instance_id",
];

/// Whether the list holds a place; every tag is one.
fn is_shown(place: &str) -> bool {
    SHOWN.contains(&place) || place.strip_prefix("tags.").is_some_and(|tag| !tag.contains('.'))
}

const KEYS: [&str; 26] = [
    "name",
    "releases",
    "version",
    "url",
    "stemcells",
    "instance_groups",
    "jobs",
    "templates",
    "release",
    "tags",
    "team",
    "plan",
    "instance",
    "properties",
    "blacksmith",
    "instance_id",
    "plan_id",
    "service_id",
    "meta",
    "params",
    "password",
    "env",
    "networks",
    "azs",
    "variables",
    "features",
];
/// What keeps a manifest from being read; `@` stands for a secret.
const BROKEN: [&str; 7] =
    ["meta: [@", "- @", "@", "a: &a [@, *a]", "meta: {password: @}\nmeta: {password: \"@}", "\t@: `@", ""];

/// What every secret begins with.
pub(super) const MARKER: &str = "MARKERSECRET";

/// A fleet, its index with secrets, and every secret that is in it.
pub(super) struct Planted {
    pub(super) fleet: Fleet,
    pub(super) index: JsonObject,
    pub(super) secrets: Vec<String>,
}

/// Numbers without chance: xorshift.
struct Dice {
    state: u64,
    secrets: Vec<String>,
}

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.roll(choices.len())]
    }

    /// A new secret, unlike any other text.
    fn secret(&mut self) -> String {
        let secret = format!("{MARKER}{}", self.secrets.len());
        self.secrets.push(secret.clone());
        secret
    }

    /// A scalar as it may stand at a place: a secret, unless the place is public.
    fn scalar(&mut self, place: &str, key: &str) -> String {
        if self.roll(12) == 0 {
            return "~".to_owned();
        }
        let text = match (is_shown(place), key) {
            (false, _) => self.secret(),
            (_, "instance_id" | "instance") => self.pick(&[A, B, C, "relaxed-tesla"]).to_owned(),
            (_, "plan_id" | "plan") => self.pick(&["redis-small", "pg-standalone", "redis-huge"]).to_owned(),
            (_, "service_id") => self.pick(&["redis", "pg"]).to_owned(),
            (_, "version") => self.pick(&["1.10", "7", "yes", "0x10"]).to_owned(),
            _ => self.pick(&["redis-forge", "server", "bpm", "pg-forge", "true"]).to_owned(),
        };
        match self.roll(3) {
            0 => format!("\"{text}\""),
            1 => format!("'{text}'"),
            _ => text,
        }
    }

    /// A node in flow style.
    fn node(&mut self, place: &str, key: &str, depth: usize) -> String {
        match self.roll(if depth == 0 { 1 } else { 5 }) {
            0 | 1 => self.scalar(place, key),
            2 => {
                let items: Vec<_> =
                    (0..self.roll(4)).map(|_| self.node(&format!("{place}.[]"), key, depth - 1)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => {
                let mut entries = Vec::new();
                for _ in 0..self.roll(6) {
                    // Every tag is shown, and so is its key.
                    if place != "tags" && self.roll(10) == 0 {
                        let secret = self.secret();
                        let value = self.node(&format!("{place}.{secret}"), "none", depth - 1);
                        entries.push(format!("{secret}: {value}"));
                        continue;
                    }
                    let key = self.pick(&KEYS);
                    // A key that stands twice hides what stood there first.
                    let value = self.node(&format!("{place}.{key}"), key, depth - 1);
                    entries.push(format!("{key}: {value}"));
                }
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// Sometimes what a secret place lends to public ones: secrets, and names that
    /// decisions depend on.
    fn lend(&mut self, text: &mut String) {
        let (one, two) = (self.secret(), self.secret());
        let _ = writeln!(text, "features: {{api_key: {}}}", self.secret());
        let _ =
            writeln!(text, "zz: &pw {{password: {one}, name: {one}, plan: {one}, {one}: 1, sub: &s {two}}}");
        let instance = self.pick(&[A, B, "relaxed-tesla"]);
        let _ = writeln!(
            text,
            "zo: &o {{service_id: redis, plan_id: redis-small, instance_id: {instance}, name: redis-forge, none: &n ''}}\n\
             zj: &j {{name: server, release: &r redis-forge}}\nzu: &u {{name: unheard-of, release: *r}}"
        );
        for borrower in [
            "properties: {blacksmith: *o}",
            "properties: {blacksmith: {<<: [*o, *pw], plan_id: *n}}",
            "releases: [*o, {name: *r}, *u, {name: bpm}]",
            "instance_groups: [{<<: *o, jobs: [*j, *u, {<<: *j, name: *n}]}]",
            "tags: {<<: [*o], x: *r}",
            "tags: {<<: *pw, x: *s}",
            "tags: {*s : *s, team: *s}",
            "properties: {blacksmith: {<<: *pw, instance_id: *s}}",
            "properties: {blacksmith: {plan_id: *s}}",
            "releases: [*pw, {<<: *pw, version: *s}, {name: *s}]",
            "jobs: [{<<: *pw, templates: [*pw, {name: *s, release: *s}]}]",
            "meta: {params: {instance_id: *s}}",
        ] {
            if self.roll(8) == 0 {
                let _ = writeln!(text, "{borrower}");
            }
        }
    }

    /// A manifest as brokers make them, with secrets wherever they may be.
    fn manifest(&mut self, name: &str, instance: &str) -> Manifest {
        match self.roll(12) {
            0 => return Manifest::absent(),
            1 => return Manifest::unread(format!("timed out: {}", self.secret())),
            2 => {
                let secret = self.secret();
                let broken = self.pick(&BROKEN).replace('@', &secret);
                return Manifest::from_text(broken);
            }
            3 => return Manifest::from_bytes([self.secret().as_bytes(), b"\xff"].concat()),
            _ => {}
        }
        let mut text = format!("# {}\nname: {name} # {}\n", self.secret(), self.secret());
        let _ = writeln!(text, "meta: &shared\n  password: {}\n  count: 4{}", self.secret(), self.secret());
        let _ = writeln!(text, "  params: {{instance_id: {instance}, password: {}}}", self.secret());
        let _ = writeln!(text, "  key: |\n    {}\n    {}", self.secret(), self.secret());
        let twice = self.secret();
        let _ = writeln!(text, "  users: {{{twice}: admin, '{}': {{}}, {twice}: 2}}", self.secret());
        let _ = writeln!(text, "  {}: &{} 1\n  typed: !{} x", self.secret(), self.secret(), self.secret());
        let _ = writeln!(text, "? \"{}\"\n: {{{}: [{}]}}", self.secret(), self.secret(), self.secret());
        let release = self.pick(&["redis-forge", "pg-forge"]);
        let _ = writeln!(
            text,
            "releases:\n- {{name: {release}, version: 1.10, url: 'https://x:{}@y', sha1: {}}}\n- name: bpm",
            self.secret(),
            self.secret()
        );
        let _ = writeln!(
            text,
            "instance_groups:\n- name: node\n  env: {{bosh: {{password: {}}}}}\n  networks: [{{name: n, static_ips: [{}]}}]\n  \
             jobs:\n  - {{name: server, release: {release}, properties: {{name: {}}}}}\n  properties: {}",
            self.secret(),
            self.secret(),
            self.secret(),
            if self.roll(3) == 0 { "*shared" } else { "{}" }
        );
        self.lend(&mut text);
        for _ in 0..self.roll(6) {
            let key = self.pick(&KEYS);
            let value = self.node(key, key, 4);
            let _ = match self.roll(6) {
                0 => writeln!(
                    text,
                    "{key}: {{<<: *shared, {key}: {}}}",
                    self.scalar(&format!("{key}.{key}"), key)
                ),
                1 => writeln!(text, "? [{}]\n: {}", self.secret(), self.secret()),
                _ => writeln!(text, "{key}: {value}"),
            };
        }
        Manifest::from_text(text)
    }
}

fn catalog(dice: &mut Dice) -> Catalog {
    let mut services: Vec<Service> = Vec::new();
    for (service, plan) in PLANS {
        let id = ServiceId::new(service).unwrap();
        if services.last().is_none_or(|last| last.id != id) {
            services.push(Service { id: id.clone(), name: service.into(), plans: Vec::new() });
        }
        let manifest = format!(
            "releases: [{{name: {service}-forge, version: (( grab {} ))}}, {{name: bpm}}]\n\
             zz: &lent {{password: {}, name: {}, release: {}}}\n\
             instance_groups: [{{name: node, jobs: [{{name: server, release: {service}-forge}}, *lent]}}]\n\
             properties: {{password: {}}}\n",
            dice.secret(),
            dice.secret(),
            dice.secret(),
            dice.secret(),
            dice.secret()
        );
        services.last_mut().unwrap().plans.push(Plan {
            id: PlanId::new(format!("{service}-{plan}")).unwrap(),
            name: plan.into(),
            service: id,
            topology: Some(topology::of(&Document::parse(&manifest))),
        });
    }
    Catalog::new(services).unwrap()
}

fn index(dice: &mut Dice) -> JsonObject {
    let mut index = JsonObject::new();
    for (instance, plan) in [(A, "redis-small"), (C, "redis-retired"), ("relaxed-tesla", "pg-standalone")] {
        let (one, two, three) = (dice.secret(), dice.secret(), dice.secret());
        let service = if dice.roll(6) == 0 { "none of ours" } else { plan.split_once('-').unwrap().0 };
        index.set_value(
            instance,
            &serde_json::json!({
                "service_id": service, "plan_id": plan, "deployment_name": format!("{plan}-{instance}"),
                "created": 1_760_000_000, "parameters": {"password": one, "list": [two, 5, null, true], dice.secret(): 1},
                dice.secret(): dice.secret(), "preservation_reason": dice.secret(), "orphaned_reason": dice.secret(), "deletion_reason": dice.secret(),
                "context": {"x": {"y": three}}, "note": dice.secret(), "status": {"odd": dice.secret()},
            }),
        );
    }
    let (one, two) = (dice.secret(), dice.secret());
    index.set_value("..", &serde_json::json!({"password": one}));
    index.set_value(format!("../{}", dice.secret()), &serde_json::json!({"plan_id": "redis-small"}));
    index.set_value(B, &serde_json::json!([two]));
    index
}

/// The fleet of that number.
pub(super) fn fleet(number: u64) -> Planted {
    let mut dice = Dice { state: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, secrets: Vec::new() };
    for _ in 0..8 {
        dice.roll(2);
    }
    let (catalog, index) = (catalog(&mut dice), index(&mut dice));
    let mut deployments: Vec<Deployment> = Vec::new();
    for at in 0..1 + dice.roll(6) {
        let instance = dice.pick(&[A, B, C, "relaxed-tesla"]);
        let name = match dice.roll(5) {
            0 => format!("cache-{at}"),
            1 => format!("prod_redis-small_{instance}-{at}"),
            _ => {
                let (service, plan) = PLANS[dice.roll(PLANS.len())];
                format!("{service}-{plan}-{instance}")
            }
        };
        if deployments.iter().any(|earlier| earlier.summary.name.as_str() == name) {
            continue;
        }
        let mut summary = DeploymentSummary::named(DeploymentName::new(&name).unwrap());
        let release = dice.pick(&["redis-forge", "pg-forge", "other"]);
        let versions = ["1.10", "2"];
        summary.releases = ["bpm", release]
            .iter()
            .zip(versions)
            .map(|(name, version)| ReleaseRef { name: (*name).into(), version: version.into() })
            .collect();
        summary.teams = vec![dice.pick(&["shop", "ops"]).into()];
        summary.locked = dice.roll(4) == 0;
        let stated = if dice.roll(4) == 0 { dice.pick(&[A, B, C]) } else { instance };
        let manifest = dice.manifest(&name, stated);
        deployments.push(Deployment::new(summary, manifest));
    }
    deployments.sort_by(|a, b| a.summary.name.cmp(&b.summary.name));
    let statistics = FleetStatistics::of(deployments.iter().map(|one| one.summary.as_ref()));
    let facts = Facts::new(catalog, Index::from_object(&index), statistics);
    let fleet = Fleet {
        name: format!("random-{number}"),
        deployments,
        facts,
        labels: std::collections::BTreeMap::new(),
    };
    Planted { fleet, index, secrets: dice.secrets }
}
