//! A fake Director and a fake broker for demos: prints the environment to
//! export and answers until Ctrl-C.
//!
//! `cargo run -p reconciler-tests --example fake-servers -- --fleet tests/fleets/demo`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use reconciler_core::adapters::catalog;
use reconciler_core::model::Catalog;
use reconciler_tests::broker::{BrokerState, FakeBroker};
use reconciler_tests::certificates::CertificateKind;
use reconciler_tests::director::{DirectorState, FakeDirector, FakeDirectorSettings};
use serde_json::{Value, json};

const USAGE: &str = "\
usage: fake-servers --fleet DIR [--port PORT] [--latency MS] [--plain]

  --fleet DIR    the fleet to serve: director/, catalog/, index.json
  --port PORT    the Director's port (default: a free one); the broker's is the next
  --latency MS   how long each request of the Director takes at least
  --plain        plain HTTP in the place of TLS";

/// What the demo's client is called, and its secret: for this fake only.
const CLIENT: (&str, &str) = ("reconciler", "demo-client-secret");

struct Options {
    fleet: PathBuf,
    port: u16,
    latency: Duration,
    is_plain: bool,
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut fleet = None;
    let mut options = Options { fleet: PathBuf::new(), port: 0, latency: Duration::ZERO, is_plain: false };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--fleet" => fleet = Some(PathBuf::from(value()?)),
            "--port" => options.port = number(&value()?)?,
            "--latency" => options.latency = Duration::from_millis(number(&value()?)?),
            "--plain" => options.is_plain = true,
            _ => return Err(format!("`{word}` is not known")),
        }
    }
    options.fleet = fleet.ok_or("--fleet is missing")?;
    Ok(options)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number that fits"))
}

/// The broker of a fleet's catalog, with the plans' ids as they are.
fn broker_state(catalog: &Catalog) -> BrokerState {
    let services: Vec<Value> = catalog
        .services()
        .iter()
        .map(|service| {
            let plans: Vec<Value> =
                service.plans.iter().map(|plan| json!({"id": plan.id.as_str(), "name": plan.name})).collect();
            json!({"id": service.id.as_str(), "name": service.name, "plans": plans})
        })
        .collect();
    BrokerState {
        catalog: json!({"services": services}),
        password: "demo-broker-password".to_owned(),
        ..BrokerState::offering(&[])
    }
}

fn start(options: &Options) -> Result<(FakeDirector, Option<FakeBroker>), String> {
    let state = DirectorState::from_fleet(&options.fleet).map_err(|error| error.to_string())?;
    let state = state.client(CLIENT.0, CLIENT.1, &["bosh.read"]);
    let tls = (!options.is_plain).then_some(CertificateKind::Good);
    let settings = FakeDirectorSettings { tls, port: options.port, latency: options.latency, clock: None };
    let director = FakeDirector::start_with(state, settings);
    let folder = options.fleet.join("catalog");
    if !folder.is_dir() {
        return Ok((director, None));
    }
    let catalog = catalog::read(&folder).map_err(|error| error.to_string())?;
    let port = if options.port == 0 { 0 } else { options.port + 1 };
    // Blacksmith itself speaks plain HTTP.
    Ok((director, Some(FakeBroker::start_at(broker_state(&catalog), port, None))))
}

#[expect(clippy::print_stdout, reason = "a program for people at a terminal")]
fn print_environment(director: &FakeDirector, broker: Option<&FakeBroker>, ca_file: &Path) {
    println!("export BOSH_ENVIRONMENT={}", director.address());
    println!("export BOSH_CLIENT={}", CLIENT.0);
    println!("export BOSH_CLIENT_SECRET={}", CLIENT.1);
    if director.ca_pem().is_some() {
        println!("export BOSH_CA_CERT={}", ca_file.display());
    }
    if let Some(broker) = broker {
        broker.change(|state| {
            println!("export BLACKSMITH_URL={}", broker.address());
            println!("export BLACKSMITH_USERNAME={}", state.username);
            println!("export BLACKSMITH_PASSWORD={}", state.password);
        });
    }
    println!("# Then: cargo run -- scan --store /tmp/demo-store.db (Ctrl-C here ends the servers)");
}

#[expect(clippy::print_stderr, reason = "a program for people at a terminal")]
fn main() -> ExitCode {
    let started = options(std::env::args().skip(1))
        .map_err(|error| format!("{error}\n\n{USAGE}"))
        .and_then(|options| start(&options));
    let (director, broker) = match started {
        Ok(started) => started,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let ca_file = std::env::temp_dir().join(format!("fake-director-{}-ca.pem", std::process::id()));
    if let Some(pem) = director.ca_pem()
        && let Err(error) = std::fs::write(&ca_file, pem)
    {
        eprintln!("{}: {error}", ca_file.display());
        return ExitCode::FAILURE;
    }
    print_environment(&director, broker.as_ref(), &ca_file);
    // The servers have threads of their own; a signal ends the program.
    loop {
        std::thread::park();
    }
}
