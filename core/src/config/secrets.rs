//! Secrets that stand in files: one rule for all of them.
//!
//! A secret is given as text or as the name of a file, `token` or
//! `token_file`. Both in one source is an error; of two sources the stronger
//! one counts, whichever of the two ways it takes.

use super::Finding;
use super::gathered::Gathered;

/// Leaves one way to each secret.
pub(super) fn choose(gathered: &mut Gathered) {
    for row in 0..gathered.table.rows().len() {
        let spec = &gathered.table.rows()[row];
        let Some(file_row) = spec.file_key().and_then(|path| gathered.table.row_of(&path)) else {
            continue;
        };
        let (Some(text), Some(file)) = (&gathered.values[row], &gathered.values[file_row]) else {
            continue;
        };
        let (strength, of_file) = (text.origin.strength(), file.origin.strength());
        if strength == of_file {
            let path = gathered.table.rows()[file_row].path;
            let what = format!("is given, and so is `{}` ({})", spec.path, text.origin);
            let origin = file.origin.clone();
            gathered.errors.push(Finding::about(origin, path, what, "keep one of the two"));
        } else if strength > of_file {
            gathered.values[file_row] = None;
        } else {
            gathered.values[row] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{FlagText, KeySpec, Settings, SourceFile, Sources, TABLE};

    fn secrets() -> impl Iterator<Item = (&'static KeySpec, String)> {
        TABLE.iter().filter_map(|spec| Some((spec, spec.file_key()?)))
    }

    fn nested(path: &str, value: &str) -> String {
        let names: Vec<&str> = path.split('.').collect();
        names.iter().rev().fold(value.to_owned(), |inner, name| format!("{{{name}: {inner}}}"))
    }

    fn given(settings: &Settings, path: &str) -> bool {
        let entry = settings.entries().find(|entry| entry.spec().path == path).expect("in the table");
        entry.origin().is_some()
    }

    #[test]
    fn both_ways_in_one_source_are_an_error_for_every_secret() {
        for (spec, file_path) in secrets() {
            let flags = vec![FlagText::new(spec.path, "a", "--a"), FlagText::new(&*file_path, "b", "--b")];
            let errors = Settings::load(Sources { flags, ..Sources::default() }).expect_err(spec.path);
            let expected = format!("--b: {file_path}: is given, and so is `{}` (--a)", spec.path);
            assert_eq!(errors.to_string(), format!("{expected}; keep one of the two"));
        }
    }

    #[test]
    fn of_two_sources_the_stronger_counts_whichever_way_it_takes() {
        for (spec, file_path) in secrets() {
            for (weak, strong) in [(spec.path, &*file_path), (&*file_path, spec.path)] {
                let file = Some(SourceFile::of("a.conf", format!("reconciler: {}", nested(weak, "a"))));
                let flags = vec![FlagText::new(strong, "b", "--b")];
                let settings = Settings::load(Sources { file, flags, ..Sources::default() }).expect(strong);
                assert!(given(&settings, strong) && !given(&settings, weak), "{strong} over {weak}");
            }
        }
    }
}
