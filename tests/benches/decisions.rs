//! How long `decisions test` takes over 5,000 deployments and their accepted
//! decisions, as its users start it.
//!
//! `cargo bench --bench decisions`; `-- 1000` makes another number of deployments.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::Criterion;
use reconciler_core::adapters::fleet::FleetWriter;
use reconciler_core::manifest::secrets::Seal;
use reconciler_core::model::JsonObject;
use reconciler_tests::synthetic;

const PLANS: usize = 200;

/// Writes a synthetic fleet as a capture is written.
fn write_fleet(folder: &Path, deployments: usize) {
    let fleet = synthetic::fleet(deployments, PLANS);
    let mut writer = FleetWriter::create(folder, Seal::new(&[7; 32])).expect("an empty folder");
    for deployment in &fleet.deployments {
        let known = fleet.facts.known_names(&deployment.summary);
        writer.deployment(deployment, known).expect("a file");
    }
    writer.catalog(&fleet.facts.catalog).expect("a catalog that can be laid out");
    let mut index = JsonObject::new();
    for entry in fleet.facts.index.entries() {
        index.set_value(entry.instance.as_str(), &entry.fields);
    }
    writer.index(&index).expect("a file");
    writer.finish("synthetic", "f3e6ca47-240a-420d-9e5f-b7cdea513248", "282.0.4").expect("a file");
    writer.keep();
}

/// `decisions …` in a folder that holds the fleet; ends if it does not succeed.
fn decisions(home: &Path, words: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
    command.arg("decisions").args(words).args(["--fleet", "fleet"]).current_dir(home).env("HOME", home);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn main() {
    let deployments = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(5000);
    let home = tempfile::tempdir().expect("a folder");
    write_fleet(&home.path().join("fleet"), deployments);
    decisions(home.path(), &["accept", "--all"]);
    let said = String::from_utf8(decisions(home.path(), &["test", "--check"])).expect("text");
    assert!(said.contains(&format!("{deployments} decisions: 0 changed, 0 not accepted")), "{said}");

    let mut criterion = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(20));
    criterion.bench_function(&format!("decisions test/{deployments}"), |bench| {
        bench.iter(|| decisions(home.path(), &["test", "--check"]));
    });
    criterion.final_summary();
}
