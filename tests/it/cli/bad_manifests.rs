//! A bad manifest costs its own deployment, and the rest of the run stands.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::program::World;

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
const DEPLOYMENT: &str = "redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

/// Nine lines double what the one before says: a billion in the end.
fn bomb() -> String {
    let start = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    (1..10).fold(start, |text, n| {
        let of = n - 1;
        format!("{text}l{n}: &l{n} [{}]\n", vec![format!("*l{of}"); 10].join(", "))
    })
}

/// Ways to break a manifest: what is put after its first line, and what is then
/// said with the file's name.
fn breakages() -> Vec<(&'static str, Box<dyn Fn(&mut File)>, &'static str)> {
    let text = |text: String| -> Box<dyn Fn(&mut File)> {
        Box::new(move |file| file.write_all(text.as_bytes()).unwrap())
    };
    vec![
        ("not UTF-8", Box::new(|file| file.write_all(b"a: \xff\xfe\n").unwrap()), "not UTF-8"),
        ("100 MB", Box::new(|file| file.set_len(100 * 1024 * 1024).unwrap()), "manifest.too-large"),
        ("an alias bomb", text(bomb()), "manifest.too-many-nodes"),
        ("nested 10,000 deep", text(format!("a: {}\n", "[".repeat(10_000))), "manifest.too-deep"),
        ("cut", text("a: [\n".to_owned()), ".yml:3:1: not YAML"),
        ("a list", text("- a\n- b\n".to_owned()), "manifest.not-a-mapping"),
        ("a value", text("just words\n".to_owned()), "manifest.not-a-mapping"),
    ]
}

#[tokio::test]
async fn a_bad_manifest_costs_its_own_deployment() {
    let whole = World::new();
    let changed = whole.run("run --json").ends(0).count("changed");
    let entries = whole.fields("db").await;
    for (what, damage, says) in breakages() {
        let world = World::new();
        let mut file = File::create(world.manifest(DEPLOYMENT)).unwrap();
        file.write_all(b"---\n").unwrap();
        damage(&mut file);
        drop(file);

        let place = world.manifest(DEPLOYMENT).display().to_string();
        world.run("scan").ends(3).says(&[&format!("unknown  {DEPLOYMENT}: {place}:"), says]);
        world.run("plan --detailed-exitcode").ends(3).says(&[&place, says]);
        let run = world.run("run --json").ends(3);
        assert_eq!((run.count("degraded"), run.count("changed")), (1, changed - 1), "{what}");
        assert_eq!(run.count("failed"), 0, "{what}");
        let unknown = run.document()["data"]["unknown"].clone();
        assert_eq!((&unknown[0]["deployment"], unknown.as_array().unwrap().len()), (&DEPLOYMENT.into(), 1));

        // Nothing of it is written, and everything of the others.
        assert!(world.versions().await.iter().all(|(path, _)| !path.starts_with(INSTANCE)), "{what}");
        let index = world.fields("db").await;
        for (key, value) in entries.iter() {
            let as_before = index.raw(key).unwrap().get().contains("booking-sessions");
            let has_mark = |text: &str| text.contains("\"reconciled\":true");
            let marked = has_mark(index.raw(key).unwrap().get());
            assert_eq!(marked, has_mark(value.get()) && !as_before, "{what}: {key}");
        }
        world.run("run").ends(3).says(&["0 writes", &place]);
        world.run(&format!("explain {DEPLOYMENT}")).ends(3).says(&["Degraded    manifest: "]);
    }
}

#[test]
fn a_mended_manifest_is_caught_up_with() {
    let world = World::new();
    let good = fs::read(world.manifest(DEPLOYMENT)).unwrap();
    fs::write(world.manifest(DEPLOYMENT), "a: [").unwrap();
    world.run("run").ends(3);
    fs::write(world.manifest(DEPLOYMENT), good).unwrap();
    let run = world.run("run --json").ends(0);
    assert_eq!((run.count("changed"), run.count("writes")), (1, 4));
}

#[tokio::test]
async fn a_manifest_that_breaks_later_leaves_its_records_alone() {
    let world = World::new();
    world.run("run").ends(0);
    let before = world.versions().await;
    fs::write(world.manifest(DEPLOYMENT), "a: [").unwrap();
    world.run("run").ends(3).says(&["0 writes"]);
    assert_eq!(world.versions().await, before);
}

#[test]
fn a_manifest_that_cannot_be_read_is_not_one_that_does_not_exist() {
    let world = World::new();
    let manifest = world.manifest(DEPLOYMENT);
    fs::remove_file(&manifest).unwrap();
    // The Director has none: the name and the index still say whose it is.
    world.run("scan").ends(0);
    fs::create_dir(&manifest).unwrap();
    let place = manifest.display().to_string();
    world.run("scan").ends(3).says(&[&format!("unknown  {DEPLOYMENT}: "), &place, "directory"]);
    world.run("run").ends(3).says(&[&place]);

    fs::remove_dir(&manifest).unwrap();
    fs::write(&manifest, "a: b\n").unwrap();
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&manifest).is_ok() {
        eprintln!("the last part is skipped: the superuser may read everything");
        return;
    }
    world.run("scan").ends(3).says(&["Permission denied", &place]);
}

#[test]
fn many_bad_manifests_are_all_named() {
    let world = World::new();
    let folder = world.file("director/manifests");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::write(&path, "a: [\n").unwrap();
        names.push(path.display().to_string());
    }
    let run = world.run("run").ends(3);
    for name in &names {
        assert!(run.stdout.contains(&format!("{name}:2:1: not YAML")), "{name}\n{}", run.stdout);
    }
    assert!(names.len() > 20 && run.stdout.contains(" 1 matched"), "{}", run.stdout);
}
