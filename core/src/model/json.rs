//! JSON that is read, changed in places and written back: what is not touched
//! keeps its bytes.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON object whose values keep the text they were written in, so that
/// `1.10`, an integer above 2^64 or the order of keys survive a round trip.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(IndexMap<String, Box<RawValue>>);

impl JsonObject {
    /// An object without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an object.
    ///
    /// # Errors
    /// If the text is not JSON or not an object. The message gives the place
    /// and no value.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The object as JSON, fields in their order.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).expect("keys are strings and values are JSON already")
    }

    /// The value of a field as it is written.
    #[must_use]
    pub fn raw(&self, field: &str) -> Option<&RawValue> {
        self.0.get(field).map(AsRef::as_ref)
    }

    /// The value of a field that is a string.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<String> {
        serde_json::from_str(self.raw(field)?.get()).ok()
    }

    /// Whether the field is there, `null` included.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Sets a field, keeping its place if it is there already.
    pub fn set(&mut self, field: impl Into<String>, value: Box<RawValue>) {
        self.0.insert(field.into(), value);
    }

    /// Sets a field to what a value looks like in JSON.
    pub fn set_value(&mut self, field: impl Into<String>, value: &(impl Serialize + ?Sized)) {
        self.set(field, raw(value));
    }

    /// Removes a field; the order of the others stays.
    pub fn remove(&mut self, field: &str) -> Option<Box<RawValue>> {
        self.0.shift_remove(field)
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_ref()))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Two objects are equal if they have the same fields with the same values, in
/// any order.
impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.raw(key).is_some_and(|there| same_value(value, there)))
    }
}

/// A value as JSON text.
///
/// # Panics
/// Never for values made of strings, numbers, sequences and maps with string
/// keys, which is all that records hold.
#[must_use]
pub fn raw(value: &(impl Serialize + ?Sized)) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("records are made of plain JSON types")
}

/// Whether two JSON texts are the same value: spelling of strings, blanks and
/// the order of fields do not count, the text of numbers does.
#[must_use]
pub fn same_value(a: &RawValue, b: &RawValue) -> bool {
    let (a, b) = (a.get().trim(), b.get().trim());
    if a == b {
        return true;
    }
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            let parse = |text| serde_json::from_str::<JsonObject>(text).ok();
            parse(a).is_some_and(|a| parse(b).is_some_and(|b| a == b))
        }
        (Some(b'['), Some(b'[')) => {
            let parse = |text| serde_json::from_str::<Vec<Box<RawValue>>>(text).ok();
            parse(a)
                .zip(parse(b))
                .is_some_and(|(a, b)| a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_value(a, b)))
        }
        (Some(b'"'), Some(b'"')) => {
            let parse = |text| serde_json::from_str::<String>(text).ok();
            parse(a).is_some_and(|a| parse(b) == Some(a))
        }
        _ => false,
    }
}

/// A key that stands twice in an object, or in an object directly below: of the
/// two values only one would be seen. As `key`, or `above.key`.
///
/// # Errors
/// If the text is not a JSON object.
pub fn repeated_key(text: &str) -> Result<Option<String>, serde_json::Error> {
    let Members(members) = serde_json::from_str(text)?;
    let repeated = |members: &[(String, Box<RawValue>)]| {
        let mut seen = std::collections::HashSet::new();
        members.iter().find(|(key, _)| !seen.insert(key.clone())).map(|(key, _)| key.clone())
    };
    let below = || {
        members.iter().find_map(|(key, value)| {
            let Members(members) = serde_json::from_str(value.get()).ok()?;
            Some(format!("{key}.{}", repeated(&members)?))
        })
    };
    Ok(repeated(&members).or_else(below))
}

/// The members of an object, each as often as it stands there.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> serde::de::Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_fields_keep_their_bytes_and_their_place() {
        let text = r#"{"v":1.10,"big":123456789012345678901234567890,"s":"a\u0041","o":{"z":1,"a":2}}"#;
        let mut object = JsonObject::parse(text).unwrap();
        assert_eq!(object.to_text(), text);
        object.set_value("big", "x");
        assert_eq!(object.to_text(), r#"{"v":1.10,"big":"x","s":"a\u0041","o":{"z":1,"a":2}}"#);
    }

    #[test]
    fn values_are_compared_by_meaning_but_numbers_by_text() {
        let same = |a: &str, b: &str| {
            same_value(&RawValue::from_string(a.into()).unwrap(), &RawValue::from_string(b.into()).unwrap())
        };
        assert!(same(r#"{"a":1,"b":[true,null]}"#, r#"{ "b" : [ true , null ], "a" : 1 }"#));
        assert!(same(r#""A""#, r#""\u0041""#));
        for (a, b) in
            [("1.10", "1.1"), ("1", "\"1\""), ("[1,2]", "[2,1]"), ("{}", "null"), ("{\"a\":1}", "{}")]
        {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_found_with_its_place() {
        for (text, found) in [
            (r#"{"a":{"x":1,"y":2},"b":{"x":1},"c":null,"d":[1]}"#, None),
            (r#"{"a":{},"b":{},"\u0061":null}"#, Some("a")),
            (r#"{"a":{"x":1},"b":{"x":1,"x":1}}"#, Some("b.x")),
            // Deeper values keep their text, whatever they are.
            (r#"{"a":{"x":{"y":1,"y":2}}}"#, None),
        ] {
            assert_eq!(repeated_key(text).unwrap().as_deref(), found, "{text}");
        }
        assert!(repeated_key("[]").is_err());
    }
}
