//! All keys of this version: the one place to add another.
//!
//! A row is what `config show`, the documentation and every source go by; the
//! constant of the same name is how the program reads it. Rows stand in one
//! file a subject.

mod backup;
mod catalog;
mod daemon;
mod director;
mod matching;
mod records;
mod run;
mod store;
mod vault;

use super::KeySpec;

pub use backup::*;
pub use catalog::*;
pub use daemon::*;
pub use director::*;
pub use matching::*;
pub use records::*;
pub use run::*;
pub use store::*;
pub use vault::*;

/// The subjects, in the order of their documentation.
const SUBJECTS: &[&[KeySpec]] = &[
    RUN_ROWS,
    DIRECTOR_ROWS,
    CATALOG_ROWS,
    STORE_ROWS,
    VAULT_ROWS,
    MATCHING_ROWS,
    RECORDS_ROWS,
    BACKUP_ROWS,
    DAEMON_ROWS,
];

/// All keys, in the order of their documentation.
pub static TABLE: &[KeySpec] = &joined::<{ count() }>();

const fn count() -> usize {
    let (mut count, mut subject) = (0, 0);
    while subject < SUBJECTS.len() {
        count += SUBJECTS[subject].len();
        subject += 1;
    }
    count
}

/// The rows of all subjects one after another. A constant function, so that
/// the table stays a static slice.
const fn joined<const N: usize>() -> [KeySpec; N] {
    let mut rows = [RUN_ROWS[0]; N];
    let (mut filled, mut subject) = (0, 0);
    while subject < SUBJECTS.len() {
        let mut row = 0;
        while row < SUBJECTS[subject].len() {
            rows[filled] = SUBJECTS[subject][row];
            filled += 1;
            row += 1;
        }
        subject += 1;
    }
    rows
}
