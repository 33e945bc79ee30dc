//! Other spellings of keys: what later versions of Blacksmith's own reconciler
//! call the same settings.
//!
//! They are taken, with a notice. If one source says both and they differ,
//! nobody can know which is meant: that is an error. Between two sources the
//! stronger one counts, as for any key.

use std::borrow::Cow;

/// Another spelling of a key.
#[derive(Debug)]
pub(super) struct Spelling {
    /// The key as it is spelled elsewhere; its variable follows as for any key.
    pub(super) path: &'static str,
    /// The key that it means.
    pub(super) means: &'static str,
    /// What goes before the value to make it one of the key it means.
    prefix: &'static str,
}

impl Spelling {
    /// The text as the key that is meant would have it.
    pub(super) fn translated<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.prefix {
            "" => Cow::Borrowed(text),
            prefix => Cow::Owned(format!("{prefix}{}", text.trim())),
        }
    }

    /// Whether the value stands as it is.
    pub(super) fn is_literal(&self) -> bool {
        self.prefix.is_empty()
    }
}

const fn same(path: &'static str, means: &'static str) -> Spelling {
    Spelling { path, means, prefix: "" }
}

/// All of them.
pub(super) static SPELLINGS: &[Spelling] = &[
    same("max_concurrent", "max_concurrency"),
    same("retry_initial_delay", "retry_delay"),
    same("backup.retention_count", "backup.retention"),
    same("backup.cleanup_enabled", "backup.cleanup"),
    // A port alone says nothing of other hosts, so none of them is let in.
    Spelling { path: "metrics.port", means: "http.listen", prefix: "127.0.0.1:" },
];

/// The other spelling that a path is.
pub(super) fn spelling(path: &str) -> Option<&'static Spelling> {
    SPELLINGS.iter().find(|spelling| spelling.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LEGACY, Settings, SourceFile, Sources, TABLE};

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variable =
            |(name, value): &(&str, &str)| (format!("BLACKSMITH_RECONCILER_{name}").into(), (*value).into());
        let environment = variables.iter().map(variable).collect();
        let file = Some(SourceFile::of("a.conf", format!("reconciler: {{{file}}}")));
        Settings::load(Sources { file, environment, flags: Vec::new() }).map_err(|errors| errors.to_string())
    }

    fn in_force(settings: &Settings, path: &str) -> (String, String) {
        let entry = settings.entries().find(|entry| entry.spec().path == path).expect(path);
        let origin = entry.origin().map(ToString::to_string);
        (entry.shown().unwrap_or_default(), origin.unwrap_or_default())
    }

    #[test]
    fn a_spelling_means_a_key_and_is_none_itself() {
        for spelling in SPELLINGS {
            assert!(TABLE.iter().any(|spec| spec.path == spelling.means), "{spelling:?}");
            assert!(!TABLE.iter().any(|spec| spec.path == spelling.path), "{spelling:?}");
            assert!(!LEGACY.contains(&spelling.path), "{spelling:?}");
        }
    }

    #[test]
    fn both_generations_of_spellings_set_the_same_key() {
        for (file, variable, path, value) in [
            ("max_concurrent: 9", ("MAX_CONCURRENT", "9"), "max_concurrency", "9"),
            ("retry_initial_delay: 1s", ("RETRY_INITIAL_DELAY", "1s"), "retry_delay", "1s"),
            ("backup: {retention_count: 0}", ("BACKUP_RETENTION_COUNT", "0"), "backup.retention", "0"),
            ("backup: {cleanup_enabled: no}", ("BACKUP_CLEANUP_ENABLED", "no"), "backup.cleanup", "false"),
            ("metrics: {port: 9090}", ("METRICS_PORT", "9090"), "http.listen", "127.0.0.1:9090"),
        ] {
            let settings = load(file, &[]).expect(file);
            let (shown, origin) = in_force(&settings, path);
            assert_eq!(shown, value, "{file}");
            assert!(origin.starts_with("a.conf:1:"), "{origin}");
            let notice = settings.notices()[0].to_string();
            assert!(notice.contains(&format!("`{path}`")), "{notice}");

            let settings = load("", &[variable]).expect(variable.0);
            assert_eq!(in_force(&settings, path).0, value, "{variable:?}");
            assert_eq!(settings.notices().len(), 1);
        }
    }

    #[test]
    fn two_spellings_that_differ_are_an_error_in_one_source_only() {
        for text in ["max_concurrent: 4, max_concurrency: 5", "max_concurrency: 5, max_concurrent: 4"] {
            let error = load(text, &[]).expect_err(text);
            assert!(error.contains("max_concurrent`") || error.contains(": max_concurrent:"), "{error}");
            assert!(error.ends_with("; keep `max_concurrency`"), "{error}");
        }
        let error = load("", &[("MAX_CONCURRENT", "4"), ("MAX_CONCURRENCY", "5")]).expect_err("they differ");
        assert!(error.contains("BLACKSMITH_RECONCILER_MAX_CONCURRENCY"), "{error}");

        let settings = load("max_concurrent: 5, max_concurrency: 5", &[]).expect("they agree");
        assert_eq!(in_force(&settings, "max_concurrency").0, "5");
        let settings = load("max_concurrency: 5", &[("MAX_CONCURRENT", "4")]).expect("the variable wins");
        assert_eq!(in_force(&settings, "max_concurrency").0, "4");
    }

    #[test]
    fn a_bad_value_is_refused_by_the_key_that_is_meant() {
        for (text, words) in [
            ("backup: {retention_count: many}", "`many` is not a whole number"),
            ("metrics: {port: many}", "`127.0.0.1:many` is not an address with a port"),
            ("backup: {cleanup_enabled: [a]}", "is a list, not a truth value"),
        ] {
            let error = load(text, &[]).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
    }
}
