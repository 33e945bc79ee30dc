//! What scripts can call, as a definition file for editors. It is the interface
//! of scripts: what stands in it stays.

use super::sandbox::{self, Purpose};

/// The version of the interface. Grows when something that was there changes or
/// goes away; more may come at any time.
pub const INTERFACE: u32 = 1;

/// The definitions, as Rhai's language server reads them.
#[must_use]
pub fn definitions() -> String {
    let engine = sandbox::engine(Purpose::Testing, &[]);
    let generated = engine.definitions().include_standard_packages(false).single_file();
    // The generator does not say by what it ends its lines and the file.
    let lines: Vec<&str> = generated.lines().map(str::trim_end).collect();
    let body = lines.join("\n").replace("module static;", "").trim().to_owned();
    format!(
        "module static;\n\n\
         // What a script can see and call besides Rhai's own functions: interface {INTERFACE}.\n\
         // Made by `reconciler scripts definitions`; not to be edited.\n\n{body}\n"
    )
}
