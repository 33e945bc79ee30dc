//! Tables for people: columns, no frames.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement};

/// A text of any writer in one line, with nothing that steers a terminal: nobody
/// must be able to forge a line.
pub(crate) fn in_one_line(text: &str) -> String {
    match text.contains(char::is_control) {
        true => text.replace(char::is_control, " ").split_whitespace().collect::<Vec<_>>().join(" "),
        false => text.to_owned(),
    }
}

/// Rows under a heading.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(comfy_table::presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2)).set_constraint(ColumnConstraint::ContentWidth);
        }
        Self(table)
    }

    /// One more row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells.map(|cell| in_one_line(&cell)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints it, without the blanks that fill the last column.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        for line in self.0.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
