//! Takes the name of a deployment apart. The one place that knows how the
//! broker puts such names together.

use super::ids::{UUID_LEN, is_uuid};

/// A UUID found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UuidSpan<'a> {
    /// The UUID as it is spelled there.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

impl UuidSpan<'_> {
    /// Where it ends, in bytes.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + UUID_LEN
    }
}

/// Splits `{something}-{uuid}` at the hyphen before the UUID that ends the
/// name. Nothing where the name does not end so, or nothing stands before it.
#[must_use]
pub fn split_trailing_uuid(name: &str) -> Option<(&str, UuidSpan<'_>)> {
    let start = name.len().checked_sub(UUID_LEN)?;
    let text = name.get(start..).filter(|text| is_uuid(text))?;
    let stem = name[..start].strip_suffix('-').filter(|stem| !stem.is_empty())?;
    Some((stem, UuidSpan { text, start }))
}

/// Every UUID in the text that is not part of a longer run of hexadecimal
/// digits, from left to right, without overlaps.
#[must_use]
pub fn uuids(name: &str) -> Vec<UuidSpan<'_>> {
    let bytes = name.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + UUID_LEN <= bytes.len() {
        let inside = at > 0 && bytes[at - 1].is_ascii_hexdigit();
        let longer = bytes.get(at + UUID_LEN).is_some_and(u8::is_ascii_hexdigit);
        match name.get(at..at + UUID_LEN).filter(|text| is_uuid(text)) {
            Some(text) if !inside && !longer => {
                found.push(UuidSpan { text, start: at });
                at += UUID_LEN;
            }
            _ => at += 1,
        }
    }
    found
}

/// What follows `{plan}-` in a deployment's name.
#[must_use]
pub fn instance_after<'a>(name: &'a str, plan: &str) -> Option<&'a str> {
    name.strip_prefix(plan)?.strip_prefix('-').filter(|rest| !rest.is_empty())
}

/// What stands before `-{instance}` at the end of a deployment's name; the case
/// of a UUID does not count.
#[must_use]
pub fn plan_before<'a>(name: &'a str, instance: &super::InstanceId) -> Option<&'a str> {
    let start = name.len().checked_sub(instance.as_str().len())?;
    let tail = name.get(start..)?;
    let same = if instance.is_uuid() {
        tail.eq_ignore_ascii_case(instance.as_str())
    } else {
        tail == instance.as_str()
    };
    same.then_some(&name[..start])?.strip_suffix('-').filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InstanceId;

    const A: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    const B: &str = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";

    #[test]
    fn the_uuid_at_the_end_counts_and_needs_a_hyphen_and_a_stem() {
        let cases = [
            (format!("redis-small-{A}"), Some(("redis-small".to_owned(), A))),
            (format!("redis-{B}"), Some(("redis".to_owned(), B))),
            (format!("r-{A}-{B}"), Some((format!("r-{A}"), B))),
            (A.to_owned(), None),
            (format!("-{A}"), None),
            (format!("redis{A}"), None),
            (format!("redis-{A}-old"), None),
            ("short".to_owned(), None),
        ];
        for (name, expected) in cases {
            let got = split_trailing_uuid(&name).map(|(stem, uuid)| (stem.to_owned(), uuid.text));
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn uuids_are_found_anywhere_but_not_inside_longer_hex() {
        let name = format!("x_{A}_y-{B}z");
        let texts: Vec<_> = uuids(&name).iter().map(|u| u.text).collect();
        assert_eq!(texts, [A, B]);
        assert_eq!(uuids(&format!("a{A}")), []);
        assert_eq!(uuids(&format!("{A}0")), []);
    }

    #[test]
    fn the_stem_before_an_instance_ignores_the_case_of_uuids_only() {
        let upper = InstanceId::new(B).unwrap();
        assert_eq!(plan_before(&format!("p-{}", B.to_lowercase()), &upper), Some("p"));
        let boss = InstanceId::new("tesla").unwrap();
        assert_eq!(plan_before("p-tesla", &boss), Some("p"));
        assert_eq!(plan_before("p-Tesla", &boss), None);
        assert_eq!(plan_before("tesla", &boss), None);
    }
}
