//! Logging in with an AppRole, and remembering for a while that it was refused:
//! a server locks a role out after a few failed logins (five, if nobody changed
//! it), so that each part of a run that tried anew would make it worse.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::IgnoredAny;

use super::errand::Errand;
use super::lease::Lease;
use super::link::Link;
use super::refusal::Refused;
use super::session::call;
use super::settings::AppRole;
use super::wire;
use crate::adapters::http::{Method, Secret, StatusCode};
use crate::model::json::raw;
use crate::ports::{PortError, PortErrorKind};

/// How long a refusal of the role is believed.
const REFUSAL_HOLDS: TimeDelta = TimeDelta::seconds(60);

/// What is remembered of the logins so far.
#[derive(Debug, Default)]
pub(super) struct Logins {
    refused: Option<Refusal>,
}

#[derive(Debug)]
struct Refusal {
    since: DateTime<Utc>,
    status: StatusCode,
    reason: String,
}

impl Refusal {
    /// A clock that was set back does not prolong it.
    fn holds(&self, now: DateTime<Utc>) -> bool {
        (TimeDelta::zero()..REFUSAL_HOLDS).contains(&(now - self.since))
    }

    fn error(&self, errand: &Errand<'_>) -> PortError {
        let mut advice = "check role id and secret id, and whether the secret id has expired or is \
                          used up; `vault write -f auth/approle/role/NAME/secret-id` gives a new one"
            .to_owned();
        // The text of a lockout is that of any other 403.
        if self.status == StatusCode::FORBIDDEN {
            advice.push_str(
                "; after failed logins the server may also have locked the role out for a while: \
                 wait, or unlock it with `vault write -f sys/locked-users/ACCESSOR/unlock/ROLE-ID`",
            );
        }
        errand.advise(PortErrorKind::Unauthenticated, self.reason.clone(), advice)
    }
}

impl Logins {
    /// Logs in; gives the new token. A role that was refused a moment ago is
    /// refused again without a request.
    pub(super) async fn make(
        &mut self,
        link: &Link,
        now: DateTime<Utc>,
        role: &AppRole,
    ) -> Result<(Secret, Lease), PortError> {
        let subject = format!("auth/{}", role.mount);
        let errand = Errand::new("log in to Vault with AppRole", &subject);
        if let Some(refused) = self.refused.as_ref().filter(|refused| refused.holds(now)) {
            return Err(refused.error(&errand));
        }
        let body = format!(
            r#"{{"role_id":{},"secret_id":{}}}"#,
            raw(role.role_id.expose()),
            raw(role.secret_id.expose())
        );
        let call = call(&errand, Method::POST, "/v1/auth/*mount/login", &[&role.mount])
            .body("application/json", body);
        let answer = link.send(&errand, call).await?;
        match answer.status {
            StatusCode::OK => {}
            status @ (StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN) => {
                let reason = Refused::read(&answer).describe("Vault does not accept the role");
                let refused = self.refused.insert(Refusal { since: now, status, reason });
                return Err(refused.error(&errand));
            }
            _ => return Err(Refused::read(&answer).error(&errand)),
        }
        self.refused = None;
        let auth = wire::read::<IgnoredAny>(&errand, &answer)?.auth;
        let granted = auth.and_then(|auth| {
            let lease = Lease::granted(now, auth.lease_duration, auth.renewable);
            auth.client_token.map(|token| (token, lease))
        });
        let granted = granted.ok_or_else(|| wire::malformed(&errand, "it holds no token".to_owned()))?;
        tracing::info!(subject, "logged in to Vault");
        Ok(granted)
    }
}
