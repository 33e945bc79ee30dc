//! What somebody probably meant who wrote a key that does not exist.

use super::key::{VARIABLE_PREFIX, variable_of};
use super::table::{Table, joined};
use crate::matching::nearest;

/// The next step after an unknown key in a section of the file (`""` for the
/// top): the most similar name in that section, else in any other, else the
/// names there are.
pub(super) fn for_key(table: Table, section: &str, name: &str) -> String {
    let names = table.names_in(section);
    let siblings: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let meant =
        nearest(name, &siblings).map(|sibling| joined(section, &sibling)).or_else(|| elsewhere(table, name));
    match meant {
        Some(path) => format!("did you mean `{path}`?"),
        None => format!("the keys here are: {}", names.join(", ")),
    }
}

/// The path whose last name is the most similar: somebody forgot the section.
fn elsewhere(table: Table, name: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let names: Vec<String> = table.paths().map(last).collect();
    let meant = nearest(name, &names)?;
    table.paths().find(|path| last(path) == meant).map(str::to_owned)
}

/// The next step after a path that no flag may set.
pub(super) fn for_path(table: Table, path: &str) -> String {
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    if table.names_in(section).is_empty() {
        return for_key(table, "", path);
    }
    for_key(table, section, name)
}

/// The next step after an unknown variable with our prefix.
pub(super) fn for_variable(table: Table, name: &str) -> String {
    let bare = |variable: &str| variable.strip_prefix(VARIABLE_PREFIX).unwrap_or(variable).to_owned();
    let known: Vec<String> = table.paths().map(|path| bare(&variable_of(path))).collect();
    match nearest(&bare(name), &known) {
        Some(meant) => format!("did you mean `{VARIABLE_PREFIX}{meant}`?"),
        None => "remove it, or check its spelling".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TABLE;

    #[test]
    fn the_nearest_name_of_the_section_comes_first() {
        for (section, name, expected) in [
            ("", "bach_size", "did you mean `batch_size`?"),
            ("", "polcy", "did you mean `policy`?"),
            ("", "strategy", "did you mean `strategies`?"),
            ("", "threshold", "did you mean `policy.threshold`?"),
            ("", "marign", "did you mean `policy.margin`?"),
            ("policy", "treshold", "did you mean `policy.threshold`?"),
            ("policy", "batchsize", "did you mean `batch_size`?"),
            ("policy", "zzz", "the keys here are: kind, threshold, margin"),
            ("backup", "retenton", "did you mean `backup.retention`?"),
        ] {
            assert_eq!(for_key(Table(TABLE), section, name), expected, "{name}");
        }
    }

    #[test]
    fn paths_and_variables_have_a_nearest_too() {
        let table = Table(TABLE);
        assert_eq!(for_path(table, "policy.treshold"), "did you mean `policy.threshold`?");
        assert_eq!(for_path(table, "wokers"), "did you mean `workers`?");
        assert_eq!(
            for_variable(table, "BLACKSMITH_RECONCILER_POLICY_TRESHOLD"),
            "did you mean `BLACKSMITH_RECONCILER_POLICY_THRESHOLD`?"
        );
        assert_eq!(for_variable(table, "BLACKSMITH_RECONCILER_QQQ"), "remove it, or check its spelling");
    }
}
