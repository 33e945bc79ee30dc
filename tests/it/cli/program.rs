//! Runs the program in a world of its own: no environment but what a test
//! gives, a home that is thrown away, and a copy of the demo fleet to damage.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{SecretStore, Slot, Version};
use reconciler_tests::fleets;
use tempfile::TempDir;

/// The demo fleet's Director, after whom the store is named.
pub(super) const DIRECTOR: &str = "f3e6ca47-240a-420d-9e5f-b7cdea513248";

/// A world with a home and a fleet.
pub(super) struct World {
    folder: TempDir,
}

impl World {
    /// A world with a copy of the demo fleet.
    pub(super) fn new() -> Self {
        let world = Self::empty();
        fleets::copy(&fleets::demo(), &world.fleet()).unwrap();
        world
    }

    /// A world without a fleet.
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "state", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A path in this world.
    pub(super) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(super) fn fleet(&self) -> PathBuf {
        self.path("fleet")
    }

    /// A file of the fleet.
    pub(super) fn file(&self, below: &str) -> PathBuf {
        self.fleet().join(below)
    }

    /// A deployment's manifest.
    pub(super) fn manifest(&self, deployment: &str) -> PathBuf {
        self.file("director/manifests").join(format!("{deployment}.yml"))
    }

    /// Changes a file of the fleet; the text to replace has to be in it.
    pub(super) fn edit(&self, file: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(from), "{} does not hold {from:?}", file.display());
        fs::write(file, text.replace(from, to)).unwrap();
    }

    /// Where the program keeps what it remembers.
    pub(super) fn state_folder(&self) -> PathBuf {
        self.path("state/reconciler")
    }

    /// The store that belongs to the demo fleet.
    pub(super) fn store_file(&self) -> PathBuf {
        self.state_folder().join(format!("{DIRECTOR}.store.db"))
    }

    /// The state file that belongs to the demo fleet.
    pub(super) fn state_file(&self) -> PathBuf {
        self.state_folder().join(format!("{DIRECTOR}.fleet.state.db"))
    }

    /// Every file and folder below the home, the state folder and the working
    /// directory.
    pub(super) fn traces(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in ["home", "state", "work"] {
            walk(&self.path(folder), &mut found);
        }
        found
    }

    /// The program with arguments, not yet started.
    pub(super) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
        self.shelter(&mut command);
        command.args(args);
        command
    }

    /// A shell script that may call the program as `"$reconciler"` and names
    /// the fleet `"$fleet"`.
    pub(super) fn shell(&self, script: &str) -> Answer {
        let mut command = Command::new("bash");
        self.shelter(&mut command);
        command.arg("-c").arg(script);
        command.env("reconciler", env!("CARGO_BIN_EXE_reconciler")).env("fleet", self.fleet());
        Answer::of(command.env("PATH", std::env::var_os("PATH").unwrap_or_default()))
    }

    fn shelter(&self, command: &mut Command) {
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"))
            .current_dir(self.path("work"))
            .stdin(Stdio::null());
    }

    /// Runs the program: words are cut at blanks, and the fleet is added to
    /// commands that look at one.
    pub(super) fn run(&self, line: &str) -> Answer {
        Answer::of(&mut self.command(self.words(line)))
    }

    /// The words of a line, as `run` gives them to the program.
    pub(super) fn words(&self, line: &str) -> Vec<std::ffi::OsString> {
        let mut words: Vec<std::ffi::OsString> = line.split_whitespace().map(Into::into).collect();
        let looks = [
            "run",
            "plan",
            "scan",
            "explain",
            "decisions",
            "backups",
            "orphans",
            "index",
            "history",
            "apply",
        ];
        let names_its_own = line.starts_with("decisions diff");
        if line.split_whitespace().next().is_some_and(|command| looks.contains(&command)) && !names_its_own {
            words.extend(["--fleet".into(), self.fleet().into()]);
        }
        words
    }

    /// What stands at a path of the store.
    pub(super) async fn read(&self, path: &str) -> Slot {
        SqliteStore::open(self.store_file()).unwrap().read(path).await.unwrap()
    }

    /// The fields at a path of the store.
    pub(super) async fn fields(&self, path: &str) -> JsonObject {
        self.read(path).await.data().unwrap_or_else(|| panic!("nothing at {path}")).clone()
    }

    /// Changes what stands at a path of the store, as the broker would.
    pub(super) async fn change(&self, path: &str, change: impl FnOnce(&mut JsonObject)) {
        let store = SqliteStore::open(self.store_file()).unwrap();
        let slot = store.read(path).await.unwrap();
        let mut data = slot.data().cloned().unwrap_or_default();
        change(&mut data);
        store.write(path, &data, slot.version()).await.unwrap();
    }

    /// Every secret of the store with its version.
    pub(super) async fn versions(&self) -> Vec<(String, Version)> {
        let store = SqliteStore::open(self.store_file()).unwrap();
        let mut versions = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for name in store.list(folder.trim_end_matches('/')).await.unwrap() {
                let path = format!("{folder}{name}");
                if name.ends_with('/') {
                    folders.push(path);
                } else {
                    let version = store.read(&path).await.unwrap().version();
                    // Archives have tests of their own.
                    if !path.contains("/backups/") {
                        versions.push((path, version));
                    }
                }
            }
        }
        versions.sort();
        versions
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        }
        found.push(path);
    }
}

/// What the program answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Answer {
    /// Runs a command to its end.
    pub(super) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// The same, if it ended with this exit code.
    #[track_caller]
    pub(super) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The same, if standard error holds all of these.
    #[track_caller]
    pub(super) fn warns(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in\n{}", self.stderr);
        }
        self
    }

    /// The same, if standard output holds all of these.
    #[track_caller]
    pub(super) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stdout.contains(word), "no {word:?} in\n{}", self.stdout);
        }
        self
    }

    /// The same, if it failed before it had an answer: one error with the next
    /// step, and nothing on standard output.
    #[track_caller]
    pub(super) fn fails(self, code: i32, words: &[&str]) -> Self {
        let answer = self.ends(code).warns(words);
        assert_eq!(answer.stdout, "", "an answer in spite of the failure");
        assert_eq!(answer.stderr.matches("error: ").count(), 1, "{}", answer.stderr);
        answer
    }

    /// The document on standard output: exactly one, with its frame.
    #[track_caller]
    pub(super) fn document(&self) -> serde_json::Value {
        let document: serde_json::Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one document: {error}\n{}", self.stdout));
        for part in ["schema_version", "kind", "complete", "data"] {
            assert!(!document[part].is_null(), "no {part} in\n{}", self.stdout);
        }
        document
    }

    /// A number of the document's counts.
    #[track_caller]
    pub(super) fn count(&self, name: &str) -> u64 {
        self.document()["data"]["counts"][name].as_u64().unwrap_or_else(|| panic!("no count {name}"))
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
