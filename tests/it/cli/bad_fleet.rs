//! Fleets, catalogs and labels that cannot be used: the error names file and
//! place, and nothing is left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::program::World;

/// A way to break a fleet, and what every word of the error has to be.
struct Broken {
    what: &'static str,
    damage: fn(&World),
    says: &'static [&'static str],
}

const LIST: &str = "director/deployments.json";

fn cut(world: &World, file: &str, bytes: usize) {
    let path = world.file(file);
    let mut content = fs::read(&path).unwrap();
    content.truncate(bytes);
    fs::write(path, content).unwrap();
}

fn put(world: &World, file: &str, text: &str) {
    fs::write(world.file(file), text).unwrap();
}

const BROKEN: [Broken; 21] = [
    Broken {
        what: "no fleet",
        damage: |world| fs::remove_dir_all(world.fleet()).unwrap(),
        says: &["/fleet: does not exist", "help: name a folder"],
    },
    Broken {
        what: "a file for a fleet",
        damage: |world| {
            fs::remove_dir_all(world.fleet()).unwrap();
            fs::write(world.fleet(), "").unwrap();
        },
        says: &["/fleet: is not a folder", "help: "],
    },
    Broken {
        what: "no list of deployments",
        damage: |world| fs::remove_file(world.file(LIST)).unwrap(),
        says: &["has no director/deployments.json", "help: save the Director's answer to GET /deployments"],
    },
    Broken {
        what: "a list that breaks off",
        damage: |world| cut(world, LIST, 1000),
        says: &["deployments.json:5:4: the JSON breaks off", "help: save"],
    },
    Broken {
        what: "a list that is empty",
        damage: |world| put(world, LIST, ""),
        says: &["deployments.json:1:1: the JSON breaks off"],
    },
    Broken {
        what: "a list that is no JSON",
        damage: |world| put(world, LIST, "[\n  {\"name\": \"a\"}\n  {\"name\": \"b\"}\n]"),
        says: &["deployments.json:3:3: is not JSON"],
    },
    Broken {
        what: "a list that is an object",
        damage: |world| put(world, LIST, "{\"deployments\": []}"),
        says: &["deployments.json:1:1: does not fit: expected a sequence"],
    },
    Broken {
        what: "a list that is not UTF-8",
        damage: |world| fs::write(world.file(LIST), b"[{\"name\": \"a\xff\"}]").unwrap(),
        says: &["deployments.json: is not UTF-8: byte 13"],
    },
    Broken {
        what: "a deployment with an invalid name",
        damage: |world| world.edit(&world.file(LIST), "\"name\": \"cf\"", "\"name\": \"c f\""),
        says: &["deployments.json:4:", "`c f` is no deployment name: only letters"],
    },
    Broken {
        what: "a deployment without a name",
        damage: |world| world.edit(&world.file(LIST), "\"name\": \"cf\"", "\"nam\": \"cf\""),
        says: &["deployments.json:4:", "missing field `name`"],
    },
    Broken {
        what: "a deployment that stands twice",
        damage: |world| world.edit(&world.file(LIST), "\"name\": \"cf\"", "\"name\": \"concourse\""),
        says: &["deployments.json: lists deployment `concourse` twice"],
    },
    Broken {
        what: "no word about the Director",
        damage: |world| fs::remove_file(world.file("director/info.json")).unwrap(),
        says: &[
            "director/info.json: cannot be read: No such file",
            "help: save the Director's answer to GET /info",
        ],
    },
    Broken {
        what: "a Director without a UUID",
        damage: |world| put(world, "director/info.json", "{\"name\": \"harbour\"}"),
        says: &["director/info.json:1:19: does not fit: missing field `uuid`", "help: save"],
    },
    Broken {
        what: "no catalog",
        damage: |world| fs::remove_dir_all(world.file("catalog")).unwrap(),
        says: &["no catalog is given", "/fleet has none", "help: give one with --catalog"],
    },
    Broken {
        what: "a catalog without services",
        damage: |world| {
            fs::remove_dir_all(world.file("catalog")).unwrap();
            fs::create_dir_all(world.file("catalog/redis/small")).unwrap();
        },
        says: &["/fleet/catalog: holds no folder with a service.yml", "help: name the folder"],
    },
    Broken {
        what: "services without plans",
        damage: |world| {
            fs::remove_dir_all(world.file("catalog")).unwrap();
            fs::create_dir_all(world.file("catalog/redis")).unwrap();
            put(world, "catalog/redis/service.yml", "id: redis");
        },
        says: &["/fleet/catalog: the catalog holds no plan"],
    },
    Broken {
        what: "a plan id that stands twice",
        damage: |world| {
            fs::create_dir(world.file("catalog/redis/zz")).unwrap();
            fs::copy(world.file("catalog/redis/small/plan.yml"), world.file("catalog/redis/zz/plan.yml"))
                .unwrap();
        },
        says: &[
            "redis/zz/plan.yml: plan id `redis-small` occurs twice",
            "redis/small/plan.yml too",
            "help: ",
        ],
    },
    Broken {
        what: "a service id that stands twice",
        damage: |world| {
            fs::create_dir(world.file("catalog/zz")).unwrap();
            fs::copy(world.file("catalog/redis/service.yml"), world.file("catalog/zz/service.yml")).unwrap();
        },
        says: &["catalog/zz/service.yml: service id `redis` occurs twice", "catalog/redis/service.yml too"],
    },
    Broken {
        what: "a plan that is no YAML",
        damage: |world| put(world, "catalog/redis/small/plan.yml", "id: small\nname: [\n"),
        says: &["redis/small/plan.yml:3:1: not YAML"],
    },
    Broken {
        what: "an index that breaks off",
        damage: |world| cut(world, "index.json", 1000),
        says: &["index.json:4:80: the JSON breaks off", "help: "],
    },
    Broken {
        what: "an index that is a list",
        damage: |world| put(world, "index.json", "\n [1]"),
        says: &[
            "index.json:2:1: does not fit: expected a map",
            "help: save the index there as one JSON object",
        ],
    },
];

