//! What a key accepts, and how a text becomes its value.
//!
//! One grammar for file, environment and flag: `010` is refused in all three
//! rather than being eight in one of them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::duration::{duration_text, parse_duration};
use super::finding::printable;
use super::value::{Choice, Value};

/// What a key accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `true` or `false`; `yes`, `no`, `on`, `off`, `1`, `0` mean the same.
    Bool,
    /// A whole number within bounds, both included.
    Integer {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A length of time in Go's syntax.
    Duration,
    /// One of at least this length.
    DurationFrom(Duration),
    /// Where a server listens: an IP address and a port.
    Address,
    /// A number from 0 to 1 with at most three decimals.
    Confidence,
    /// Any text with something in it.
    Text,
    /// A path, taken as it is written: a relative one counts from the working
    /// directory, whichever source names it.
    Path,
    /// Several items: a sequence in the file, separated by commas elsewhere.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The variant of a [`Kind`], for comparison while compiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// [`Kind::Bool`].
    Boolean,
    /// [`Kind::Integer`].
    Integer,
    /// [`Kind::Duration`].
    Duration,
    /// [`Kind::Confidence`].
    Confidence,
    /// [`Kind::Text`].
    Text,
    /// [`Kind::Path`].
    Path,
    /// [`Kind::List`].
    List,
    /// [`Kind::Choice`].
    Choice,
}

/// Why a value was refused: what is wrong, and what to write instead.
pub(super) struct Refusal {
    pub(super) what: String,
    pub(super) next: String,
}

impl Refusal {
    pub(super) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        let (what, next) = (what.into(), next.into());
        Self { what, next }
    }
}

impl Kind {
    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Bool => Shape::Boolean,
            Self::Integer { .. } => Shape::Integer,
            Self::Duration | Self::DurationFrom(_) => Shape::Duration,
            Self::Confidence => Shape::Confidence,
            Self::Text | Self::Address => Shape::Text,
            Self::Path => Shape::Path,
            Self::List => Shape::List,
            Self::Choice(_) => Shape::Choice,
        }
    }

    /// Reads a value; a secret one is not quoted when refused.
    pub(super) fn read(self, text: &str, secret: bool) -> Result<Value, Refusal> {
        let bare = text.trim();
        if bare.is_empty() {
            return Err(self.nothing("is empty"));
        }
        let value = match self {
            Self::Bool => boolean(bare).map(Value::Boolean),
            Self::Integer { min, max } => {
                whole_number(bare).filter(|number| (min..=max).contains(number)).map(Value::Integer)
            }
            Self::Confidence => bare.parse().ok().map(Value::Confidence),
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Path => Some(Value::Path(PathBuf::from(text))),
            Self::Choice(words) => {
                words.iter().find(|word| **word == bare).map(|word| Value::Choice(Choice(word)))
            }
            Self::List => return items_of(bare.split(',')),
            Self::Address => is_address(bare).then(|| Value::Text(bare.to_owned())),
            Self::Duration => return duration(bare, secret).map(Value::Duration),
            Self::DurationFrom(least) => {
                Some(duration(bare, secret)?).filter(|length| *length >= least).map(Value::Duration)
            }
        };
        value.ok_or_else(|| {
            let what = format!("{} is not {self}", quoted(bare, secret));
            Refusal::new(what, self.advice())
        })
    }

    /// The refusal of a value that is not there.
    pub(super) fn nothing(self, what: &str) -> Refusal {
        Refusal::new(what, format!("{}, or leave the key out", self.advice()))
    }

    /// What to write for a value of this kind.
    pub(super) fn advice(self) -> String {
        match self {
            Self::Bool => "write `true` or `false`".to_owned(),
            Self::Integer { min, max } => format!("write one from {min} to {max}, in digits"),
            Self::Duration => "write one such as `1h30m` or `500ms`".to_owned(),
            Self::DurationFrom(_) => "write a longer one, such as `1h30m`".to_owned(),
            Self::Address => "write it as 127.0.0.1:9180 or [::1]:9180".to_owned(),
            Self::Confidence => "write one with at most three decimals, such as `0.7`".to_owned(),
            Self::Text => "write a text".to_owned(),
            Self::Path => "write a path".to_owned(),
            Self::List => "name at least one item".to_owned(),
            Self::Choice(words) => format!("write one of {}", alternatives(words)),
        }
    }
}

/// With its article: "a whole number from 1 to 256".
impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => out.write_str("a truth value"),
            Self::Integer { min, max } => write!(out, "a whole number from {min} to {max}"),
            Self::Duration => out.write_str("a duration"),
            Self::DurationFrom(least) => write!(out, "a duration of at least {}", duration_text(*least)),
            Self::Address => out.write_str("an address with a port"),
            Self::Confidence => out.write_str("a number from 0 to 1"),
            Self::Text => out.write_str("a text"),
            Self::Path => out.write_str("a path"),
            Self::List => out.write_str("a list"),
            Self::Choice(words) => write!(out, "one of {}", alternatives(words)),
        }
    }
}

fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// A value in a message.
pub(super) fn quoted(text: &str, secret: bool) -> String {
    if secret { "the value (not shown)".to_owned() } else { format!("`{}`", printable(text)) }
}

/// The items of a list, trimmed; a blank one is a slip of the pen.
pub(super) fn items_of<'t>(items: impl Iterator<Item = &'t str>) -> Result<Value, Refusal> {
    let items: Vec<String> = items.map(|item| item.trim().to_owned()).collect();
    if items.is_empty() {
        return Err(Kind::List.nothing("has no items"));
    }
    match items.iter().position(String::is_empty) {
        Some(at) => {
            Err(Refusal::new(format!("item {} is empty", at + 1), "remove it, or the comma too many"))
        }
        None => Ok(Value::List(items)),
    }
}

/// What YAML and Blacksmith's own variables take for a truth value.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn duration(text: &str, secret: bool) -> Result<Duration, Refusal> {
    parse_duration(text)
        .map_err(|error| Refusal::new(format!("{} {}", quoted(text, secret), error.what), error.next))
}

fn is_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
}

/// Digits only, and no leading zero: YAML would read that as octal.
fn whole_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| digits && !leading_zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Kind = Kind::Choice(&["best", "first-match"]);
    const HOUR: Kind = Kind::DurationFrom(Duration::from_secs(3600));
    const WORKERS: Kind = Kind::Integer { min: 1, max: 256 };

    #[test]
    fn what_is_no_value_of_its_kind_is_refused_with_what_to_write() {
        for (kind, text, message) in [
            (Kind::Bool, "maybe", "`maybe` is not a truth value; write `true` or `false`"),
            (Kind::Bool, "", "is empty; write `true` or `false`, or leave the key out"),
            (WORKERS, "0", "`0` is not a whole number from 1 to 256; write one from 1 to 256, in digits"),
            (WORKERS, "257", "`257` is not a whole number from 1 to 256; write one from 1 to 256, in digits"),
            (WORKERS, "-1", "`-1` is not a whole number from 1 to 256; write one from 1 to 256, in digits"),
            (WORKERS, "010", "`010` is not a whole number from 1 to 256; write one from 1 to 256, in digits"),
            (
                WORKERS,
                "10abc",
                "`10abc` is not a whole number from 1 to 256; write one from 1 to 256, in digits",
            ),
            (WORKERS, "+1", "`+1` is not a whole number from 1 to 256; write one from 1 to 256, in digits"),
            (
                Kind::Duration,
                "7d",
                "`7d` counts in days, which is no unit; write hours: a day is `24h`, a week `168h`",
            ),
            (HOUR, "59m", "`59m` is not a duration of at least 1h; write a longer one, such as `1h30m`"),
            (
                HOUR,
                "1",
                "`1` has a number without a unit; the units are `h`, `m`, `s`, `ms`, `us` and `ns`: an hour \
                 is `1h` or `3600s`",
            ),
            (
                Kind::Address,
                "9180",
                "`9180` is not an address with a port; write it as 127.0.0.1:9180 or [::1]:9180",
            ),
            (
                Kind::Address,
                "localhost:9180",
                "`localhost:9180` is not an address with a port; write it as 127.0.0.1:9180 or \
                 [::1]:9180",
            ),
            (
                Kind::Confidence,
                "1.7",
                "`1.7` is not a number from 0 to 1; write one with at most three decimals, such as `0.7`",
            ),
            (
                Kind::Confidence,
                "70%",
                "`70%` is not a number from 0 to 1; write one with at most three decimals, such as `0.7`",
            ),
            (Kind::Text, " ", "is empty; write a text, or leave the key out"),
            (Kind::Path, "", "is empty; write a path, or leave the key out"),
            (Kind::List, "a,,b", "item 2 is empty; remove it, or the comma too many"),
            (Kind::List, "a,", "item 2 is empty; remove it, or the comma too many"),
            (WORDS, "Best", "`Best` is not one of `best`, `first-match`; write one of `best`, `first-match`"),
        ] {
            let refusal = kind.read(text, false).err().expect(text);
            assert_eq!(format!("{}; {}", refusal.what, refusal.next), message);
        }
    }

    #[test]
    fn a_secret_is_never_quoted() {
        for kind in [Kind::Bool, WORKERS, Kind::Duration, Kind::Confidence, WORDS] {
            let refusal = kind.read("hunter2", true).err().expect("refused");
            let message = refusal.what + &refusal.next;
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.contains("not shown"), "{message}");
        }
    }

    #[test]
    fn truth_values_are_those_of_yaml_and_of_blacksmith() {
        for (texts, expected) in [(["true", "YES", "On", "1"], true), (["false", "No", "off", "0"], false)] {
            for text in texts {
                assert_eq!(boolean(text), Some(expected), "{text}");
            }
        }
    }
}
