//! Versions of releases and stemcells: compared part by part, numbers as
//! numbers.

use std::cmp::Ordering;

use rhai::{EvalAltResult, Module, NativeCallContext};

use super::function;
use crate::script::call::charge;
use crate::script::limits::Limits;

/// Compares as semantic versions do, for any number of parts: `1.10` comes after
/// `1.9`, `2.0.0-rc.1` before `2.0.0`, and what follows `+` does not count.
fn compare(a: &str, b: &str) -> Ordering {
    let (a_core, a_pre) = split(a);
    let (b_core, b_pre) = split(b);
    parts(a_core, b_core, "0").then_with(|| match (a_pre, b_pre) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => parts(a, b, ""),
    })
}

/// The version proper, and what marks it as not yet released.
fn split(version: &str) -> (&str, Option<&str>) {
    let version = version.trim();
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split('+').next().unwrap_or_default();
    match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    }
}

/// Part by part; the shorter one is filled up.
fn parts(a: &str, b: &str, missing: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (left, right) = (a.next(), b.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let order = part(left.unwrap_or(missing), right.unwrap_or(missing));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers by their value however long they are, and before words.
fn part(a: &str, b: &str) -> Ordering {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (number(a), number(b)) {
        (true, true) => {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (true, false) if b.is_empty() => Ordering::Greater,
        (false, true) if a.is_empty() => Ordering::Less,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

pub(super) fn register(module: &mut Module) {
    function(
        module,
        "compare_versions",
        &["a: String", "b: String", "int"],
        "-1, 0 or 1 as version a comes before, is the same as, or comes after version b; `1.10` comes after `1.9`.",
        |cx: NativeCallContext<'_>, a: &str, b: &str| -> Result<i64, Box<EvalAltResult>> {
            charge(&cx, a.len() + b.len(), Limits::STANDARD.work)?;
            Ok(compare(a, b) as i64)
        },
    );
    function(
        module,
        "is_version_between",
        &["version: String", "least: String", "below: String", "bool"],
        "Whether the version is at least the first one and before the second.",
        |cx: NativeCallContext<'_>,
         version: &str,
         least: &str,
         below: &str|
         -> Result<bool, Box<EvalAltResult>> {
            charge(&cx, 2 * version.len() + least.len() + below.len(), Limits::STANDARD.work)?;
            Ok(compare(version, least) != Ordering::Less && compare(version, below) == Ordering::Less)
        },
    );
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::compare;

    #[test]
    fn versions_are_compared_part_by_part() {
        for (a, b, order) in [
            ("1.10", "1.9", Greater),
            ("1.10", "1.10.0", Equal),
            ("v2", "2", Equal),
            ("2.0.0-rc.1", "2.0.0", Less),
            ("2.0.0-rc.2", "2.0.0-rc.10", Less),
            ("2.0.0-alpha", "2.0.0-1", Greater),
            ("1.0+dev.9", "1.0", Equal),
            ("621.125", "621.76", Greater),
            ("1.99999999999999999999999", "1.100000000000000000000000", Less),
            ("007", "7", Equal),
            ("", "0", Less),
            ("latest", "1", Greater),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} {a}");
        }
    }
}