#[test]
fn a_broken_fleet_is_an_error_with_its_place_and_leaves_nothing() {
    for broken in BROKEN {
        let world = World::new();
        (broken.damage)(&world);
        for line in ["run", "scan --json", "plan"] {
            let answer = world.run(line).fails(1, broken.says);
            assert_eq!(world.traces(), [] as [std::path::PathBuf; 0], "{}: {}", broken.what, answer.stderr);
        }
    }
}

#[test]
fn a_broken_fleet_leaves_the_store_of_an_earlier_run_alone() {
    let world = World::new();
    world.run("run").ends(0);
    let before = fs::read(world.store_file()).unwrap();
    let saved = world.path("saved");
    fs::rename(world.fleet(), &saved).unwrap();
    for broken in BROKEN {
        reconciler_tests::fleets::copy(&saved, &world.fleet()).unwrap();
        (broken.damage)(&world);
        world.run("run").ends(1);
        assert!(fs::read(world.store_file()).unwrap() == before, "{}", broken.what);
        fs::remove_dir_all(world.fleet()).or_else(|_| fs::remove_file(world.fleet())).unwrap_or_default();
    }
}

#[test]
fn a_catalog_file_is_read_in_the_brokers_form_or_refused_with_its_place() {
    let world = World::new();
    let file = world.path("work/catalog");
    let plan = |id: &str| format!("{{\"id\": \"{id}\", \"name\": \"small\"}}");
    let service = format!("{{\"id\": \"redis\", \"name\": \"redis\", \"plans\": [{}]}}", plan("redis-small"));
    fs::write(&file, format!("{{\"services\": [{service}]}}")).unwrap();
    world.run("scan --catalog catalog").ends(0).says(&["redis-small"]);
    fs::write(&file, "services:\n- id: redis\n  name: redis\n  plans: [{id: redis-small, name: small}]\n")
        .unwrap();
    world.run("scan --catalog catalog").ends(0).says(&["redis-small"]);

    let twice = format!("{{\"services\": [{service}, {}]}}", service.replace("\"redis\"", "\"other\""));
    for (text, says) in [
        (twice.as_str(), "plan id `redis-small` occurs twice, in service `redis` and in service `other`"),
        ("{\"services\": [\n", "catalog:2:1: the JSON breaks off"),
        ("{\"catalog\": []}", "catalog:1:15: does not fit: missing field `services`"),
        ("{\"services\": []}", "catalog: the catalog holds no plan"),
        ("services:\n- name: redis\n", "catalog:2:3: is no catalog"),
    ] {
        fs::write(&file, text).unwrap();
        world.run("scan --catalog catalog").fails(1, &[says]);
    }
    world.run("scan --catalog nowhere").fails(1, &["nowhere: cannot be read: No such file"]);
}

