//! Who asks, and what they may do.

use axum::http::header;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::exchange::{Answer, Request};
use super::state::DirectorState;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) user: String,
    scopes: Vec<String>,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Read everything, or be the admin of any team, who then sees its own.
    List,
    /// Read everything, or anything of any team.
    Feed,
    /// Read everything.
    Read,
    /// May change everything.
    Admin,
}

impl Identity {
    /// The caller by its `Authorization`; `None` if it is not accepted.
    pub(super) fn of(state: &DirectorState, request: &Request, now: i64) -> Option<Self> {
        let (kind, value) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
        if value.contains(' ') {
            return None;
        }
        if !state.clients.is_empty() {
            let is_bearer = kind.eq_ignore_ascii_case("bearer");
            let (user, scopes) = state.tokens.holder(value, now).filter(|_| is_bearer)?;
            return Some(Self { user, scopes });
        }
        let (user, password) = basic(kind, value)?;
        let account = state.users.get(&user)?;
        (account.secret == password && !password.is_empty())
            .then(|| Self { user, scopes: account.scopes.clone() })
    }

    fn has(&self, state: &DirectorState, right: &str) -> bool {
        let own = format!("bosh.{}.{right}", state.uuid());
        let any = format!("bosh.{right}");
        self.scopes.iter().any(|scope| *scope == own || *scope == any)
    }

    fn is_of_team(&self, team: Option<&str>, rights: &[&str]) -> bool {
        self.scopes.iter().any(|scope| {
            let Some((name, right)) =
                scope.strip_prefix("bosh.teams.").and_then(|rest| rest.rsplit_once('.'))
            else {
                return false;
            };
            rights.contains(&right) && team.is_none_or(|team| team == name)
        })
    }

    pub(super) fn reads_all(&self, state: &DirectorState) -> bool {
        self.has(state, "admin") || self.has(state, "read")
    }

    /// Whether a list shows this deployment to the caller.
    pub(super) fn sees(&self, state: &DirectorState, name: &str) -> bool {
        let teams = state.deployments.get(name).map(|found| &found.teams);
        self.reads_all(state)
            || teams.into_iter().flatten().any(|team| self.is_of_team(Some(team), &["admin"]))
    }

    /// Refuses what the caller may not do.
    pub(super) fn require(&self, state: &DirectorState, need: Need) -> Result<(), Answer> {
        let may = match need {
            Need::List => self.reads_all(state) || self.is_of_team(None, &["admin"]),
            Need::Feed => self.reads_all(state) || self.is_of_team(None, &["admin", "read"]),
            Need::Read => self.reads_all(state),
            Need::Admin => self.has(state, "admin"),
        };
        if may {
            return Ok(());
        }
        Err(refusal(state, need == Need::Admin, &[]))
    }

    /// Refuses a deployment of which the caller may see nothing.
    pub(super) fn require_deployment(
        &self,
        state: &DirectorState,
        teams: &[String],
        may_change: bool,
    ) -> Result<(), Answer> {
        let rights: &[&str] = if may_change { &["admin"] } else { &["admin", "read"] };
        let everywhere = self.has(state, "admin") || (!may_change && self.reads_all(state));
        let of_team = |team: &String| self.is_of_team(Some(team), rights);
        if everywhere || teams.iter().any(of_team) {
            return Ok(());
        }
        Err(refusal(state, may_change, teams))
    }
}

/// The words of a missing scope, under a status that also means a bad token.
fn refusal(state: &DirectorState, is_admin_only: bool, teams: &[String]) -> Answer {
    let uuid = state.uuid();
    let mut scopes = vec!["bosh.admin".to_owned(), format!("bosh.{uuid}.admin")];
    if !is_admin_only {
        scopes.extend(["bosh.read".to_owned(), format!("bosh.{uuid}.read")]);
    }
    scopes.extend(teams.iter().map(|team| format!("bosh.teams.{team}.admin")));
    let description = format!("Require one of the scopes: {}", scopes.join(", "));
    Answer::director_error(401, 600_000, &description)
}

/// User and password of basic authentication.
pub(super) fn basic(kind: &str, value: &str) -> Option<(String, String)> {
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
