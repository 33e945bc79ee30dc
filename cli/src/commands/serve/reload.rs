//! SIGHUP: configuration, scripts and certificate are read again, and taken over
//! as a whole or not at all.

use reconciler_core::config::Settings;

use super::Load;
use crate::commands::strategies;
use crate::daemon::{Board, Bound, Guard, Setup};
use crate::output::Output;
use crate::wiring;

/// Keys that are read at the start only.
const AT_START: &[&str] = &["http.listen", "log.level", "log.format", "debug"];

/// Keys of the certificate: another one is taken over, none or the first takes a
/// restart.
const OF_TLS: &[&str] = &["http.tls_cert", "http.tls_key"];

/// Reads everything again; what is wrong leaves all as it was.
pub(super) fn reload(load: Load<'_>, setup: &Setup, board: &Board, bound: &Bound) {
    let before = board.settings.get();
    let taken_over = load(&mut Output::to_log()).and_then(|settings| {
        wiring::checked(&settings)?;
        // What is bound stays bound, whatever the settings name now.
        let rules = wiring::http_rules(&settings, Some(bound.address))?;
        let guard = Guard::of(&settings, rules.token.as_deref(), bound.address);
        setup.replace(settings.clone())?;
        Ok((settings, rules, guard, strategies::views(setup.engine()?.chain().entries())))
    });
    board.measurements.record_configuration(taken_over.is_ok());
    match taken_over {
        Ok((settings, rules, guard, chain)) => {
            let mut kept = AT_START.to_vec();
            if !bound.show(rules.acceptor) {
                kept.extend(OF_TLS);
            }
            for key in kept.iter().filter(|key| shown(&before, key) != shown(&settings, key)) {
                tracing::warn!("`{key}` changed, which takes a restart");
            }
            board.settings.set(settings.keeping(&before, &kept));
            board.guard.set(guard);
            board.strategies.set(chain);
            board.refused_configuration.set(None);
            board.refused_scripts.set(None);
            board.requests.reconsider();
            tracing::info!("configuration and scripts were read again");
        }
        Err(failure) => {
            let why = failure.in_one_line();
            tracing::error!("configuration and scripts stay as they were: {why}");
            board.refused_configuration.set(Some(why));
        }
    }
}

/// A key as it would be shown.
fn shown(settings: &Settings, key: &str) -> Option<String> {
    settings.entries().find(|entry| entry.spec().path == key)?.shown()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::Path;

    use reconciler_core::config::{FlagText, Sources};
    use reconciler_tests::certificates::{CertificateKind, Certificates};

    use super::*;
    use crate::failure::Failure;

    /// Settings with a certificate, and with other keys.
    fn settings(folder: &Path, more: &[(&str, &str)]) -> Settings {
        let path = |name: &str| folder.join(name).display().to_string();
        let fleet = ("fleet", reconciler_tests::fleets::demo().display().to_string());
        let tls = [fleet, ("http.tls_cert", path("tls.pem")), ("http.tls_key", path("tls.key"))];
        let more = more.iter().map(|(key, text)| (*key, (*text).to_owned()));
        let flags = tls.into_iter().chain(more).map(|(key, text)| FlagText::new(key, text, "--flag"));
        Settings::load(Sources { flags: flags.collect(), ..Sources::default() }).unwrap()
    }

    /// SIGHUP with the token gone, whatever else the new settings say, of a
    /// daemon that others can reach.
    #[test]
    fn an_address_that_others_can_reach_never_loses_its_token() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::make(CertificateKind::Good);
        std::fs::write(folder.path().join("tls.pem"), &certificates.server_pem).unwrap();
        std::fs::write(folder.path().join("tls.key"), &certificates.key_pem).unwrap();
        let before = settings(folder.path(), &[("http.token", "s3cret"), ("http.listen", "10.0.0.5:9180")]);
        // Nothing is bound: what counts is what would be.
        let address: SocketAddr = "10.0.0.5:9180".parse().unwrap();
        let bound = Bound::new(address, wiring::http_rules(&before, None).unwrap().acceptor);
        let guard = Guard::of(&before, Some("s3cret"), address);
        let board = Board::new(before.clone(), guard, serde_json::Value::Null);
        let setup = Setup::new(before).unwrap();
        let hang_up = |now: Settings| {
            let load = move |_: &mut Output| Ok::<_, Failure>(now.clone());
            reload(&load, &setup, &board, &bound);
            board.refused_configuration.get().as_ref().clone()
        };
        for without in [
            settings(folder.path(), &[]),
            settings(folder.path(), &[("http.listen", "10.0.0.5:9180")]),
            settings(folder.path(), &[("http.listen", "127.0.0.1:9180")]),
        ] {
            let why = hang_up(without).expect("a refusal");
            assert!(why.contains("http.token_file"), "{why}");
            assert!(board.guard.get().knows(Some(b"Bearer s3cret")), "the old token is in force");
        }
        assert_eq!(hang_up(settings(folder.path(), &[("http.token", "0ther")])), None);
        assert!(board.guard.get().knows(Some(b"Bearer 0ther")));
    }
}
