//! Streams that end early, are full, or are not there.

use super::program::World;

/// Runs a script with `"$reconciler"` and gives what the first program of its
/// pipe ended with.
fn piped(world: &World, left: &str, right: &str) -> (String, String) {
    let answer = world.shell(&format!("{left} | {right}; echo \"ended ${{PIPESTATUS[0]}}\" >&2")).ends(0);
    (answer.stdout, answer.stderr)
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let world = World::new();
    let scan = "\"$reconciler\" scan --fleet \"$fleet\"";
    for (left, right) in [
        (scan.to_owned(), "head -1"),
        (format!("{scan} --json"), "head -1"),
        (format!("{scan} --format yaml"), "head -1"),
        (scan.to_owned(), "true"),
        ("\"$reconciler\" completion bash".to_owned(), "true"),
        ("\"$reconciler\" completion zsh".to_owned(), "head -c 10"),
        ("\"$reconciler\" --help".to_owned(), "true"),
        ("\"$reconciler\" version".to_owned(), "true"),
        ("\"$reconciler\" strategies list".to_owned(), "true"),
        ("\"$reconciler\" decisions eval --fleet \"$fleet\"".to_owned(), "true"),
        ("\"$reconciler\" run --fleet \"$fleet\"".to_owned(), "true"),
    ] {
        let (stdout, stderr) = piped(&world, &left, right);
        assert!(stdout.lines().count() <= 1, "{left}");
        let noise = ["panicked", "error", "roken pipe", "os error"];
        assert!(noise.iter().all(|word| !stderr.contains(word)), "{left} | {right}\n{stderr}");
        assert!(stderr.contains("ended 0"), "{left} | {right}\n{stderr}");
    }
}

#[test]
fn nobody_listening_to_standard_error_is_no_error() {
    let world = World::new();
    for line in ["scan --debug", "run --debug", "plan"] {
        let left = format!("\"$reconciler\" {line} --fleet \"$fleet\" 2>&1 >/dev/null");
        let (_, stderr) = piped(&world, &left, "true");
        assert_eq!(stderr.trim(), "ended 0", "{line}");
    }
    // Not even what to complain with.
    let (_, stderr) = piped(&world, "\"$reconciler\" scan --fleet nowhere 2>&1 >/dev/null", "true");
    assert_eq!(stderr.trim(), "ended 1");
}

#[test]
fn streams_that_are_closed_from_the_start_are_no_error() {
    let world = World::new();
    for closed in [">&-", "2>&-", "<&- >&- 2>&-"] {
        world.shell(&format!("\"$reconciler\" run --fleet \"$fleet\" --debug {closed}")).ends(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let world = World::new();
    for line in [
        "scan --fleet \"$fleet\"",
        "scan --fleet \"$fleet\" --json",
        "plan --fleet \"$fleet\" --format yaml",
        "version",
        "strategies list",
        "completion bash",
    ] {
        let answer = world.shell(&format!("\"$reconciler\" {line} > /dev/full")).ends(1);
        answer.warns(&["error: ", "No space left"]);
    }
    world.shell("\"$reconciler\" --help > /dev/full").ends(1);
}

#[test]
fn every_shell_gets_a_completion_script_that_knows_the_commands() {
    let world = World::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = world.run(&format!("completion {shell}")).ends(0);
        script.says(&["reconciler", "explain", "detailed-exitcode"]);
    }
    world.run("completion tcsh").fails(1, &["tcsh", "bash", "zsh"]);
    // A shell that exists takes it without complaint.
    let answer = world.shell("eval \"$(\"$reconciler\" completion bash)\" && complete -p reconciler").ends(0);
    answer.says(&["reconciler"]);
}

/// Nothing stands between a command and its answer: a question that nobody can
/// answer would wait for ever, or read what was meant for another program.
#[test]
fn nothing_is_ever_asked() {
    let world = World::new();
    let answer = world
        .shell("yes | head -c 4096 | { \"$reconciler\" run --fleet \"$fleet\" >/dev/null 2>&1; wc -c; }");
    assert_eq!(answer.ends(0).stdout.trim(), "4096");
}

/// `script` gives a terminal where it is installed.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_colour_and_keeps_the_answer_after_the_bar() {
    let world = World::new();
    if !world.shell("command -v script").stdout.contains("script") {
        eprintln!("skipped: there is no `script` here to make a terminal");
        return;
    }
    let on_terminal = "TERM=xterm script -qec '\"$reconciler\" scan --fleet \"$fleet\"' /dev/null";
    let answer = world.shell(on_terminal).ends(0);
    answer.says(&["\u{1b}[32m19 matched", "29 deployments"]);
    let plain = world.shell(&format!("NO_COLOR=1 {on_terminal}")).ends(0);
    assert!(!plain.stdout.contains("\u{1b}[32m"), "{}", plain.stdout);
}
