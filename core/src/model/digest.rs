//! Feeds JSON into a hash in one canonical spelling.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::JsonObject;

/// Deeper than anything Blacksmith writes; what lies deeper is taken as it is
/// spelled, so that no value can exhaust the stack.
const DEEPEST: usize = 64;

/// Feeds a value: fields sorted, strings in one spelling, numbers by their
/// text.
pub fn feed(hasher: &mut Sha256, value: &RawValue, depth: usize) {
    let text = value.get().trim();
    let spelled = depth < DEEPEST
        && match text.as_bytes().first() {
            Some(b'{') => object(hasher, text, depth),
            Some(b'[') => array(hasher, text, depth),
            Some(b'"') => string(hasher, text),
            _ => false,
        };
    if !spelled {
        hasher.update(text);
    }
}

fn object(hasher: &mut Sha256, text: &str, depth: usize) -> bool {
    let Ok(object) = JsonObject::parse(text) else { return false };
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_by_key(|(field, _)| *field);
    hasher.update("{");
    for (field, value) in fields {
        hasher.update(super::json::raw(field).get());
        hasher.update(":");
        feed(hasher, value, depth + 1);
        hasher.update(",");
    }
    hasher.update("}");
    true
}

fn array(hasher: &mut Sha256, text: &str, depth: usize) -> bool {
    let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(text) else { return false };
    hasher.update("[");
    for item in &items {
        feed(hasher, item, depth + 1);
        hasher.update(",");
    }
    hasher.update("]");
    true
}

fn string(hasher: &mut Sha256, text: &str) -> bool {
    let Ok(string) = serde_json::from_str::<String>(text) else { return false };
    hasher.update(super::json::raw(&string).get());
    true
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a text as it is.
#[must_use]
pub fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        let mut hasher = Sha256::new();
        feed(&mut hasher, &RawValue::from_string(text.to_owned()).unwrap(), 0);
        hex(&hasher.finalize())
    }

    #[test]
    fn a_value_nested_without_end_and_a_broken_string_still_have_a_digest() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(digest(&deep), digest(&deep));
        assert_ne!(digest(r#""\ud800""#), digest(r#""\ud801""#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["a\",\"b"]"#));
    }
}
