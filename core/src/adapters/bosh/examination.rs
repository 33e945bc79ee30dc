//! What there is to know about a Director and our place there, for people.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::{DirectorInfo, PortError};

/// How a Director looks to these credentials.
#[derive(Debug)]
pub struct Examination {
    /// What the Director says about itself, with the scopes where known.
    pub info: DirectorInfo,
    /// Whom the Director takes us for; `None` if it takes us for nobody.
    pub user: Option<String>,
    /// The addresses of the UAA, if there is one.
    pub uaa: Vec<String>,
    /// The Director's clock minus ours, exact to a second.
    pub clock_difference: Option<TimeDelta>,
    /// When the Director's certificate ends, over TLS.
    pub certificate_end: Option<DateTime<Utc>>,
    /// How long a token lives.
    pub token_lifetime: Option<Duration>,
    /// Whether the credentials are accepted.
    pub login: Result<(), PortError>,
    /// What the scopes allow; `None` where they cannot be known.
    pub reach: Option<Reach>,
}

/// What a client can do for the reconciler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It reads everything and changes nothing: as it should be.
    Everything,
    /// It reads everything, and may change it too: more than is needed.
    EverythingAndMore,
    /// It sees only the deployments of these teams: the rest looks absent.
    Teams(Vec<String>),
    /// It cannot read the list of deployments.
    Nothing,
}

impl Reach {
    /// Reads scopes as the Director with that UUID does.
    #[must_use]
    pub fn of(scopes: &[String], uuid: &str) -> Self {
        let has = |suffix: &str| {
            let own = format!("bosh.{uuid}.{suffix}");
            let any = format!("bosh.{suffix}");
            scopes.iter().any(|scope| *scope == own || *scope == any)
        };
        if has("admin") {
            return Self::EverythingAndMore;
        }
        if has("read") {
            return Self::Everything;
        }
        let teams: Vec<String> = scopes
            .iter()
            .filter_map(|scope| scope.strip_prefix("bosh.teams.")?.strip_suffix(".admin"))
            .map(str::to_owned)
            .collect();
        if teams.is_empty() { Self::Nothing } else { Self::Teams(teams) }
    }

    /// What to change, if something should be.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            Self::EverythingAndMore => {
                Some("the client may change deployments; `bosh.read` in the place of `bosh.admin` is enough")
            }
            Self::Teams(_) => {
                Some("the client sees the deployments of its teams only; give it `bosh.read` to see all")
            }
            Self::Nothing => Some("give the client the authority `bosh.read`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_the_director_reads_them() {
        let reach = |scopes: &[&str]| {
            let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
            Reach::of(&scopes, "uuid")
        };
        assert_eq!(reach(&["bosh.read"]), Reach::Everything);
        assert_eq!(reach(&["bosh.uuid.read"]), Reach::Everything);
        assert_eq!(reach(&["bosh.other.read"]), Reach::Nothing);
        assert_eq!(reach(&["bosh.read", "bosh.admin"]), Reach::EverythingAndMore);
        assert_eq!(reach(&["bosh.teams.a.admin", "bosh.teams.b.read"]), Reach::Teams(vec!["a".to_owned()]));
    }
}
