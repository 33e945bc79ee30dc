//! The program in a home of its own, with an environment that a test decides.

use std::path::Path;
use std::process::Command;

use reconciler_tests::fleets;
use serde_json::Value;
use tempfile::TempDir;

/// The program, its home and its environment.
pub(super) struct Program {
    pub(super) home: TempDir,
    environment: Vec<(String, String)>,
}

/// How it ended and what it said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Program {
    /// Knows no Vault yet.
    pub(super) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// Knows a Vault by the variables of the vault CLI, and does not wait to
    /// try again.
    pub(super) fn on(address: &str, token: &str) -> Self {
        let program = Self::new().with("VAULT_ADDR", address).with("VAULT_TOKEN", token);
        program.with("VAULT_MAX_RETRIES", "0")
    }

    /// Sets a variable.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it, without the variables of whoever runs the tests.
    pub(super) fn run(&self, arguments: &[&str]) -> Said {
        let ran = Command::new(env!("CARGO_BIN_EXE_reconciler"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        Said {
            code: ran.status.code().unwrap(),
            stdout: String::from_utf8(ran.stdout).unwrap(),
            stderr: String::from_utf8(ran.stderr).unwrap(),
        }
    }

    /// Runs a command over the demo fleet with its records in Vault.
    pub(super) fn on_demo(&self, command: &str, more: &[&str]) -> Said {
        let demo = fleets::demo();
        let mut arguments = vec![command, "--fleet", text(&demo), "--store", "vault"];
        arguments.extend(more);
        self.run(&arguments)
    }
}

impl Said {
    /// The JSON on standard output.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It must have ended with a code after one error with these words and one
    /// next step with those.
    pub(super) fn must_fail(&self, code: i32, error: &str, help: &str) {
        let count = |start: &str| self.stderr.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!((count("error: "), count("help: ")), (1, 1), "{}", self.stderr);
        for (start, words) in [("error: ", error), ("help: ", help)] {
            let line = self.stderr.lines().find(|line| line.starts_with(start)).unwrap();
            assert!(line.contains(words), "`{words}` is missing in `{line}`");
        }
        assert!(self.stdout.is_empty(), "{}", self.stdout);
    }
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
