//! Stores and state files that cannot be used: one clear error, nothing half
//! written, and a next run that goes on from there.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use rusqlite::Connection;

use super::program::{Answer, World};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Commands that open a store that is there.
const OPENING: [&str; 4] = ["run", "run --dry-run --json", "plan", "scan"];

#[test]
fn a_file_that_is_no_store_is_refused_and_stays_as_it_is() {
    let world = World::new();
    let file = world.path("work/notes.txt");
    fs::write(&file, "not a database, but somebody's notes\n".repeat(300)).unwrap();
    mode(&file, 0o600);
    let before = fs::read(&file).unwrap();
    for line in OPENING {
        let says = [
            "failed to open the embedded store",
            "work/notes.txt",
            "is not an SQLite database",
            "help: name another file",
        ];
        world.run(&format!("{line} --store notes.txt")).fails(1, &says);
        assert!(fs::read(&file).unwrap() == before);
    }
    world
        .run("run --state notes.txt")
        .fails(1, &["failed to open the state file", "notes.txt", "is not an SQLite"]);
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_database_of_another_program_and_a_swapped_pair_are_refused() {
    let world = World::new();
    let other = world.path("work/other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    mode(&other, 0o600);
    world.run("scan --store other.db").fails(1, &["other.db", "another program"]);
    world.run("run").ends(0);
    let (store, state) = (world.store_file(), world.state_file());
    let line = format!("run --store {} --state {}", state.display(), store.display());
    world.run(&line).fails(1, &["state.db", "is no embedded store"]);
}

#[test]
fn a_state_of_another_director_is_refused() {
    let world = World::new();
    world.run("run --state mine.db").ends(0);
    let uuid = super::program::DIRECTOR;
    let info = world.file("director/info.json");
    world.edit(&info, uuid, "11111111-2222-4333-8444-555555555555");
    world.run("run --state mine.db").fails(1, &["mine.db", uuid, "11111111-2222"]);
}

#[test]
fn a_directory_and_a_pipe_are_no_stores() {
    let world = World::new();
    fs::create_dir(world.path("work/folder")).unwrap();
    world.shell("mkfifo pipe").ends(0);
    for line in OPENING {
        world
            .run(&format!("{line} --store folder"))
            .fails(1, &["work/folder", "is a directory", "help: name a file in it"]);
        world.run(&format!("{line} --store pipe")).fails(1, &["work/pipe", "is not a regular file"]);
    }
    world.run("run --state folder").fails(1, &["work/folder", "is a directory"]);
}

#[test]
fn a_store_that_others_may_read_is_refused_with_the_command_that_closes_it() {
    let world = World::new();
    world.run("run").ends(0);
    for (file, flag) in [(world.store_file(), "store"), (world.state_file(), "state file")] {
        mode(&file, 0o644);
        for line in OPENING {
            let says =
                [flag, "has mode 0644", &format!("help: close it with `chmod 600 {}`", file.display())];
            world.run(line).fails(1, &says);
        }
        mode(&file, 0o600);
    }
    world.run("run").ends(0).says(&["0 writes"]);
    assert_eq!(fs::metadata(world.state_folder()).unwrap().permissions().mode() & 0o777, 0o700);
}

/// The program waits for the lock as long as it is documented to.
#[test]
fn a_store_that_another_process_holds_is_not_waited_for_for_ever() {
    let world = World::new();
    world.run("run").ends(0);
    let other = Connection::open(world.store_file()).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").unwrap();
    world
        .run("run")
        .fails(1, &["is locked by another process", "waited 5000 ms", "help: wait for the other run"]);
    drop(other);
    world.run("run").ends(0).says(&["0 writes"]);
}

#[tokio::test]
async fn a_store_that_is_only_being_written_to_can_still_be_looked_at() {
    let world = World::new();
    world.run("run").ends(0);
    let other = Connection::open(world.store_file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for line in ["scan", "plan", "run --dry-run", "explain cf"] {
        world.run(line).ends(0);
    }
}

/// The superuser may write everywhere: then there is nothing to see.
#[test]
fn folders_and_files_that_cannot_be_written_are_named() {
    let world = World::new();
    let state = world.path("state");
    mode(&state, 0o500);
    if fs::write(state.join("probe"), "").is_ok() {
        eprintln!("skipped: the superuser may write everywhere");
        return;
    }
    world
        .run("run")
        .fails(1, &["cannot be created: Permission denied", "help: make the file and its folder"]);
    world.run("plan").ends(0);
    mode(&state, 0o700);
    world.run("run").ends(0);
    mode(&world.store_file(), 0o400);
    world.run("run").fails(1, &["store.db", "is read-only"]);
    world.run("scan").ends(0);
    mode(&world.store_file(), 0o600);
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    let world = World::new();
    fs::write(world.path("state/reconciler"), "").unwrap();
    world.run("run").fails(1, &["state/reconciler/", "help: check that the folders above it exist"]);
}

#[test]
fn without_a_home_the_flag_that_helps_is_named() {
    let world = World::new();
    let homeless = |line: &str| {
        let mut command = world.command(world.words(line));
        Answer::of(command.env_remove("HOME").env_remove("XDG_STATE_HOME"))
    };
    for line in ["run", "plan", "scan", "explain cf"] {
        homeless(line)
            .fails(1, &["neither XDG_STATE_HOME nor HOME is set", "help: say where with --store FILE"]);
    }
    homeless("run --store store.db").fails(1, &["neither", "--state FILE"]);
    homeless("run --store store.db --state state.db").ends(0);
    homeless("decisions eval").ends(0);
    // The convention: a relative folder counts as none.
    let mut relative = world.command(world.words("run"));
    Answer::of(relative.env_remove("HOME").env("XDG_STATE_HOME", "state")).fails(1, &["neither"]);
    let mut home = world.command(world.words("run"));
    Answer::of(home.env_remove("XDG_STATE_HOME")).ends(0).warns(&["home/.local/state/reconciler/"]);
}

/// Runs with a full file system below the state folder, where one can be
/// mounted; then frees it and runs again.
#[test]
fn a_full_disk_leaves_whole_records_and_the_next_run_goes_on() {
    let world = World::new();
    let tried =
        world.shell("unshare -m true && unshare -m mount -t tmpfs -o size=64k tmpfs \"$XDG_STATE_HOME\"");
    if tried.code != Some(0) {
        eprintln!("skipped: no file system may be mounted here ({})", tried.stderr.trim());
        return;
    }
    for (size, first) in [("16k", "[1]"), ("96k", "[13]"), ("200k", "[13]")] {
        let script = format!(
            "export size={size}
             unshare -m bash -c '
               mount -t tmpfs -o size=$size tmpfs \"$XDG_STATE_HOME\" || exit 99
               \"$reconciler\" run --fleet \"$fleet\" >first 2>first.err; echo \"first $?\"
               mount -o remount,size=8m \"$XDG_STATE_HOME\"
               \"$reconciler\" run --fleet \"$fleet\" >second 2>second.err; echo \"second $?\"
               \"$reconciler\" run --fleet \"$fleet\" >third; echo \"third $?\"
             '"
        );
        let answer = world.shell(&script).ends(0).says(&["second 0", "third 0"]);
        let read = |name: &str| fs::read_to_string(world.path("work").join(name)).unwrap();
        let told = format!("{}{}", read("first"), read("first.err"));
        let codes: Vec<char> = first.chars().collect();
        let ended = answer.stdout.split("first ").nth(1).and_then(|rest| rest.chars().next()).unwrap();
        assert!(codes.contains(&ended), "{size}: {}\n{told}", answer.stdout);
        assert!(told.contains("full disk") || told.contains("No space left"), "{size}: {told}");
        assert_eq!(told.matches("help: free space on that file system").count(), 1, "{size}: {told}");
        assert!(!told.contains("panicked"), "{told}");
        assert!(read("third").contains("0 writes"), "{size}: {}", read("third"));
    }
}

/// A limit on the size of files is what a quota feels like, and needs no rights.
#[test]
fn a_limit_on_file_sizes_leaves_whole_records_and_the_next_run_goes_on() {
    let world = World::new();
    let limited = "trap '' XFSZ; ulimit -f 60; exec \"$reconciler\" run --fleet \"$fleet\"";
    let answer = world.shell(limited);
    assert!(matches!(answer.code, Some(1 | 3)), "{answer:?}");
    let told = format!("{}{}", answer.stdout, answer.stderr);
    assert!(told.contains("free space") && !told.contains("panicked"), "{told}");
    world.run("run").ends(0);
    world.run("run").ends(0).says(&["0 writes"]);
    let store = Connection::open(world.store_file()).unwrap();
    let sound: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn what_cannot_be_remembered_does_not_hide_what_was_written() {
    let world = World::new();
    world.run("run").ends(0);
    // A state that can be read but not added to.
    let state = Connection::open(world.state_file()).unwrap();
    state
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON run BEGIN SELECT RAISE(FAIL, 'no'); END;")
        .unwrap();
    drop(state);
    let manifest = world.manifest("redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f");
    world.edit(&manifest, "maxmemory: 768mb", "maxmemory: 512mb");
    let run = world.run("run --json").ends(3);
    assert_eq!((run.count("writes"), run.count("failed")), (3, 0));
    assert_eq!(run.document()["data"]["failures"][0]["instance"], "state");
    world.run("run").ends(3).says(&["failed  state: failed to ", "0 writes"]);
}

/// A run that another process's lock holds in the middle of its writing.
struct Held {
    world: World,
    lock: Connection,
    run: Child,
    stderr: BufReader<ChildStderr>,
    told: String,
}

impl Held {
    fn new() -> Self {
        let world = World::new();
        world.run("run").ends(0);
        let manifest = world.manifest("redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f");
        world.edit(&manifest, "maxmemory: 768mb", "maxmemory: 512mb");
        let lock = Connection::open(world.store_file()).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut run = world
            .command(world.words("run --debug"))
            .env("BLACKSMITH_RECONCILER_MAX_CONCURRENCY", "1")
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(run.stderr.take().unwrap());
        let mut held = Self { world, lock, run, stderr, told: String::new() };
        // The one before it, by name.
        held.wait_for("deployment=\"rabbitmq-standalone-e6e83fd9-abfb-46a4-a1a2-f664b42afb30\" outcome");
        held
    }

    fn wait_for(&mut self, text: &str) {
        while !self.told.contains(text) {
            assert_ne!(self.stderr.read_line(&mut self.told).unwrap(), 0, "{}", self.told);
        }
    }

    fn interrupt(&mut self) {
        let signal = Command::new("kill").args(["-INT", &self.run.id().to_string()]).status().unwrap();
        assert!(signal.success());
    }

    /// The exit code and all that was said.
    fn end(&mut self) -> (Option<i32>, String) {
        self.stderr.read_to_string(&mut self.told).unwrap();
        self.run.stdout.take().unwrap().read_to_string(&mut self.told).unwrap();
        (self.run.wait().unwrap().code(), self.told.clone())
    }
}

#[test]
fn a_run_that_is_interrupted_while_it_writes_finishes_what_is_in_hand() {
    let mut held = Held::new();
    held.interrupt();
    held.wait_for("stopping; ");
    held.lock.execute_batch("ROLLBACK").unwrap();
    let (code, told) = held.end();
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("run.stopped  ") && told.contains("1 changed"), "{told}");
    held.world.run("run").ends(0).says(&["0 changed", "0 writes"]);
}

#[test]
fn a_second_signal_does_not_wait_and_the_next_run_goes_on() {
    let mut held = Held::new();
    held.interrupt();
    held.wait_for("stopping; ");
    held.interrupt();
    let (code, told) = held.end();
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("error: interrupted\nhelp: nothing is left half written"), "{told}");
    held.lock.execute_batch("ROLLBACK").unwrap();
    held.world.run("run").ends(0).says(&["1 changed"]);
}
