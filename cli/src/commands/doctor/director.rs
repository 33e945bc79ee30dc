//! What `doctor` says about the Director, or the fleet in its place: who it is,
//! what we may do there, what will stop working.

use reconciler_core::config::Settings;
use reconciler_core::manager::CancellationToken;
use reconciler_core::ports::{Clock as _, DirectorInfo, Reach, SystemClock};

use super::{Check, Section};
use crate::failure::Failure;
use crate::wiring::DirectorSource;

/// A clock that differs by more than this makes tokens and times doubtful.
const CLOCK_TOLERANCE_SECONDS: i64 = 30;
/// A certificate that ends sooner is worth a warning.
const CERTIFICATE_DAYS: i64 = 30;

/// What was found out about the Director.
pub(super) struct Examined {
    pub(super) section: Section,
    /// The Director, if the settings name one.
    pub(super) source: Option<DirectorSource>,
    /// Its UUID, if it could be asked.
    pub(super) uuid: Option<String>,
}

pub(super) async fn section(settings: &Settings, stop: &CancellationToken) -> Examined {
    let mut checks = Vec::new();
    let mut uuid = None;
    let source = match DirectorSource::open(settings, stop) {
        Ok(source) => {
            if let Err(failure) = look(&source, &mut checks, &mut uuid).await {
                checks.push(Check::fail("connection", &failure));
            }
            Some(source)
        }
        Err(failure) => {
            checks.push(Check::fail("configuration", &failure));
            None
        }
    };
    Examined { section: Section { name: "Director", checks }, source, uuid }
}

async fn look(
    source: &DirectorSource,
    checks: &mut Vec<Check>,
    uuid: &mut Option<String>,
) -> Result<(), Failure> {
    checks.push(Check::ok("address", source.director().address()));
    if let Some(warning) = source.warning() {
        checks.push(Check::warn("validation", warning, "give the CA with BOSH_CA_CERT instead"));
    }
    let Some(found) = source.examine().await? else {
        let info = source.director().info().await?;
        say_who(&info, checks);
        *uuid = Some(info.uuid);
        return Ok(());
    };
    say_who(&found.info, checks);
    *uuid = Some(found.info.uuid.clone());
    let mut how = found.info.authentication.clone();
    if !found.uaa.is_empty() {
        how = format!("{how}, at {}", found.uaa.join(", "));
    }
    checks.push(Check::ok("authentication", how));
    match found.login {
        Ok(()) => {
            let user = found.user.unwrap_or_default();
            let lifetime = found.token_lifetime;
            let lives = lifetime.map(|time| format!(", a token lives {} s", time.as_secs()));
            checks.push(Check::ok("login", format!("as {user}{}", lives.unwrap_or_default())));
        }
        Err(error) => checks.push(Check::fail("login", &Failure::from(error))),
    }
    if let Some(scopes) = &found.info.scopes {
        checks
            .push(Check::ok("scopes", if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") }));
    }
    if let Some(reach) = &found.reach {
        checks.push(reach_check(reach));
    }
    if let Some(difference) = found.info.clock_ahead {
        checks.push(clock_check(difference.num_seconds()));
    }
    if let Some(end) = found.certificate_end {
        let days = (end - SystemClock.now()).num_days();
        let message = format!("ends on {}, in {days} days", end.format("%Y-%m-%d"));
        checks.push(if days < CERTIFICATE_DAYS {
            Check::warn("certificate", message, "renew the Director's certificate before that day")
        } else {
            Check::ok("certificate", message)
        });
    }
    if !matches!(found.reach, Some(Reach::Nothing)) && checks.iter().all(|check| !check.is_failure()) {
        let deployments = source.director().deployments().await?;
        checks.push(Check::ok("deployments", format!("{} in the list", deployments.len())));
    }
    Ok(())
}

fn say_who(info: &DirectorInfo, checks: &mut Vec<Check>) {
    checks.push(Check::ok("name", info.name.clone()));
    checks.push(Check::ok("version", info.version.clone()));
    checks.push(Check::ok("uuid", info.uuid.clone()));
}

/// What is missing for a client that reads everything, or what it has too much.
fn reach_check(reach: &Reach) -> Check {
    let sees = format!("sees {reach}");
    match (reach, reach.advice()) {
        (Reach::Nothing, advice) => {
            Check::refused("reach", sees, advice.unwrap_or("give the client the authority `bosh.read`"))
        }
        (_, Some(advice)) => Check::warn("reach", sees, advice),
        (_, None) => Check::ok("reach", format!("{sees}, and changes nothing")),
    }
}

fn clock_check(seconds: i64) -> Check {
    let message = format!("the Director's is {seconds} s ahead of ours");
    if seconds.abs() > CLOCK_TOLERANCE_SECONDS {
        Check::warn("clock", message, "set both clocks by the same time servers; tokens depend on it")
    } else {
        Check::ok("clock", message)
    }
}
