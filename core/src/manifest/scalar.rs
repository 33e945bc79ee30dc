//! Scalars: how they were written, and what YAML 1.1 makes of the plain ones.
//!
//! A scalar always keeps its own text. The values here serve the typed views
//! and the comparison of two manifests; they follow Ruby's reader, because the
//! Director reads manifests with it: `010` is eight, `yes` is true, `1:30` is
//! ninety, and `4225332e04` (no point) is a string.

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Bare: `redis`, `1.10`, `yes`. Only these have a YAML value besides
    /// their text.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// Indented after `|` or `>`.
    Block,
}

/// What a plain scalar means under YAML 1.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    /// A string, or a number too large to hold: only its text counts.
    Text,
}

impl Value {
    /// Whether two values other than text are the same; not a number is
    /// itself, and an integer is never a float.
    pub(super) fn same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Text, _) => false,
            (a, b) => a == b,
        }
    }
}

/// The value of a plain scalar.
pub(super) fn value_of(text: &str) -> Value {
    if is_null(text) {
        return Value::Null;
    }
    if let Some(flag) = bool_of(text) {
        return Value::Bool(flag);
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return Value::Text;
    }
    if let Some(number) = int_of(text) {
        return Value::Int(number);
    }
    float_of(text).map_or(Value::Text, Value::Float)
}

/// Whether a plain scalar is null.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The truth value of a plain scalar.
pub(super) fn bool_of(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The integer of a plain scalar: decimal, `0x`, `0b`, octal with a leading
/// zero, base sixty with colons; `_` and `,` may group digits.
pub(super) fn int_of(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = if let Some(hex) = digits.strip_prefix("0x") {
        in_radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        in_radix(binary, 2)
    } else if digits.contains(':') {
        in_base_sixty(digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        in_radix(&digits[1..], 8)
    } else {
        in_radix(digits, 10)
    }?;
    Some(if negative { -magnitude } else { magnitude })
}

fn in_radix(digits: &str, radix: u32) -> Option<i128> {
    let mut number: i128 = 0;
    let mut any = false;
    for c in digits.chars() {
        if c == '_' || (c == ',' && radix == 10 && any) {
            continue;
        }
        any = true;
        number = number.checked_mul(i128::from(radix))?.checked_add(i128::from(c.to_digit(radix)?))?;
    }
    any.then_some(number)
}

fn in_base_sixty(digits: &str) -> Option<i128> {
    let mut places = digits.split(':');
    let mut number = in_radix(places.next()?, 10)?;
    let mut count = 0;
    for place in places {
        count += 1;
        let short = !place.is_empty() && place.len() <= 2;
        let value = place.parse::<u8>().ok().filter(|v| short && *v < 60)?;
        number = number.checked_mul(60)?.checked_add(i128::from(value))?;
    }
    (count <= 2).then_some(number)
}

/// The float of a plain scalar. A point is required: without one YAML 1.1
/// reads a string.
fn float_of(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => return Some(f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let grouped = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_' || b == b',');
    let some_digit = mantissa.bytes().any(|b| b.is_ascii_digit());
    let signed_digits = |e: &str| {
        e.strip_prefix(['-', '+']).is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    };
    if !grouped(whole) || !grouped(fraction) || !some_digit || !exponent.is_none_or(signed_digits) {
        return None;
    }
    let bare: String = text.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Value, value_of};

    #[test]
    fn plain_scalars_mean_what_ruby_reads() {
        let cases = [
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nULL", Value::Text),
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("y", Value::Text),
            ("0", Value::Int(0)),
            ("-12", Value::Int(-12)),
            ("1_000", Value::Int(1000)),
            ("010", Value::Int(8)),
            ("0x1F", Value::Int(31)),
            ("0b101", Value::Int(5)),
            ("1:30", Value::Int(90)),
            ("12:30:45", Value::Int(45_045)),
            ("1:99", Value::Text),
            ("18446744073709551616", Value::Int(1 << 64)),
            ("08", Value::Text),
            ("1.10", Value::Float(1.1)),
            ("1.", Value::Float(1.0)),
            (".5", Value::Float(0.5)),
            ("1.5e+3", Value::Float(1500.0)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("4225332e04", Value::Text),
            ("1.2.3", Value::Text),
            (".", Value::Text),
            ("-", Value::Text),
            ("0x", Value::Text),
            ("redis", Value::Text),
            ("1000-30000", Value::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(value_of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn values_are_the_same_only_within_their_type() {
        let same = |a: &str, b: &str| value_of(a).same(value_of(b));
        assert!(same("1.10", "1.1"));
        assert!(same(".nan", ".NaN"));
        assert!(same("~", ""));
        assert!(same("yes", "true"));
        assert!(!same("1", "1.0"));
        assert!(!same("a", "a"), "texts are compared as texts, elsewhere");
        assert!(!same("1", "true"));
    }

    #[test]
    fn numbers_beyond_any_integer_are_text() {
        assert_eq!(value_of(&"9".repeat(60)), Value::Text);
    }
}
