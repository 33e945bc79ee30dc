//! The settings in force: every key's value with its origin.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::gathered::{Gathered, Sourced};
use super::source::{Sources, gather_flags};
use super::table::Table;
use super::{
    Choice, ConfigErrors, Finding, Held, Key, KeySpec, Origin, TABLE, environment, file, keys, secrets,
    sections,
};
use crate::manifest::REDACTED;
use crate::matching::{Confidence, Policy};

/// The settings in force.
///
/// There is one accessor for each type of key; what it returns says whether
/// the key always has a value: `integer(keys::BATCH_SIZE)` is a number,
/// `integer(keys::WORKERS)` an `Option` of one.
#[derive(Clone)]
pub struct Settings {
    table: Table,
    values: Vec<Option<Sourced>>,
    notices: Vec<Finding>,
}

impl Settings {
    /// Puts the layers together: default < Blacksmith's sections < file <
    /// environment < flag.
    ///
    /// # Errors
    /// Everything that is wrong with any of the sources, at once.
    pub fn load(sources: Sources) -> Result<Self, ConfigErrors> {
        Self::load_by(Table(TABLE), sources)
    }

    /// The same, and whatever is wrong, the keys that can be read: what else is
    /// wrong can be found among them. A key that cannot be read has the value
    /// of the next weaker layer.
    #[must_use]
    pub fn load_partly(sources: Sources) -> (Self, Option<ConfigErrors>) {
        Self::gather(Table(TABLE), sources)
    }

    pub(super) fn load_by(table: Table, sources: Sources) -> Result<Self, ConfigErrors> {
        let (settings, errors) = Self::gather(table, sources);
        errors.map_or(Ok(settings), Err)
    }

    fn gather(table: Table, sources: Sources) -> (Self, Option<ConfigErrors>) {
        let mut gathered = Gathered::defaults_of(table);
        if let Some(file) = sources.file {
            file::gather(file, &mut gathered);
        }
        environment::gather(&sources.environment, &mut gathered);
        gather_flags(&sources.flags, &mut gathered);
        secrets::choose(&mut gathered);
        sections::fill(&mut gathered);
        let Gathered { values, errors, notices, .. } = gathered;
        let errors = ConfigErrors::of(errors, notices.clone());
        (Self { table, values, notices }, errors)
    }

    fn sourced(&self, path: &str) -> Option<&Sourced> {
        let row = self.table.row_of(path)?;
        self.values[row].as_ref()
    }

    fn value<T: Held>(&self, key: Key<T>) -> T::View<'_> {
        T::view(self.sourced(key.path()).map(|sourced| &sourced.value))
    }

    /// A truth value.
    #[must_use]
    pub fn boolean<T: Held<Base = bool>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A whole number.
    #[must_use]
    pub fn integer<T: Held<Base = u64>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A length of time.
    #[must_use]
    pub fn duration<T: Held<Base = Duration>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A confidence.
    #[must_use]
    pub fn confidence<T: Held<Base = Confidence>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A text.
    #[must_use]
    pub fn text<T: Held<Base = String>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A path, as it was written.
    #[must_use]
    pub fn path<T: Held<Base = PathBuf>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// A list.
    #[must_use]
    pub fn list<T: Held<Base = Vec<String>>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// One of the words a key accepts.
    #[must_use]
    pub fn choice<T: Held<Base = Choice>>(&self, key: Key<T>) -> T::View<'_> {
        self.value(key)
    }

    /// Where a key's value comes from; nothing if it has none.
    #[must_use]
    pub fn origin<T: Held>(&self, key: Key<T>) -> Option<&Origin> {
        self.sourced(key.path()).map(|sourced| &sourced.origin)
    }

    /// The same settings, with some keys as they stand in others.
    #[must_use]
    pub fn keeping(mut self, others: &Self, paths: &[&str]) -> Self {
        for row in paths.iter().filter_map(|path| self.table.row_of(path)) {
            self.values[row].clone_from(&others.values[row]);
        }
        self
    }

    /// All keys in the order of the table, with their values.
    pub fn entries(&self) -> impl Iterator<Item = Setting<'_>> {
        let rows = self.table.rows().iter();
        rows.zip(&self.values).map(|(spec, sourced)| Setting { spec, sourced: sourced.as_ref() })
    }

    /// What is worth knowing about the sources though nothing is wrong: keys
    /// without effect, unknown variables. The file's come first.
    #[must_use]
    pub fn notices(&self) -> &[Finding] {
        &self.notices
    }

    /// The policy by which opinions become a decision.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            kind: self.choice(keys::POLICY_KIND).parse().expect("the key accepts the names of policies only"),
            threshold: self.confidence(keys::POLICY_THRESHOLD),
            margin: self.confidence(keys::POLICY_MARGIN),
        }
    }
}

/// Shows what a listing would show: no secret.
impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.entries().map(|entry| (entry.spec.path, entry))).finish()
    }
}

/// A key with its value and origin, for a listing.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    spec: &'static KeySpec,
    sourced: Option<&'s Sourced>,
}

impl<'s> Setting<'s> {
    /// The key.
    #[must_use]
    pub fn spec(&self) -> &'static KeySpec {
        self.spec
    }

    /// The value as it could be written, a secret redacted, also one inside a
    /// URL; nothing if there is none.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let value = &self.sourced?.value;
        Some(if self.spec.secret {
            REDACTED.to_owned()
        } else {
            without_userinfo(&value.to_string()).into_owned()
        })
    }

    /// The value as it could be written, secret or not.
    #[cfg(test)]
    pub(super) fn sourced_text(&self) -> Option<String> {
        Some(self.sourced?.value.to_string())
    }

    /// Where the value comes from; nothing if there is none.
    #[must_use]
    pub fn origin(&self) -> Option<&'s Origin> {
        self.sourced.map(|sourced| &sourced.origin)
    }
}

/// A text without the user and password of an address in it, be it a URL or a
/// host alone. A password may hold any character, so everything up to the last
/// `@` counts as one.
#[must_use]
pub fn without_userinfo(text: &str) -> Cow<'_, str> {
    if let Some((scheme, rest)) = text.split_once("://") {
        return match rest.rsplit_once('@') {
            Some((_, host)) => Cow::Owned(format!("{scheme}://{REDACTED}@{host}")),
            None => Cow::Borrowed(text),
        };
    }
    match text.rsplit_once('@') {
        // Before the `@` of a path, or of a name without a password, is nothing
        // to hide.
        Some((user, host)) if user.contains(':') && !text.starts_with(['/', '.', '~']) => {
            Cow::Owned(format!("{REDACTED}@{host}"))
        }
        _ => Cow::Borrowed(text),
    }
}

impl fmt::Debug for Setting<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.shown(), self.origin()) {
            (Some(shown), Some(origin)) => write!(out, "{shown:?} ({origin})"),
            _ => out.write_str("not set"),
        }
    }
}
