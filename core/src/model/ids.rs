//! Names that the outside world gives things, checked once and then trusted.
//!
//! Every id is a cheap clone. An id that exists is valid: whatever reads one
//! from a manifest, an index or a command line has to go through `new`.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no {kind}: {why}", shorten(.value))]
#[non_exhaustive]
pub struct InvalidId {
    /// What the name was meant to be: `deployment name`, `instance id`, ….
    pub kind: &'static str,
    /// The refused text.
    pub value: String,
    /// The rule it breaks.
    pub why: &'static str,
}

/// Keeps a message readable when somebody passes a whole file as a name.
fn shorten(value: &str) -> String {
    const LONGEST: usize = 80;
    if value.chars().count() <= LONGEST {
        return value.escape_debug().to_string();
    }
    let head: String = value.chars().take(LONGEST).collect();
    format!("{}…", head.escape_debug())
}

/// The longest name accepted anywhere. Blacksmith and the Director give no
/// limit; a path segment in Vault and a file name do.
const LONGEST_NAME: usize = 255;

/// Blacksmith's rule for the names of services, plans and instances.
fn check_blacksmith_name(value: &str) -> Result<(), &'static str> {
    let Some(first) = value.bytes().next() else {
        return Err("it is empty");
    };
    if value.len() > LONGEST_NAME {
        return Err("it is longer than 255 bytes");
    }
    if !first.is_ascii_alphanumeric() {
        return Err("it must begin with a letter or a digit");
    }
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
        return Err("only letters, digits, `_`, `.` and `-` are allowed");
    }
    Ok(())
}

/// The Director's rule for the names of deployments.
fn check_deployment_name(value: &str) -> Result<(), &'static str> {
    if value.is_empty() {
        return Err("it is empty");
    }
    if value.len() > LONGEST_NAME {
        return Err("it is longer than 255 bytes");
    }
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'+')) {
        return Err("only letters, digits, `_`, `.`, `+` and `-` are allowed");
    }
    if value == "." || value == ".." {
        return Err("it would name a folder");
    }
    Ok(())
}

/// First path segments that Vault or Blacksmith use for something else than an
/// instance: an instance of that name would overwrite them.
const RESERVED: [&str; 7] =
    ["db", "plans", "backups", "blacksmith", "secret", "upgrade-tasks", "upgrade-settings"];

fn check_instance_id(value: &str) -> Result<(), &'static str> {
    check_blacksmith_name(value)?;
    if RESERVED.contains(&value) {
        return Err("Blacksmith keeps something else under that name");
    }
    if value.contains("..") || value.ends_with('.') {
        return Err("it must not contain `..` nor end with a dot");
    }
    Ok(())
}

fn check_strategy_id(value: &str) -> Result<(), &'static str> {
    let bare = value.strip_prefix("script:").unwrap_or(value);
    if !(3..=40).contains(&bare.len()) {
        return Err("it must have 3 to 40 characters");
    }
    if !bare.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("only lower-case letters, digits and `-` are allowed");
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name that obeys the rule for it.
            ///
            /// # Errors
            /// Says which rule the text breaks.
            pub fn new(value: impl AsRef<str>) -> Result<Self, InvalidId> {
                let value = value.as_ref();
                match $check(value) {
                    Ok(()) => Ok(Self(Arc::from(value))),
                    Err(why) => Err(InvalidId { kind: $kind, value: value.to_owned(), why }),
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        id!(@text $name);
    };
    (@text $name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(value: String) -> Result<Self, InvalidId> {
                Self::new(value)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(value: &str) -> Result<Self, InvalidId> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

id! {
    /// The name of a BOSH deployment, by the Director's rule.
    DeploymentName, "deployment name", check_deployment_name
}
id! {
    /// The catalog id of a service.
    ServiceId, "service id", check_blacksmith_name
}
id! {
    /// The catalog id of a plan, as the broker builds it: it already begins
    /// with the service's id.
    PlanId, "plan id", check_blacksmith_name
}
id! {
    /// The id of a match strategy: kebab-case, `script:` in front of a script's.
    StrategyId, "strategy id", check_strategy_id
}

/// The id of a service instance: usually a UUID, in any case, but `boss` makes
/// names such as `relaxed-tesla`.
///
/// Two UUIDs that differ only in case are the same instance: comparison, order
/// and hash fold the case of a UUID. The spelling is kept, because Vault's
/// paths are case-sensitive.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceId {
    text: Arc<str>,
    /// The folded form, only where it differs from the text.
    folded: Option<Arc<str>>,
}

impl InstanceId {
    /// Takes a name that can be an instance's.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn new(value: impl AsRef<str>) -> Result<Self, InvalidId> {
        let value = value.as_ref();
        if let Err(why) = check_instance_id(value) {
            return Err(InvalidId { kind: "instance id", value: value.to_owned(), why });
        }
        let fold = is_uuid(value) && value.bytes().any(|b| b.is_ascii_uppercase());
        Ok(Self { text: Arc::from(value), folded: fold.then(|| Arc::from(value.to_ascii_lowercase())) })
    }

    /// The id as it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the id is a UUID in the usual spelling of 36 characters.
    #[must_use]
    pub fn is_uuid(&self) -> bool {
        is_uuid(&self.text)
    }

    /// The form that decides equality: a UUID in lower case, anything else as
    /// it is.
    #[must_use]
    pub fn folded(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.text)
    }
}

impl PartialEq for InstanceId {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}
impl Eq for InstanceId {}
impl PartialOrd for InstanceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for InstanceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}
impl Hash for InstanceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}
id!(@text InstanceId);

/// Whether the text is a UUID of 36 characters: five groups of hexadecimal
/// digits of either case. Four further spellings exist (braces, URN, …) and are
/// never meant here.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == UUID_LEN && uuid::Uuid::try_parse_ascii(text.as_bytes()).is_ok()
}

/// How many characters a UUID has.
pub const UUID_LEN: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

    #[test]
    fn instance_ids_follow_blacksmiths_rule_and_refuse_its_own_paths() {
        for good in [UUID, "relaxed-tesla", "a", "0", "A.b_c-d"] {
            assert!(InstanceId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "a b", "a..b", "a.", "db", "plans", "secret", "é"] {
            assert!(InstanceId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn uuids_are_equal_in_any_case_and_keep_their_spelling() {
        let lower = InstanceId::new(UUID).unwrap();
        let upper = InstanceId::new(UUID.to_uppercase()).unwrap();
        assert_eq!(lower, upper);
        assert_eq!(upper.as_str(), UUID.to_uppercase());
        assert_ne!(InstanceId::new("Tesla").unwrap(), InstanceId::new("tesla").unwrap());
    }

    #[test]
    fn a_refusal_names_kind_text_and_rule_and_stays_short() {
        let err = PlanId::new("x".repeat(300)).unwrap_err().to_string();
        assert!(err.contains("plan id") && err.contains("255") && err.len() < 200, "{err}");
    }

    #[test]
    fn only_the_spelling_of_36_characters_is_a_uuid() {
        assert!(is_uuid(UUID));
        for other in [&UUID.replace('-', ""), &format!("{{{UUID}}}"), &UUID.replace('b', "g")] {
            assert!(!is_uuid(other), "{other}");
        }
    }
}
