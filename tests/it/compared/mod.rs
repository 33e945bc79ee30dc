//! Decisions as values: kept, compared, accepted, and asked why not.

mod differences;
mod evaluations;
mod kept;
mod random;
mod remedies;
mod why_not;
