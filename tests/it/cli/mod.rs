//! The program as its users see it: arguments in, two streams and an exit code
//! out.

mod program;

mod backups;
mod bad_fleet;
mod bad_manifests;
mod bad_store;
mod bad_words;
mod closed_streams;
mod config;
mod decisions;
mod decisions_foreign;
mod decisions_incomplete;
mod decisions_manual;
mod decisions_past;
mod decisions_told;
mod filters;
mod formats;
mod index;
mod inspection;
mod manual;
mod markers;
mod orphans;
mod packaging;
mod plans;
mod records;
mod runs;
mod scale;
mod script_files;
mod script_texts;
mod scripts;
mod scripts_manual;
mod texts;