#[test]
fn labels_that_cannot_be_used_are_refused_with_their_place() {
    let world = World::new();
    for (text, says) in [
        ("a: {outcome: [\n", "labels.yml:2:1: not YAML"),
        ("- a\n- b\n", "labels.yml:1:1:"),
        (
            "cf: {outcome: unmatched}\nbosh-lab: {outcome: none}\n",
            "labels.yml:2:1: label `bosh-lab` has outcome `none`",
        ),
        ("cf: unmatched\n", "labels.yml:1:1: label `cf` has no `outcome`"),
        ("cf: {outcome: matched, service: a, plan: b}\n", "labels.yml:1:1: label `cf` has no `instance`"),
        ("c f: {outcome: review}\n", "labels.yml:1:1: `c f` is no deployment name"),
        ("", "labels.yml: labels no deployment of the fleet"),
        ("elsewhere: {outcome: review}\n", "labels.yml: labels no deployment of the fleet"),
    ] {
        put(&world, "labels.yml", text);
        world.run("decisions eval --min-precision 0.5 --json").fails(1, &[says, "help: "]);
    }
    fs::remove_file(world.file("labels.yml")).unwrap();
    world.run("decisions eval").fails(1, &["labels.yml: cannot be read", "help: give labels with --labels"]);
    world.run("decisions eval --labels nowhere.yml").fails(1, &["nowhere.yml: cannot be read"]);
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let world = World::new();
    let file = world.file(LIST);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        eprintln!("skipped: the superuser may read everything");
        return;
    }
    world.run("scan").fails(1, &["deployments.json: cannot be read: Permission denied"]);
}

#[test]
fn a_key_that_stands_twice_in_the_index_is_not_dropped_in_silence() {
    let id = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
    for (index, key) in [
        (format!(r#"{{"{id}":{{"plan_id":"a"}},"{id}":{{"plan_id":"b"}}}}"#), id.to_owned()),
        (format!(r#"{{"{id}":{{"plan_id":"a","plan_id":"b"}}}}"#), format!("{id}.plan_id")),
    ] {
        let world = World::new();
        std::fs::write(world.file("index.json"), index).unwrap();
        for command in ["run", "scan"] {
            let said = format!("index.json: the key `{key}` stands there twice");
            world.run(command).fails(1, &[&said, "take the other one out"]);
        }
        assert!(!world.store_file().exists());
    }
}

#[test]
fn a_plans_own_manifest_that_cannot_be_read_is_told() {
    let world = World::new();
    std::fs::write(world.file("catalog/redis/small/manifest.yml"), "releases: [").unwrap();
    for command in ["scan --json", "scan --plan redis-small --json"] {
        let answer = world.run(command).ends(0);
        answer.says(&["catalog.plan-manifest", "\"subject\": \"redis-small\"", "small/manifest.yml: "]);
    }
}
