//! Three thousand deployments: the answer depends on neither batch size nor
//! workers.

use std::fs;

use super::program::{Answer, World};

const DEPLOYMENTS: usize = 3_000;
const PLANS: usize = 20;

/// An id that depends on a number alone.
fn uuid(n: usize) -> String {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        mixed >> 32,
        n & 0xffff,
        n % 4096,
        n % 4095,
        mixed & 0xffff_ffff_ffff
    )
}

/// What kinds of deployments there are, by number.
fn deployment(n: usize) -> (String, Option<String>) {
    let (id, plan) = (uuid(n), n % PLANS);
    let manifest = |id: &str| {
        format!(
            "name: d{n}\nmeta:\n  params: {{instance_id: {id}}}\n  password: p{n}\n\
             releases:\n- {{name: forge-{plan}, version: 1.{n}}}\n\
             instance_groups:\n- name: node\n  jobs:\n  - {{name: server-{plan}, release: forge-{plan}}}\n"
        )
    };
    match n % 8 {
        0..4 => (format!("service-plan-{plan}-{id}"), Some(manifest(&id))),
        4 => (format!("service-plan-{plan}-{id}"), None),
        5 => (format!("service-plan-{plan}-{}", id.to_uppercase()), Some(manifest(&uuid(n + DEPLOYMENTS)))),
        6 => (format!("renamed-{n}"), Some(manifest(&uuid(n - 1)))),
        _ => (
            format!("foreign-{n}"),
            Some(format!("name: foreign-{n}\nreleases: [{{name: bosh, version: {n}}}]\n")),
        ),
    }
}

fn generate(world: &World) {
    let manifests = world.file("director/manifests");
    fs::create_dir_all(&manifests).unwrap();
    let mut list = Vec::new();
    let mut index = serde_json::Map::new();
    for n in 0..DEPLOYMENTS {
        let (name, manifest) = deployment(n);
        if let Some(manifest) = manifest {
            fs::write(manifests.join(format!("{name}.yml")), manifest).unwrap();
        }
        if n % 3 != 0 {
            let plan = format!("service-plan-{}", n % PLANS);
            index.insert(uuid(n), serde_json::json!({"service_id": "service", "plan_id": plan}));
        }
        let release =
            serde_json::json!({"name": format!("forge-{}", n % PLANS), "version": format!("1.{n}")});
        list.push(
            serde_json::json!({"name": name, "releases": [release], "stemcells": [], "locked": n % 97 == 0}),
        );
    }
    fs::write(world.file("director/deployments.json"), serde_json::to_string(&list).unwrap()).unwrap();
    fs::write(
        world.file("director/info.json"),
        format!("{{\"name\": \"large\", \"uuid\": \"{}\"}}", uuid(0)),
    )
    .unwrap();
    fs::write(world.file("index.json"), serde_json::to_string(&index).unwrap()).unwrap();
    let catalog = world.file("catalog/service");
    for plan in 0..PLANS {
        let folder = catalog.join(format!("p{plan:02}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("plan.yml"), format!("id: plan-{plan}\nname: plan-{plan}\n")).unwrap();
        let manifest = format!(
            "releases: [{{name: forge-{plan}, version: latest}}]\n\
             instance_groups:\n- name: node\n  jobs:\n  - {{name: server-{plan}, release: forge-{plan}}}\n"
        );
        fs::write(folder.join("manifest.yml"), manifest).unwrap();
    }
    fs::write(catalog.join("service.yml"), "id: service\nname: service\n").unwrap();
}

#[test]
fn the_same_fleet_gives_the_same_bytes_however_it_is_cut() {
    let world = World::empty();
    generate(&world);
    let scan = |flags: &str| -> Answer { world.run(&format!("scan --json {flags}")).ends(0) };
    let first = scan("--batch-size 1 --workers 1");
    for flags in
        ["--batch-size 10 --workers 8", "--batch-size 5000 --workers 1", "--batch-size 5000 --workers 8", ""]
    {
        assert!(scan(flags).stdout == first.stdout, "another answer with {flags:?}");
    }
    let counts = |name: &str| first.count(name);
    assert_eq!(counts("deployments"), DEPLOYMENTS as u64);
    assert_eq!(counts("unmatched"), DEPLOYMENTS as u64 / 8);
    assert!(counts("matched") > 1_000 && counts("review") > 100, "{}", first.document()["data"]["counts"]);
}

#[test]
fn a_large_fleet_is_written_once() {
    let world = World::empty();
    generate(&world);
    let first = world.run("run --json --batch-size 500").ends(0);
    assert!(first.count("writes") > 3_000);
    world.run("run").ends(0).says(&["Nothing had changed: 0 writes"]);
}
