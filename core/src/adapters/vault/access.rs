//! What a token needs: the paths of Blacksmith's layout with the capabilities
//! on each, and the policy that gives just these.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::mount::join;
use crate::model::layout;

/// Part of KV v2's paths that holds the data.
const DATA: &str = "data";
/// Part of KV v2's paths that holds names and versions.
const METADATA: &str = "metadata";

const WRITE: &[&str] = &["create", "read", "update"];

/// One need of a token.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// `data` or `metadata`.
    part: &'static str,
    /// Below the prefix; `+` stands for an instance, `*` for the rest.
    pattern: Cow<'static, str>,
    /// What has to be allowed.
    pub(super) capabilities: &'static [&'static str],
    /// What for.
    pub(super) purpose: &'static str,
}

/// All needs: reading what the broker wrote, writing what a run may change,
/// keeping archives, also in the `folder` that somebody chose for them.
pub(super) fn needs(folder: Option<&str>) -> Vec<Need> {
    let mut needs = USUAL_NEEDS.to_vec();
    let pattern = folder.map(|folder| format!("+/{folder}/*"));
    if let Some(pattern) = pattern.filter(|pattern| needs.iter().all(|need| need.pattern != *pattern)) {
        let chosen = |part, capabilities, purpose| Need {
            part,
            pattern: Cow::Owned(pattern.clone()),
            capabilities,
            purpose,
        };
        needs.push(chosen(DATA, &["create", "read"], "archives in the folder of backup.path"));
        needs.push(chosen(METADATA, &["delete", "list"], "keeping few of those"));
    }
    needs
}

/// What is needed in any case.
const USUAL_NEEDS: [Need; 13] = [
    need(DATA, layout::INDEX, WRITE, "the index of instances"),
    need(DATA, "+", WRITE, "the record of an instance"),
    need(DATA, "+/manifest", WRITE, "its manifest"),
    need(DATA, "+/metadata", WRITE, "its metadata and history"),
    need(DATA, "+/deployment", &["read"], "the broker's own copy"),
    need(DATA, "+/task", &["read"], "whether a task is under way"),
    need(METADATA, "", &["list"], "which instances there are"),
    need(DATA, "+/backups/*", &["create", "read"], "archives"),
    need(METADATA, "+/backups/*", &["delete", "list"], "keeping few archives"),
    need(DATA, "+/reconciler-backups/*", &["create", "read"], "archives beside another reconciler's"),
    need(METADATA, "+/reconciler-backups/*", &["delete", "list"], "keeping few of those"),
    need(DATA, "backups/*", &["read"], "another reconciler's archives"),
    need(METADATA, "backups/*", &["list"], "whether there is another reconciler"),
];

const fn need(
    part: &'static str,
    pattern: &'static str,
    capabilities: &'static [&'static str],
    purpose: &'static str,
) -> Need {
    Need { part, pattern: Cow::Borrowed(pattern), capabilities, purpose }
}

/// An instance that is no instance, to ask about paths with.
const EXAMPLE: &str = "00000000-0000-0000-0000-000000000000";

impl Need {
    /// The path as policies write it.
    pub(super) fn rule(&self, mount: &str, prefix: &str) -> String {
        let path = join(&join(mount, self.part), &join(prefix, &self.pattern));
        // Lists are asked for folders.
        if self.pattern.is_empty() { format!("{path}/") } else { path }
    }

    /// A path that the rule covers.
    pub(super) fn example(&self, mount: &str, prefix: &str) -> String {
        let pattern = self.pattern.replace(['+', '*'], EXAMPLE);
        let folder = join(&join(mount, self.part), prefix);
        format!("{folder}/{pattern}")
    }
}

/// The smallest policy that suffices for records below `mount` and `prefix`, in
/// the language of `vault policy write`. The token also needs the policy
/// `default`, to renew itself.
#[must_use]
pub fn smallest_policy(mount: &str, prefix: &str, folder: Option<&str>) -> String {
    let (mount, prefix) = (mount.trim_matches('/'), prefix.trim_matches('/'));
    let mut text = String::new();
    for need in &needs(folder) {
        let path = need.rule(mount, prefix);
        let path = path.replace('\\', "\\\\").replace('"', "\\\"");
        let capabilities = need.capabilities.join("\", \"");
        // Writing to a string cannot fail.
        let _written = writeln!(
            text,
            "# {}\npath \"{path}\" {{\n  capabilities = [\"{capabilities}\"]\n}}\n",
            need.purpose
        );
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_each_need_once() {
        let policy = smallest_policy("secret/", "", None);
        for line in [
            "path \"secret/data/db\" {",
            "path \"secret/data/+/manifest\" {",
            "path \"secret/metadata/\" {",
            "path \"secret/metadata/+/reconciler-backups/*\" {",
        ] {
            assert_eq!(policy.matches(line).count(), 1, "{line}");
        }
        assert!(!policy.contains("credentials"));
        assert!(smallest_policy("kv", "a/b", None).contains("path \"kv/data/a/b/db\" {"));
        assert!(smallest_policy("kv", "a", None).contains("path \"kv/metadata/a/\" {"));
        let chosen = smallest_policy("kv", "", Some("archives"));
        assert!(chosen.contains("path \"kv/data/+/archives/*\" {"));
        assert!(chosen.contains("path \"kv/metadata/+/archives/*\" {"));
        assert_eq!(smallest_policy("kv", "", Some("backups")), smallest_policy("kv", "", None));
    }

    #[test]
    fn examples_are_covered_by_their_rules() {
        let examples: Vec<_> = needs(None).iter().map(|need| need.example("kv", "a")).collect();
        assert_eq!(examples[0], "kv/data/a/db");
        assert_eq!(examples[2], format!("kv/data/a/{EXAMPLE}/manifest"));
        assert_eq!(examples[6], "kv/metadata/a/");
        assert_eq!(examples[7], format!("kv/data/a/{EXAMPLE}/backups/{EXAMPLE}"));
    }
}
