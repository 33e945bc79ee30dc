//! A key of the configuration: its row in the table, and the typed handle.

use std::marker::PhantomData;

use super::Kind;
use super::value::Held;

/// What the environment variables of all keys begin with.
pub const VARIABLE_PREFIX: &str = "BLACKSMITH_RECONCILER_";

/// A row of the table of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySpec {
    /// The key with its sections, `policy.threshold`.
    pub path: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// Its value if no source names one, as it would be written.
    pub default: Option<&'static str>,
    /// What it is for, in one sentence.
    pub doc: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// The variable of another program, such as `BOSH_CLIENT`, that is looked
    /// at where nothing else says a value.
    pub usual: Option<&'static str>,
}

impl KeySpec {
    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        variable_of(self.path)
    }

    /// The key that names a file with the value, in the place of the value
    /// itself: every secret key has one, and no other key.
    #[must_use]
    pub fn file_key(&self) -> Option<String> {
        self.secret.then(|| format!("{}{FILE_SUFFIX}", self.path))
    }
}

/// What the key of a file with a secret ends with.
pub(super) const FILE_SUFFIX: &str = "_file";

/// The one rule that names variables: the prefix, then the path in upper case
/// with `_` for `.`.
pub(super) fn variable_of(path: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", path.to_ascii_uppercase().replace('.', "_"))
}

/// A key that knows what it holds: `Key<Confidence>` has a default and
/// therefore always a value, `Key<Option<PathBuf>>` may have none.
///
/// An accessor of another type does not compile:
///
/// ```compile_fail
/// use reconciler_core::config::{Settings, keys};
///
/// fn threshold(settings: &Settings) -> u64 {
///     settings.integer(keys::POLICY_THRESHOLD)
/// }
/// ```
#[derive(Debug)]
pub struct Key<T> {
    spec: KeySpec,
    holds: PhantomData<fn() -> T>,
}

impl<T: Held> Key<T> {
    /// A handle on a row. Called in constants only, so that a type that does
    /// not fit its row is an error of compilation.
    pub(super) const fn new(spec: KeySpec) -> Self {
        assert!(T::SHAPE as u8 == spec.kind.shape() as u8, "the key's type is not that of its kind");
        assert!(
            T::HAS_DEFAULT == spec.default.is_some(),
            "a key without a default holds an `Option`, and only such a key"
        );
        Self { spec, holds: PhantomData }
    }
}

impl<T> Key<T> {
    /// The key's row in the table.
    #[must_use]
    pub const fn spec(&self) -> &KeySpec {
        &self.spec
    }

    /// The key with its sections.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.spec.path
    }
}

// Derived, they would ask the same of `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

/// Declares keys, each a row and a typed handle, and their rows in the same
/// order under the name that comes first.
macro_rules! declare_keys {
    ($rows:ident: $($name:ident: $holds:ty = {
        path: $path:literal,
        kind: $kind:expr,
        default: $default:expr,
        doc: $doc:literal
        $(, secret: $secret:literal)?
        $(, usual: $usual:literal)? $(,)?
    })+) => {
        $(
            #[doc = concat!("`", $path, "`: ", $doc)]
            pub const $name: $crate::config::Key<$holds> =
                $crate::config::Key::new($crate::config::KeySpec {
                    path: $path,
                    kind: $kind,
                    default: $default,
                    doc: $doc,
                    secret: declare_keys!(@secret $($secret)?),
                    usual: declare_keys!(@usual $($usual)?),
                });
        )+

        /// These keys, in the order of their documentation.
        pub(in $crate::config) const $rows: &[$crate::config::KeySpec] = &[$(*$name.spec()),+];
    };
    (@secret) => { false };
    (@secret $secret:literal) => { $secret };
    (@usual) => { None };
    (@usual $usual:literal) => { Some($usual) };
}
pub(super) use declare_keys;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::legacy::SHARES_ITS_VARIABLE;
    use crate::config::spelling::SPELLINGS;
    use crate::config::{LEGACY, Shape, TABLE};

    #[test]
    fn every_key_has_a_variable_of_its_own() {
        let legacy = LEGACY.iter().copied().filter(|path| *path != SHARES_ITS_VARIABLE);
        let spellings = SPELLINGS.iter().map(|spelling| spelling.path);
        let paths = TABLE.iter().map(|spec| spec.path).chain(legacy).chain(spellings);
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for path in paths {
            let variable = variable_of(path);
            assert!(
                variable.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
                "{variable}"
            );
            let other = owners.insert(variable, path);
            assert_eq!(other, None, "{path} shares its variable");
        }
        assert_eq!(variable_of("policy.threshold"), "BLACKSMITH_RECONCILER_POLICY_THRESHOLD");
    }

    #[test]
    fn every_secret_may_come_from_a_file() {
        let files: Vec<String> = TABLE.iter().filter_map(KeySpec::file_key).collect();
        assert!(files.len() >= 6, "{files:?}");
        for path in &files {
            let row = TABLE.iter().find(|spec| spec.path == path).expect(path);
            assert_eq!((row.kind.shape(), row.secret), (Shape::Path, false), "{path}");
        }
    }

    #[test]
    fn every_row_is_complete_and_its_default_can_be_read() {
        for spec in TABLE {
            let path = spec.path;
            assert!(path.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.'), "{path}");
            assert!(spec.doc.ends_with('.') && spec.doc.len() > 10, "{path}");
            if let Some(default) = spec.default {
                assert!(spec.kind.read(default, spec.secret).is_ok(), "{path}");
            }
            let below = format!("{path}.");
            assert!(
                !TABLE.iter().any(|other| other.path.starts_with(&below)),
                "{path} is both a key and a section"
            );
        }
    }
}
