//! The commands that speak to a daemon.

use super::*;

fn output(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn run_and_status_speak_to_a_daemon() {
    let home = Home::new();
    std::fs::write(home.path("token"), format!("{TOKEN}\n")).unwrap();
    let daemon = Daemon::start(home.serve());
    daemon.wait_for_runs(1);
    let url = format!("http://{}", daemon.address);
    let with_token = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.args(["--remote", &url, "--token-file", "token"]);
        command
    };
    let (code, stdout, stderr) = output(with_token(&["run", "--json"]));
    assert_eq!(code, Some(0), "{stderr}");
    let run: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&run["kind"], &run["data"]["trigger"]), (&"RemoteRun".into(), &"forced".into()));
    assert!(stderr.contains(run["data"]["run_id"].as_str().unwrap()), "{stderr}");
    let (code, stdout, stderr) = output(with_token(&["run"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("complete: 29 deployments, 19 matched, 0 changed"), "{stdout}");
    let (code, stdout, stderr) = output(with_token(&["status"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("Instances 19 found, 16 in line") && stdout.contains("schedule"), "{stdout}");
    let (code, stdout, _) = output(with_token(&["status", "--json"]));
    assert_eq!(code, Some(0));
    let status: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(status["data"]["runs"].as_array().unwrap().len(), 3);

    // What a daemon's run is like is not for who asks for it to say: a run that
    // was to write nothing must not write.
    for here in [&["--dry-run"][..], &["--full"], &["--deployment", "pg-*"], &["--fleet", "fleet"]] {
        let mut command = with_token(&["run"]);
        let (code, _, stderr) = output({
            command.args(here);
            command
        });
        assert_eq!(code, Some(1), "{here:?}: {stderr}");
        assert!(stderr.contains(&format!("`{}` has no effect", here[0])), "{stderr}");
    }
    assert_eq!(daemon.get("/api/v1/metrics").1["data"]["total_runs"], 3);

    for (odd, why) in [
        ("127.0.0.1:9180", "is none"),
        ("localhost:9180", "begins neither"),
        ("ftp://localhost", "begins neither"),
        ("http://admin:MARKER-pw@localhost:9180", "knows tokens only"),
    ] {
        let (code, _, stderr) = output(home.command(&["status", "--remote", odd]));
        assert_eq!(code, Some(1), "{odd}: {stderr}");
        assert!(stderr.contains(why) && stderr.contains("http://127.0.0.1:9180"), "{odd}: {stderr}");
        assert!(!stderr.contains("MARKER"), "{stderr}");
    }

    // The token may come from its variable, and is never on the command line.
    let mut by_variable = home.command(&["status", "--remote", &url]);
    by_variable.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
    assert_eq!(output(by_variable).0, Some(0));
    let (code, _, stderr) = output(home.command(&["status", "--remote", &url]));
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("--token-file"), "{stderr}");
    assert_eq!(daemon.stop().0, Some(0));
    let (code, _, stderr) = output(home.command(&["status", "--remote", &url]));
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("reconciler serve"), "{stderr}");
}

/// The commands in the README's part about the daemon, prompts left out.
fn readme_commands() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let part = readme.split("### The daemon\n").nth(1).and_then(|rest| rest.split("\n### ").next()).unwrap();
    part.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_about_the_daemon_works() {
    let home = Home::new();
    std::fs::write(home.path("token"), TOKEN).unwrap();
    let commands = readme_commands();
    assert!(commands.len() >= 5, "{commands:?}");
    let mut exported: Vec<(String, String)> = Vec::new();
    let mut daemon: Option<Daemon> = None;
    for line in commands {
        // Only what belongs to a machine is put in other words: folder and port.
        let words: Vec<&str> = line.split_whitespace().collect();
        let served = daemon.as_ref().map(|daemon| format!("http://{}", daemon.address)).unwrap_or_default();
        let here = |word: &&str| match *word {
            "tests/fleets/demo" => "fleet".to_owned(),
            "--remote" => format!("--remote={served}"),
            word => word.replace("http://127.0.0.1:9180", &served),
        };
        let words: Vec<String> = words.iter().map(here).collect();
        let mut command = home.command(&[]);
        command.args(&words[1..]).envs(exported.iter().map(|(name, value)| (name, value)));
        match words[0].as_str() {
            "export" => {
                let (name, value) = words[1].split_once('=').unwrap();
                exported.push((name.to_owned(), value.to_owned()));
            }
            "reconciler" if words[1] == "serve" => {
                at_a_free_port(&mut command);
                daemon = Some(Daemon::start(command));
                daemon.as_ref().unwrap().wait_for_runs(1);
            }
            "reconciler" => {
                let (code, _, stderr) = output(command);
                assert_eq!(code, Some(0), "{line}: {stderr}");
            }
            "curl" => {
                let path = words[1].strip_prefix(&served).unwrap();
                assert_eq!(daemon.as_ref().unwrap().get(path).0, 200, "{line}");
            }
            _ => panic!("{line}: what is that?"),
        }
    }
    assert_eq!(daemon.unwrap().stop().0, Some(0));
}

#[test]
fn status_reads_the_journal_where_no_daemon_is_named() {
    let home = Home::new();
    let (code, stdout, stderr) = output(home.command(&["status", "--fleet", "fleet"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("No run yet."), "{stdout}");
    assert_eq!(output(home.command(&["run", "--fleet", "fleet"])).0, Some(0));
    assert_eq!(output(home.command(&["run", "--fleet", "fleet", "--dry-run"])).0, Some(0));
    let (_, stdout, _) = output(home.command(&["status", "--fleet", "fleet", "--json"]));
    let status: Value = serde_json::from_str(&stdout).unwrap();
    let runs = status["data"]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "a dry run leaves no trace");
    assert_eq!((&runs[0]["trigger"], &runs[0]["counts"]["matched"]), (&"cli".into(), &19.into()));
    // By its other name, among what happened.
    for arguments in [&["--runs"][..], &["--runs", "1"]] {
        let mut command = home.command(&["history", "--fleet", "fleet", "--json"]);
        command.args(arguments);
        let (code, stdout, stderr) = output(command);
        assert_eq!(code, Some(0), "{stderr}");
        let history: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            (&history["kind"], &history["data"]["runs"]),
            (&"HistoryOfRuns".into(), &status["data"]["runs"])
        );
    }
    let (_, as_status, _) = output(home.command(&["status", "--fleet", "fleet"]));
    let (_, as_history, _) = output(home.command(&["history", "--fleet", "fleet", "--runs"]));
    assert_eq!(as_status, as_history);
    let (code, ..) = output(home.command(&["history", "--fleet", "fleet", "--runs", "--limit", "3"]));
    assert_eq!(code, Some(1));
}

#[test]
fn the_journal_keeps_as_many_runs_as_it_is_told() {
    let home = Home::new();
    for _ in 0..4 {
        let mut command = home.command(&["run", "--fleet", "fleet"]);
        command.env("BLACKSMITH_RECONCILER_JOURNAL_MAX_RUNS", "2");
        assert_eq!(output(command).0, Some(0));
    }
    let (_, stdout, _) = output(home.command(&["status", "--fleet", "fleet", "--json"]));
    let status: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(status["data"]["runs"].as_array().unwrap().len(), 2);
}

/// A daemon that was killed during the run, as the next one tells of it.
#[test]
fn nobody_waits_for_a_run_whose_daemon_was_killed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or_default();
            let body = match head[..length].starts_with(b"POST") {
                true => r#"{"data":{"run_id":"killed"}}"#,
                false => r#"{"data":{"run_id":"killed","state":"unfinished","counts":{},"findings":[]}}"#,
            };
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    let home = Home::new();
    let (code, _, stderr) = output(home.command(&["run", "--remote", &url]));
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("the daemon that made it ended in its midst"), "{stderr}");
}
