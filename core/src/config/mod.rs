//! Layered configuration: default < file < environment < flag, with the origin
//! of every value and all errors at once.
//!
//! Everything starts from one table, [`TABLE`]: what a key is called, what it
//! holds, its default, its one sentence of documentation. A further key is a
//! further row; file, environment, flags, suggestions and listings follow.
//!
//! - The **file** is Blacksmith's own YAML file. Its section `reconciler` is
//!   ours: what is not in the table there is an error with line, column and
//!   the nearest key. From `bosh`, `vault` and `broker`, which belong to
//!   Blacksmith, is taken what none of our sources says.
//! - The **environment** variable of a key is [`VARIABLE_PREFIX`] and its path
//!   in upper case, `.` as `_`: `policy.threshold` is
//!   `BLACKSMITH_RECONCILER_POLICY_THRESHOLD`. An empty variable counts as not
//!   set. An unknown one is a notice, since a host may carry variables of
//!   other versions.
//! - Some keys have **other spellings**, those of later versions of
//!   Blacksmith's own reconciler. They are taken with a notice; two that differ
//!   in one source are an error.
//! - A **secret** may stand in a file: next to `token` there is `token_file`.
//! - **Flags** come from the program as text with their spelling.
//!
//! A value that cannot be read is an error even where a stronger layer
//! overrides it: it would come into force the day the other one goes.
//! [`Settings::load`] is pure; [`SourceFile::read`] is the one function here
//! that touches the world.
//!
//! ```
//! use reconciler_core::config::{FlagText, Settings, SourceFile, Sources, keys};
//!
//! let settings = Settings::load(Sources {
//!     file: Some(SourceFile::of("blacksmith.conf", "reconciler: {batch_size: 20}")),
//!     environment: vec![("BLACKSMITH_RECONCILER_FLEET".into(), "fleets/a".into())],
//!     flags: vec![FlagText::new("workers", "4", "--workers")],
//! })?;
//! assert_eq!(settings.integer(keys::BATCH_SIZE), 20);
//! assert_eq!(settings.integer(keys::WORKERS), Some(4));
//! let origin = settings.origin(keys::BATCH_SIZE).map(ToString::to_string);
//! assert_eq!(origin.as_deref(), Some("blacksmith.conf:1:26"));
//! # Ok::<(), reconciler_core::config::ConfigErrors>(())
//! ```

mod duration;
mod environment;
mod file;
mod finding;
mod gathered;
mod key;
pub mod keys;
mod kind;
mod legacy;
mod lookup;
mod origin;
mod secrets;
mod sections;
mod settings;
mod source;
mod spelling;
mod suggestion;
mod table;
mod template;
mod value;

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod precedence_tests;
#[cfg(test)]
mod settings_tests;

pub use duration::{InvalidDuration, duration_text, parse_duration};
pub use finding::{ConfigErrors, Finding};
pub use key::{Key, KeySpec, VARIABLE_PREFIX};
pub use keys::TABLE;
pub use kind::Kind;
#[cfg(test)]
use kind::Shape;
pub use legacy::LEGACY;
pub use lookup::find_key;
pub use origin::Origin;
pub use settings::{Setting, Settings, without_userinfo};
pub use source::{FlagText, SourceFile, Sources};
pub use template::template;
pub use value::{Choice, Held};

/// The section of the file that is ours.
pub const SECTION: &str = "reconciler";
