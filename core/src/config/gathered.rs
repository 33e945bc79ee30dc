//! What the layers have said so far.

use super::kind::Refusal;
use super::sections::Found;
use super::spelling::Spelling;
use super::table::Table;
use super::value::Value;
use super::{Finding, Origin};

/// A value with where it comes from.
#[derive(Clone)]
pub(super) struct Sourced {
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// How the key is spelled there, if not as in the table.
    pub(super) spelling: Option<&'static str>,
}

/// The values so far, one place a row of the table, and what was found while
/// reading them. Layers are added weakest first; each overrides.
pub(super) struct Gathered {
    pub(super) table: Table,
    pub(super) values: Vec<Option<Sourced>>,
    pub(super) errors: Vec<Finding>,
    pub(super) notices: Vec<Finding>,
    /// What Blacksmith's own sections say.
    pub(super) found: Vec<Found>,
}

impl Gathered {
    /// The defaults.
    pub(super) fn defaults_of(table: Table) -> Self {
        let values = vec![None; table.rows().len()];
        let mut gathered = Self { table, values, errors: Vec::new(), notices: Vec::new(), found: Vec::new() };
        for (row, spec) in table.rows().iter().enumerate() {
            if let Some(text) = spec.default {
                gathered.text(row, Origin::Default, text);
            }
        }
        gathered
    }

    /// Takes what a source says about a key, as text.
    pub(super) fn text(&mut self, row: usize, origin: Origin, text: &str) {
        let spec = &self.table.rows()[row];
        self.take(row, origin, spec.kind.read(text, spec.secret));
    }

    /// Takes what a source says about a key.
    pub(super) fn take(&mut self, row: usize, origin: Origin, read: Result<Value, Refusal>) {
        match read {
            Ok(value) => self.put(row, Sourced { value, origin, spelling: None }),
            Err(refusal) => {
                let path = self.table.rows()[row].path;
                self.errors.push(Finding::about(origin, path, refusal.what, refusal.next));
            }
        }
    }

    /// Takes what a source says about a key by another spelling of it.
    pub(super) fn take_spelling(
        &mut self,
        row: usize,
        spelling: &'static Spelling,
        origin: Origin,
        read: Result<Value, Refusal>,
    ) {
        let means = self.table.rows()[row].path;
        self.notices.push(Finding::about(
            origin.clone(),
            spelling.path,
            format!("is another spelling of `{means}`, and is taken as that"),
            format!("write `{means}`, unless Blacksmith itself still reads this"),
        ));
        match read {
            Ok(value) => self.put(row, Sourced { value, origin, spelling: Some(spelling.path) }),
            Err(refusal) => {
                self.errors.push(Finding::about(origin, spelling.path, refusal.what, refusal.next));
            }
        }
    }

    /// Puts a value into force, unless the same source says another by another
    /// spelling.
    fn put(&mut self, row: usize, now: Sourced) {
        if let Some(before) = &self.values[row]
            && before.origin.strength() == now.origin.strength()
            && before.spelling != now.spelling
            && before.value != now.value
        {
            let path = self.table.rows()[row].path;
            let (first, second) = (before.spelling.unwrap_or(path), now.spelling.unwrap_or(path));
            let what =
                format!("says something else than `{first}` ({}), which is the same key", before.origin);
            self.errors.push(Finding::about(now.origin, second, what, format!("keep `{path}`")));
            return;
        }
        self.values[row] = Some(now);
    }

    /// Notes a key of Blacksmith's own reconciler.
    pub(super) fn without_effect(&mut self, origin: Origin, path: &str) {
        self.notices.push(Finding::about(
            origin,
            path,
            "has no effect in this version",
            "remove it, unless Blacksmith itself still reads it",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TABLE;

    fn flag(name: &str) -> Origin {
        let name = name.to_owned();
        Origin::Flag { name }
    }

    #[test]
    fn the_defaults_of_the_table_can_all_be_read() {
        let gathered = Gathered::defaults_of(Table(TABLE));
        assert_eq!(gathered.errors, []);
        for (spec, value) in TABLE.iter().zip(&gathered.values) {
            assert_eq!(spec.default.is_some(), value.is_some(), "{}", spec.path);
        }
    }

    #[test]
    fn a_refused_value_leaves_the_weaker_one() {
        let mut gathered = Gathered::defaults_of(Table(TABLE));
        let row = Table(TABLE).row_of("batch_size").expect("in the table");
        gathered.text(row, flag("--batch-size"), "20");
        gathered.text(row, flag("--batch-size"), "many");
        let value = gathered.values[row].as_ref().expect("was set");
        assert_eq!(value.value.to_string(), "20");
        assert_eq!(gathered.errors.len(), 1);
    }
}
