//! A value of the configuration, and the types that keys give it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration::duration_text;
use super::kind::Shape;
use crate::matching::Confidence;

/// One of the words a key accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Choice(pub(super) &'static str);

/// A value that was read. Deliberately without `Debug`: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// See [`Shape::Boolean`]; so for the others.
    Boolean(bool),
    /// A whole number.
    Integer(u64),
    /// A length of time.
    Duration(Duration),
    /// A confidence.
    Confidence(Confidence),
    /// A text.
    Text(String),
    /// A path, as written.
    Path(PathBuf),
    /// Items.
    List(Vec<String>),
    /// One word of several.
    Choice(Choice),
}

/// As it could be written in a file or a variable.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(flag) => flag.fmt(out),
            Self::Integer(number) => number.fmt(out),
            Self::Duration(length) => out.write_str(&duration_text(*length)),
            Self::Confidence(confidence) => confidence.fmt(out),
            Self::Text(text) => out.write_str(text),
            Self::Path(path) => path.display().fmt(out),
            Self::List(items) => out.write_str(&items.join(",")),
            Self::Choice(choice) => out.write_str(choice.0),
        }
    }
}

/// What a key can hold: a type of the table, or an `Option` of one.
///
/// `Key<u64>` has a default and therefore always a value; `Key<Option<u64>>`
/// has none. [`Key::new`](super::Key) compares this with the row of the table
/// when the program is compiled.
pub trait Held {
    /// The type of the value itself.
    type Base;
    /// What an accessor returns.
    type View<'s>;
    #[doc(hidden)]
    const SHAPE: Shape;
    #[doc(hidden)]
    const HAS_DEFAULT: bool;
    #[doc(hidden)]
    fn view(value: Option<&Value>) -> Self::View<'_>;
}

macro_rules! held {
    ($($base:ty, $shape:ident, $view:ty, $borrow:expr;)+) => {$(
        impl Held for $base {
            type Base = $base;
            type View<'s> = $view;
            const SHAPE: Shape = Shape::$shape;
            const HAS_DEFAULT: bool = true;

            fn view(value: Option<&Value>) -> Self::View<'_> {
                match value {
                    Some(Value::$shape(value)) => $borrow(value),
                    _ => unreachable!("a key with a default always has a value of its own shape"),
                }
            }
        }

        impl Held for Option<$base> {
            type Base = $base;
            type View<'s> = Option<$view>;
            const SHAPE: Shape = Shape::$shape;
            const HAS_DEFAULT: bool = false;

            fn view(value: Option<&Value>) -> Self::View<'_> {
                match value {
                    Some(Value::$shape(value)) => Some($borrow(value)),
                    _ => None,
                }
            }
        }
    )+};
}

held! {
    bool, Boolean, bool, |flag: &bool| *flag;
    u64, Integer, u64, |number: &u64| *number;
    Duration, Duration, Duration, |length: &Duration| *length;
    Confidence, Confidence, Confidence, |confidence: &Confidence| *confidence;
    String, Text, &'s str, String::as_str;
    PathBuf, Path, &'s Path, PathBuf::as_path;
    Vec<String>, List, &'s [String], Vec::as_slice;
    Choice, Choice, &'static str, |choice: &Choice| choice.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kind;

    #[test]
    fn a_value_is_shown_as_it_can_be_read() {
        let words: &[&str] = &["best", "first-match"];
        let range = Kind::Integer { min: 0, max: 99 };
        for (kind, text, shown) in [
            (Kind::Bool, "yes", "true"),
            (range, "42", "42"),
            (Kind::Duration, "90m", "1h30m"),
            (Kind::Confidence, "0.7", "0.700"),
            (Kind::Text, "it's", "it's"),
            (Kind::Path, "/var/a b", "/var/a b"),
            (Kind::List, " a , b", "a,b"),
            (Kind::Choice(words), "first-match", "first-match"),
        ] {
            let read = |text: &str| kind.read(text, false).ok().expect("well written");
            assert_eq!(read(text).to_string(), shown, "{kind:?}");
            assert!(read(shown) == read(text), "{kind:?}");
        }
    }
}
