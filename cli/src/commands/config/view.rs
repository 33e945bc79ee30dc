//! A setting as it is shown: its value, redacted, and where it comes from.

use reconciler_core::config::{Setting, Settings, without_userinfo};
use reconciler_core::manifest::REDACTED;
use serde::Serialize;

/// A key with what it is set to.
#[derive(Debug, Serialize)]
pub(crate) struct SettingView {
    pub(super) key: &'static str,
    pub(super) value: Option<String>,
    /// Where it comes from; nothing if there is no value.
    pub(super) origin: Option<OriginView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct OriginView {
    /// `default`, `usual` (a variable of another program), `section` (one of
    /// Blacksmith's), `file`, `environment` or `flag`.
    pub(super) layer: &'static str,
    /// What to search for: a variable, a place in a file.
    pub(super) source: String,
}

/// All settings in the order of the table, with the variables of other programs
/// where they are what counts.
pub(crate) fn settings_view(
    settings: &Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Vec<SettingView> {
    let named =
        |path: &str| settings.entries().any(|entry| entry.spec().path == path && entry.origin().is_some());
    settings.entries().map(|entry| view(&entry, &named, &variable)).collect()
}

fn view(
    entry: &Setting<'_>,
    named: &impl Fn(&str) -> bool,
    variable: &impl Fn(&str) -> Option<String>,
) -> SettingView {
    let spec = entry.spec();
    let (value, origin) = match entry.origin() {
        Some(origin) => {
            (entry.shown(), Some(OriginView { layer: origin.layer(), source: origin.to_string() }))
        }
        None => match spec
            .usual
            .filter(|_| is_asked(spec.path, named))
            .and_then(|name| Some((name, variable(name)?)))
        {
            Some((name, value)) => (
                Some(if spec.secret { REDACTED.to_owned() } else { without_userinfo(&value).into_owned() }),
                Some(OriginView { layer: "usual", source: name.to_owned() }),
            ),
            None => (None, None),
        },
    };
    SettingView { key: spec.path, value, origin }
}

/// Whether a variable of another program is looked at for a key: not for a
/// Director or a broker where a fleet is given, and not for what our own keys
/// say in another way.
fn is_asked(path: &str, named: &impl Fn(&str) -> bool) -> bool {
    let section = path.split('.').next().unwrap_or_default();
    let said = |others: &[&str]| others.iter().any(|other| named(other));
    match (section, path) {
        ("director", "director.client_secret") if named("director.client_secret_file") => false,
        ("director", "director.all_proxy") if named("director.all_proxy_file") => false,
        ("catalog", "catalog.password") if named("catalog.password_file") => false,
        ("catalog", _) if named("catalog.path") => false,
        ("director" | "catalog", _) => !named("fleet"),
        ("vault", "vault.token") => !said(&["vault.token_file", "vault.role_id", "vault.secret_id"]),
        ("vault", "vault.ca_cert" | "vault.ca_path") => !said(&["vault.ca_cert", "vault.ca_path"]),
        ("vault", "vault.client_cert" | "vault.client_key") => {
            !said(&["vault.client_cert", "vault.client_key"])
        }
        _ => true,
    }
}

/// A variable of the environment; an empty one counts as not set.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use reconciler_core::config::{FlagText, Sources};

    use super::*;

    fn shown(flags: &[(&str, &str)], key: &str) -> (Option<String>, Option<String>) {
        let flags = flags.iter().map(|(path, value)| FlagText::new(*path, *value, "--flag")).collect();
        let settings = Settings::load(Sources { flags, ..Sources::default() }).unwrap();
        let views = settings_view(&settings, |name| Some(format!("value of {name}")));
        let view = views.into_iter().find(|view| view.key == key).unwrap();
        (view.value, view.origin.map(|origin| format!("{} {}", origin.layer, origin.source)))
    }

    #[test]
    fn a_variable_of_another_program_is_shown_where_it_counts() {
        let some = |text: &str| Some(text.to_owned());
        for (flags, key, value, origin) in [
            (&[][..], "director.client", some("value of BOSH_CLIENT"), some("usual BOSH_CLIENT")),
            (&[][..], "director.client_secret", some("<redacted>"), some("usual BOSH_CLIENT_SECRET")),
            (&[("director.client", "c")][..], "director.client", some("c"), some("flag --flag")),
            (&[("fleet", "f")][..], "director.client", None, None),
            (&[("vault.token_file", "t")][..], "vault.token", None, None),
            (&[][..], "interval", some("1h"), some("default default")),
            (&[][..], "run_timeout", None, None),
        ] {
            assert_eq!(shown(flags, key), (value, origin), "{key} with {flags:?}");
        }
    }
}
