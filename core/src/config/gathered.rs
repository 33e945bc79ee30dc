//! What the layers have said so far.

use super::kind::Refusal;
use super::table::Table;
use super::value::Value;
use super::{Finding, Origin};

/// A value with where it comes from.
#[derive(Clone)]
pub(super) struct Sourced {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The values so far, one place a row of the table, and what was found while
/// reading them. Layers are added weakest first; each overrides.
pub(super) struct Gathered {
    pub(super) table: Table,
    pub(super) values: Vec<Option<Sourced>>,
    pub(super) errors: Vec<Finding>,
    pub(super) notices: Vec<Finding>,
}

impl Gathered {
    /// The defaults.
    pub(super) fn defaults_of(table: Table) -> Self {
        let mut gathered =
            Self { table, values: vec![None; table.rows().len()], errors: Vec::new(), notices: Vec::new() };
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
            Ok(value) => self.values[row] = Some(Sourced { value, origin }),
            Err(refusal) => {
                let path = self.table.rows()[row].path;
                self.errors.push(Finding::about(origin, path, refusal.what, refusal.next));
            }
        }
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
