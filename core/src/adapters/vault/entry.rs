//! What is refused before it is sent: secrets that are too large, and numbers
//! that would come back changed.
//!
//! KV v2 stores the text of a number and answers the double nearest to it. So a
//! number survives exactly if its text is the one that the server writes for
//! that double; any other is refused, since a later comparison would take the
//! server's spelling for somebody else's change.

use super::errand::Errand;
use super::settings::EntryLimits;
use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind};

/// What the server adds to the data of a secret: version, encryption, the
/// entry's own fields. Rounded up.
const ENVELOPE: usize = 512;

/// `data`, `options` and `cas`: the strings of a request beside the data's.
const REQUEST_STRINGS: usize = 3;

/// What a secret weighs on the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Bytes of the storage entry.
    pub(super) bytes: usize,
    /// Strings of a request that writes it.
    pub(super) strings: usize,
}

/// From this share of a limit on a write is worth a warning, per mille.
const NEAR: usize = 800;

impl Weight {
    /// How much of the nearer limit is used up, per mille.
    pub(super) fn per_mille(self, limits: &EntryLimits) -> usize {
        let share = |used: usize, limit: usize| used.saturating_mul(1000) / limit.max(1);
        let strings = limits.strings.map(|limit| share(self.strings, limit));
        share(self.bytes, limits.bytes).max(strings.unwrap_or_default())
    }
}

/// Weighs a secret at a path; fails with the first field that holds a number
/// that would come back changed.
pub(super) fn weigh<'d>(path: &str, data: &'d JsonObject) -> Result<Weight, &'d str> {
    let mut weight = Weight { bytes: ENVELOPE + path.len() + 2, strings: REQUEST_STRINGS };
    for (field, value) in data.iter() {
        weight.strings += 1;
        // Quotes, colon, comma.
        weight.bytes += stored_length(field) + 4;
        add(&mut weight, value.get()).map_err(|ChangedNumber| field)?;
    }
    Ok(weight)
}

/// Refuses what cannot be written.
pub(super) fn check(errand: &Errand<'_>, data: &JsonObject, limits: &EntryLimits) -> Result<(), PortError> {
    let weight = weigh(errand.subject, data).map_err(|field| {
        errand.advise(
            PortErrorKind::Invalid,
            format!(
                "the field `{field}` holds a number that Vault would change: it keeps numbers \
                 as doubles"
            ),
            "write the number as a string, or in its shortest decimal form",
        )
    })?;
    if weight.bytes > limits.bytes {
        return Err(errand.advise(
            PortErrorKind::TooLarge,
            format!("it would take {} bytes, the limit is {}", weight.bytes, limits.bytes),
            "nothing was sent; raise the configured limit if the server's `max_entry_size` is \
             larger, or remove what is no longer needed",
        ));
    }
    if let Some(limit) = limits.strings
        && weight.strings > limit
    {
        return Err(errand.advise(
            PortErrorKind::TooLarge,
            format!("it would take {} strings, the limit is {limit}", weight.strings),
            "nothing was sent; set `max_request_json_strings` of OpenBao's listener to -1 or \
             higher, and configure the same limit here",
        ));
    }
    let per_mille = weight.per_mille(limits);
    if per_mille >= NEAR {
        tracing::warn!(
            subject = errand.subject,
            bytes = weight.bytes,
            strings = weight.strings,
            per_mille,
            "a secret is near the limit of its size"
        );
    }
    Ok(())
}

struct ChangedNumber;

/// Walks over the text of a JSON value, which is known to be valid.
fn add(weight: &mut Weight, json: &str) -> Result<(), ChangedNumber> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match byte {
            b'"' => {
                at = string_end(bytes, start);
                let text = &json[start..at];
                weight.strings += 1;
                weight.bytes += match serde_json::from_str::<String>(text) {
                    Ok(string) => stored_length(&string) + 2,
                    Err(_) => text.len(),
                };
            }
            b'-' | b'0'..=b'9' => {
                while bytes
                    .get(at)
                    .is_some_and(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
                {
                    at += 1;
                }
                let text = &json[start..at];
                if !survives(text) {
                    return Err(ChangedNumber);
                }
                weight.bytes += text.len();
            }
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            _ => {
                weight.bytes += 1;
                at += 1;
            }
        }
    }
    Ok(())
}

/// Behind the closing quote of the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Bytes of a string as the server stores it, without the quotes: Go escapes
/// what has a meaning in HTML.
fn stored_length(string: &str) -> usize {
    string
        .chars()
        .map(|character| match character {
            '"' | '\\' | '\n' | '\r' | '\t' => 2,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
            _ if u32::from(character) < 0x20 => 6,
            _ => character.len_utf8(),
        })
        .sum()
}

/// Whether a number comes back as it was sent.
fn survives(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|value| value.is_finite() && double(value) == text)
}

/// A double as the server writes it: the shortest digits that mean it, with an
/// exponent below 1e-6 and from 1e21.
fn double(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(json: &str) -> Result<Weight, String> {
        weigh("db", &JsonObject::parse(json).unwrap()).map_err(str::to_owned)
    }

    #[test]
    fn numbers_that_come_back_are_taken() {
        for number in ["0", "-1", "1795406299", "9007199254740992", "1.5", "0.1", "1e+21", "1e-7"] {
            assert!(weight(&format!(r#"{{"n":[{number}]}}"#)).is_ok(), "{number}");
        }
    }

    #[test]
    fn numbers_that_would_change_are_refused_with_their_field() {
        for number in ["9007199254740993", "1.10", "1.0", "1e21", "1E5", "1e400", "18446744073709551615"] {
            let json = format!(r#"{{"a":"1.10","n":{{"x":{number}}}}}"#);
            assert_eq!(weight(&json), Err("n".to_owned()), "{number}");
        }
    }

    #[test]
    fn strings_are_counted_with_their_keys_and_weighed_as_stored() {
        let plain = weight(r#"{"a":"b","c":{"d":["e\\\"", 1]}}"#).unwrap();
        assert_eq!(plain.strings, REQUEST_STRINGS + 5);
        let escaped = weight(r#"{"a":"<","c":{"d":["e\\\"", 1]}}"#).unwrap();
        assert_eq!(escaped.bytes, plain.bytes + 5);
        let blanks = weight("{\"a\" : \"b\",\n\"c\":{\"d\":[\"e\\\\\\\"\",1]}}").unwrap();
        assert_eq!(blanks, plain);
    }

    #[test]
    fn limits_are_told_with_the_counts() {
        let data = JsonObject::parse(r#"{"a":"b"}"#).unwrap();
        let errand = Errand::new("write the secret", "db");
        let limits = |bytes, strings| EntryLimits { bytes, strings };
        assert!(check(&errand, &data, &limits(1 << 20, Some(5))).is_ok());
        let error = check(&errand, &data, &limits(1 << 20, Some(4))).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::TooLarge);
        assert_eq!(
            error.to_string(),
            "failed to write the secret `db`: it would take 5 strings, the limit is 4"
        );
        let weight = weigh("db", &data).unwrap();
        assert_eq!(weight.per_mille(&limits(1 << 30, Some(10))), 500);
        assert_eq!(weight.per_mille(&limits(weight.bytes, None)), 1000);
        let error = check(&errand, &data, &limits(100, None)).unwrap_err();
        assert!(error.to_string().contains("the limit is 100"));
    }
}
