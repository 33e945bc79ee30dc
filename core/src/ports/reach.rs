//! What the scopes of a token let it see of a Director.

use std::fmt;

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

    /// Whether it sees all that another reach sees. What it may change does not
    /// count.
    #[must_use]
    pub fn sees_as_much_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything | Self::EverythingAndMore, _) | (_, Self::Nothing) => true,
            (Self::Teams(mine), Self::Teams(theirs)) => theirs.iter().all(|team| mine.contains(team)),
            (Self::Teams(_) | Self::Nothing, _) => false,
        }
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

/// As a part of a sentence: "it sees …".
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything | Self::EverythingAndMore => f.write_str("all deployments"),
            Self::Teams(teams) => write!(f, "the deployments of {}", teams.join(", ")),
            Self::Nothing => f.write_str("no deployment"),
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

    #[test]
    fn less_is_seen_only_if_something_is_out_of_sight() {
        let teams = |names: &[&str]| Reach::Teams(names.iter().map(|name| (*name).to_owned()).collect());
        // What may be changed is no matter: giving `bosh.admin` up for
        // `bosh.read` hides nothing.
        assert!(Reach::Everything.sees_as_much_as(&Reach::EverythingAndMore));
        assert!(teams(&["a", "b"]).sees_as_much_as(&teams(&["b"])));
        assert!(!teams(&["a"]).sees_as_much_as(&teams(&["a", "b"])));
        assert!(!teams(&["a"]).sees_as_much_as(&Reach::Everything));
        assert!(!Reach::Nothing.sees_as_much_as(&teams(&["a"])));
    }
}
