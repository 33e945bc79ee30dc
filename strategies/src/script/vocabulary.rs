//! The words of the language: every function and property an engine knows.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Engine, FuncInfo};

use super::failure::near;

/// Words that call something without being a registered function.
const BUILT_IN: [&str; 8] =
    ["Fn", "call", "debug", "is_def_fn", "is_def_var", "is_shared", "print", "type_of"];

/// What can be called and read.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// The functions, each with the numbers of arguments it takes.
    functions: BTreeMap<String, BTreeSet<usize>>,
    properties: BTreeSet<String>,
    /// Functions that only tests may call.
    for_tests: BTreeSet<String>,
}

impl Vocabulary {
    /// Everything the engine knows.
    pub(super) fn of(engine: &Engine) -> Self {
        let entry = |info: FuncInfo<'_>| Some((info.metadata.name.to_string(), info.metadata.num_params));
        let mut vocabulary = Self::default();
        for (name, arguments) in engine.collect_fn_metadata(None, entry, true) {
            match name.strip_prefix("get$") {
                Some(property) => {
                    vocabulary.properties.insert(property.to_owned());
                }
                None if name.contains('$') => {}
                None => {
                    vocabulary.functions.entry(name).or_default().insert(arguments);
                }
            }
        }
        vocabulary
    }

    /// Everything the engine of tests knows, and which of it the other lacks.
    pub(super) fn of_both(matching: &Engine, testing: &Engine) -> Self {
        let (narrow, mut wide) = (Self::of(matching), Self::of(testing));
        let known = |name: &&String| !narrow.functions.contains_key(*name);
        wide.for_tests = wide.functions.keys().filter(known).cloned().collect();
        wide
    }

    pub(super) fn is_for_tests(&self, name: &str) -> bool {
        self.for_tests.contains(name)
    }

    pub(super) fn has_function(&self, name: &str) -> bool {
        BUILT_IN.contains(&name) || self.functions.contains_key(name)
    }

    /// The numbers of arguments a function takes; nothing if any will do.
    pub(super) fn arguments(&self, name: &str) -> Option<&BTreeSet<usize>> {
        self.functions.get(name).filter(|_| !BUILT_IN.contains(&name))
    }

    pub(super) fn has_property(&self, name: &str) -> bool {
        self.properties.contains(name)
    }

    pub(super) fn nearest_function(&self, name: &str) -> Option<String> {
        let words = self.functions.keys().filter(|name| name.starts_with(char::is_alphabetic));
        near(name, &words.cloned().collect::<Vec<_>>())
    }

    pub(super) fn nearest_property(&self, name: &str) -> Option<String> {
        near(name, &self.properties.iter().cloned().collect::<Vec<_>>())
    }
}
