//! Looking a key up by any of its names.

use super::key::variable_of;
use super::sections;
use super::spelling::{SPELLINGS, spelling};
use super::table::Table;
use super::{KeySpec, TABLE, suggestion};

/// Finds the key that a name stands for: a path such as `policy.threshold`,
/// another spelling of one, or a variable.
///
/// # Errors
/// If there is none; what was probably meant.
pub fn find_key(name: &str) -> Result<&'static KeySpec, String> {
    let row = |path: &str| TABLE.iter().find(|spec| spec.path == path);
    let by_variable = |name: &str| {
        let spelt = || SPELLINGS.iter().find(|spelling| variable_of(spelling.path) == name);
        let own = TABLE.iter().find(|spec| spec.variable() == name);
        own.or_else(|| row(spelt()?.means))
    };
    let found = row(name)
        .or_else(|| row(spelling(name)?.means))
        .or_else(|| by_variable(name))
        .or_else(|| TABLE.iter().find(|spec| spec.usual == Some(name)));
    found.ok_or_else(|| match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => suggestion::for_variable(Table(TABLE), name),
        false => suggestion::for_path(Table(TABLE), name),
    })
}

impl KeySpec {
    /// What else the key is called: what later versions of Blacksmith's own
    /// reconciler call it.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        let path = self.path;
        SPELLINGS.iter().filter(move |spelling| spelling.means == path).map(|spelling| spelling.path)
    }

    /// The setting of Blacksmith's own sections that says the same, such as
    /// `bosh.address`.
    #[must_use]
    pub fn section_setting(&self) -> Option<String> {
        sections::setting_for(self.path)
    }

    /// The section it stands in; empty for a key of the top.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The name in its section.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::find_key;
    use crate::config::TABLE;

    #[test]
    fn every_key_is_found_by_its_path_and_its_variable() {
        for spec in TABLE {
            assert_eq!(find_key(spec.path), Ok(spec));
            assert_eq!(find_key(&spec.variable()), Ok(spec));
        }
    }

    #[test]
    fn other_names_lead_to_the_key_they_mean() {
        for (name, path) in [
            ("max_concurrent", "max_concurrency"),
            ("BLACKSMITH_RECONCILER_MAX_CONCURRENT", "max_concurrency"),
            ("BOSH_CLIENT", "director.client"),
        ] {
            assert_eq!(find_key(name).map(|spec| spec.path), Ok(path));
        }
        for (name, meant) in [
            ("policy.treshold", "did you mean `policy.threshold`?"),
            ("BLACKSMITH_RECONCILER_INTERVALL", "did you mean `BLACKSMITH_RECONCILER_INTERVAL`?"),
        ] {
            assert_eq!(find_key(name), Err(meant.to_owned()));
        }
    }

    #[test]
    fn a_key_knows_its_section_and_blacksmiths_word_for_it() {
        let key = |path: &str| TABLE.iter().find(|spec| spec.path == path).expect(path);
        assert_eq!((key("fleet").section(), key("fleet").name()), ("", "fleet"));
        assert_eq!((key("policy.kind").section(), key("policy.kind").name()), ("policy", "kind"));
        for (path, setting) in [
            ("director.environment", Some("bosh.address")),
            ("vault.token_file", Some("vault.credentials")),
            ("catalog.url", Some("broker.port")),
            ("policy.kind", None),
        ] {
            assert_eq!(key(path).section_setting().as_deref(), setting);
        }
    }
}
