//! Policies: which capabilities a token has on which paths.

use std::collections::BTreeSet;

/// A policy: rules of path pattern and capabilities.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    rules: Vec<(String, BTreeSet<String>)>,
}

impl Policy {
    /// A policy without rules: everything is denied.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule. The pattern may end with `*` and have `+` as segments.
    #[must_use]
    pub fn allow(mut self, pattern: &str, capabilities: &[&str]) -> Self {
        let capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
        self.rules.push((pattern.to_owned(), capabilities));
        self
    }

    /// Reads a policy in the language that `vault policy write` takes.
    ///
    /// # Panics
    /// If the text is anything but `path "…" { capabilities = […] }` rules and
    /// comments.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
        let mut policy = Self::new();
        let mut rest = code.trim();
        while !rest.is_empty() {
            let (pattern, tail) = rest
                .strip_prefix("path \"")
                .and_then(|tail| tail.split_once('"'))
                .expect("a rule starts with `path` and a quoted pattern");
            let (body, tail) = tail
                .trim_start()
                .strip_prefix('{')
                .and_then(|tail| tail.split_once('}'))
                .expect("a rule has a body in braces");
            let list = body
                .trim()
                .strip_prefix("capabilities = [")
                .and_then(|list| list.strip_suffix(']'))
                .expect("a rule's body is its capabilities");
            let names: Vec<_> = list.split(',').map(|name| name.trim().trim_matches('"')).collect();
            policy = policy.allow(pattern, &names);
            rest = tail.trim_start();
        }
        policy
    }
}

/// The capabilities that policies together give on a path; empty is denied.
pub(crate) fn capabilities<'p>(policies: impl Iterator<Item = &'p Policy>, path: &str) -> BTreeSet<String> {
    let matching: Vec<_> =
        policies.flat_map(|policy| &policy.rules).filter(|(pattern, _)| matches(pattern, path)).collect();
    let Some(best) = matching.iter().map(|(pattern, _)| rank(pattern)).max() else {
        return BTreeSet::new();
    };
    let given: BTreeSet<String> = matching
        .iter()
        .filter(|(pattern, _)| rank(pattern) == best)
        .flat_map(|(_, names)| names.iter().cloned())
        .collect();
    if given.contains("deny") {
        return BTreeSet::new();
    }
    given
}

/// Whether any rule could allow something below a mount.
pub(crate) fn reaches<'p>(mut policies: impl Iterator<Item = &'p Policy>, mount: &str) -> bool {
    policies.any(|policy| {
        policy.rules.iter().any(|(pattern, names)| {
            let fixed = pattern.split(['*', '+']).next().unwrap_or_default();
            !names.contains("deny") && (fixed.starts_with(mount) || mount.starts_with(fixed))
        })
    })
}

/// How specific a pattern is: the later its first wildcard the better, then
/// not ending with `*`, then fewer `+`, then longer.
fn rank(pattern: &str) -> (usize, bool, std::cmp::Reverse<usize>, usize) {
    let first = pattern.find(['*', '+']).unwrap_or(usize::MAX);
    let plus = pattern.split('/').filter(|segment| *segment == "+").count();
    (first, !pattern.ends_with('*'), std::cmp::Reverse(plus), pattern.len())
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(start) => (start, true),
        None => (pattern, false),
    };
    let wanted: Vec<_> = pattern.split('/').collect();
    let given: Vec<_> = path.split('/').collect();
    if given.len() < wanted.len() || (!open && given.len() != wanted.len()) {
        return false;
    }
    let last = wanted.len() - 1;
    wanted.iter().zip(&given).enumerate().all(|(at, (want, have))| {
        *want == "+" || if open && at == last { have.starts_with(want) } else { have == want }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_rule_decides() {
        let policy = Policy::parse(
            "# Blacksmith\npath \"secret/data/*\" { capabilities = [\"read\"] }\n\
             path \"secret/data/+/manifest\" { capabilities = [\"read\", \"update\"] }\n\
             path \"secret/data/db\" { capabilities = [\"deny\"] }",
        );
        let on = |path: &str| {
            capabilities(std::iter::once(&policy), path).into_iter().collect::<Vec<_>>().join(",")
        };
        assert_eq!(on("secret/data/x"), "read");
        assert_eq!(on("secret/data/x/manifest"), "read,update");
        assert_eq!(on("secret/data/db"), "");
        assert_eq!(on("secret/metadata/x"), "");
        let narrow = Policy::new().allow("secret/data/+/manifest", &["update"]);
        assert!(capabilities(std::iter::once(&narrow), "secret/data/x/manifest").contains("update"));
        assert!(capabilities(std::iter::once(&narrow), "secret/data/x/y/manifest").is_empty());
    }
}
