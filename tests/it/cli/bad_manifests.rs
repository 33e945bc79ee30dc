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

/// A way to break a manifest.
struct Breakage {
    what: &'static str,
    /// What is put after the first line.
    content: Vec<u8>,
    /// What the file is made as long as, with zeros that take no room.
    length: Option<u64>,
    /// What is then said beside the file's name.
    says: &'static str,
}

fn breakages() -> [Breakage; 7] {
    let text = |what, content: &str, says| Breakage { what, content: content.into(), length: None, says };
    [
        Breakage { content: b"a: \xff\xfe\n".to_vec(), ..text("not UTF-8", "", "not UTF-8") },
        Breakage { length: Some(100 * 1024 * 1024), ..text("100 MB", "", "manifest.too-large") },
        text("an alias bomb", &bomb(), "manifest.too-many-nodes"),
        text("nested 10,000 deep", &format!("a: {}\n", "[".repeat(10_000)), "manifest.too-deep"),
        text("cut", "a: [\n", ".yml:3:1: not YAML"),
        text("a list", "- a\n- b\n", "manifest.not-a-mapping"),
        text("a value", "just words\n", "manifest.not-a-mapping"),
    ]
}

#[tokio::test]
async fn a_bad_manifest_costs_its_own_deployment() {
    let whole = World::new();
    let changed = whole.run("run --json").ends(0).count("changed");
    let entries = whole.fields("db").await;
    for Breakage { what, content, length, says } in breakages() {
        let world = World::new();
        let mut file = File::create(world.manifest(DEPLOYMENT)).unwrap();
        file.write_all(b"---\n").unwrap();
        file.write_all(&content).unwrap();
        length.into_iter().for_each(|length| file.set_len(length).unwrap());
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
            let marked = |text: &str| text.contains("\"reconciled\":true");
            assert_eq!(
                marked(index.raw(key).unwrap().get()),
                marked(value.get()) && key != INSTANCE,
                "{what}: {key}"
            );
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
