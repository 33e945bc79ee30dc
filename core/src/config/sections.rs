//! Blacksmith's own sections of the same file: its Director, its Vault, its
//! broker.
//!
//! They say what our keys need to know and nobody repeated. A section describes
//! one server, so it counts as a whole: if one of our own sources names another
//! server, nothing is taken from it, and no password goes to a server that it
//! was not written for. What cannot be understood there is a notice, never an
//! error: the section is the broker's.

use std::sync::Arc;

use super::gathered::{Gathered, Sourced};
use super::kind::Refusal;
use super::{Finding, Origin};
use crate::manifest::{Location, Node, NodeKind};

/// What is taken from a section, and when.
struct Section {
    name: &'static str,
    /// Keys of ours that name another server; if one is set, nothing is taken.
    rivals: &'static [&'static str],
    fields: &'static [Field],
}

/// One setting of a section.
struct Field {
    /// Its spellings; the first that says something counts.
    names: &'static [&'static str],
    key: &'static str,
    /// Keys that say the same in another way; if one is set, it is not taken.
    unless: &'static [&'static str],
}

const fn field(names: &'static [&'static str], key: &'static str) -> Field {
    Field { names, key, unless: &[] }
}

const SECTIONS: &[Section] = &[
    Section {
        name: "bosh",
        rivals: &["fleet", "director.environment"],
        fields: &[
            field(&["address"], "director.environment"),
            field(&["username"], "director.client"),
            Field {
                names: &["password"],
                key: "director.client_secret",
                unless: &["director.client_secret_file"],
            },
            field(&["cacert", "ca_cert"], "director.ca_cert"),
            field(&["skip_ssl_validation"], "director.skip_ssl_validation"),
        ],
    },
    Section {
        name: "vault",
        rivals: &["vault.address"],
        fields: &[
            field(&["address"], "vault.address"),
            Field { names: &["token"], key: "vault.token", unless: LOGINS },
            Field { names: &["credentials"], key: "vault.token_file", unless: LOGINS },
            Field { names: &["cacert", "ca_cert"], key: "vault.ca_cert", unless: &["vault.ca_path"] },
            field(&["skip_ssl_validation", "insecure"], "vault.insecure"),
        ],
    },
    Section {
        name: BROKER,
        rivals: &["fleet", "catalog.url", "catalog.path"],
        fields: &[
            field(&["username"], "catalog.username"),
            Field { names: &["password"], key: "catalog.password", unless: &["catalog.password_file"] },
        ],
    },
];

const LOGINS: &[&str] =
    &["vault.token", "vault.token_file", "vault.role_id", "vault.secret_id", "vault.secret_id_file"];

const BROKER: &str = "broker";

/// What the broker takes where its section is silent.
const BROKER_LOGIN: &str = "blacksmith";

/// A setting that was found in a section, as text.
pub(super) struct Found {
    section: &'static str,
    key: &'static str,
    text: String,
    origin: Origin,
}

/// Notes what the sections of a file say.
pub(super) fn collect(file: &Arc<str>, root: Node<'_>, gathered: &mut Gathered) {
    for section in SECTIONS {
        let Some(entry) = root.entry(section.name).filter(|entry| !entry.value.is_null()) else {
            continue;
        };
        if entry.value.kind() != NodeKind::Mapping {
            let at = entry.value.location();
            let origin = Origin::Section { name: Arc::clone(file), setting: section.name.to_owned(), at };
            let what = "is no section of Blacksmith's, and nothing is taken from it";
            gathered.notices.push(Finding::on_source(
                origin,
                what,
                "write its settings below it, each as `key: value`",
            ));
            continue;
        }
        let origin = |name: &str, at: Location| Origin::Section {
            name: Arc::clone(file),
            setting: format!("{}.{name}", section.name),
            at,
        };
        for field in section.fields {
            let said = field.names.iter().find_map(|name| {
                let value = entry.value.entry(name)?.value;
                let text = value.as_str().filter(|text| !value.is_null() && !text.trim().is_empty())?;
                Some((origin(name, value.location()), text.to_owned()))
            });
            let silent = (section.name == BROKER).then(|| {
                let name = field.names[0];
                (origin(name, entry.key_location()), BROKER_LOGIN.to_owned())
            });
            if let Some((origin, text)) = said.or(silent) {
                gathered.found.push(Found { section: section.name, key: field.key, text, origin });
            }
        }
        if section.name == BROKER {
            let origin = origin("port", entry.key_location());
            let text = broker_url(entry.value);
            gathered.found.push(Found { section: BROKER, key: "catalog.url", text, origin });
        }
    }
}

/// Where the broker of a section answers, from the machine it runs on.
fn broker_url(broker: Node<'_>) -> String {
    let said = |node: Node<'_>, name: &str| {
        let text = node.entry(name).and_then(|entry| entry.value.as_str().map(|text| text.trim().to_owned()));
        text.filter(|text| !text.is_empty())
    };
    let host = match said(broker, "bind_ip").as_deref() {
        None | Some("0.0.0.0" | "::" | "null" | "~") => "127.0.0.1".to_owned(),
        Some(ip) if ip.contains(':') => format!("[{ip}]"),
        Some(ip) => ip.to_owned(),
    };
    let tls = broker.entry("tls").map(|entry| entry.value);
    match tls.filter(|tls| said(*tls, "enabled").as_deref() == Some("true")) {
        Some(tls) => format!("https://{host}:{}", said(tls, "port").unwrap_or_else(|| "443".to_owned())),
        None => format!("http://{host}:{}", said(broker, "port").unwrap_or_else(|| "3000".to_owned())),
    }
}

/// The setting of a section that says the same as a key.
pub(super) fn setting_for(key: &str) -> Option<String> {
    let mut settings = SECTIONS.iter().flat_map(|section| section.fields.iter().map(move |f| (section, f)));
    let found = settings.find(|(_, field)| field.key == key);
    let broker = (key == "catalog.url").then(|| format!("{BROKER}.port"));
    found.map(|(section, field)| format!("{}.{}", section.name, field.names[0])).or(broker)
}

/// Takes what was found where our own sources say nothing.
pub(super) fn fill(gathered: &mut Gathered) {
    let found = std::mem::take(&mut gathered.found);
    let is_ours = |gathered: &Gathered, key: &&str| {
        let row = gathered.table.row_of(key);
        let sourced = row.and_then(|row| gathered.values[row].as_ref());
        sourced.is_some_and(|sourced| sourced.origin != Origin::Default)
    };
    for section in SECTIONS {
        if section.rivals.iter().any(|rival| is_ours(gathered, rival)) {
            continue;
        }
        let said: Vec<&Found> = found.iter().filter(|found| found.section == section.name).collect();
        // Without an address it does not say which server it is about.
        if section.name != BROKER && !said.iter().any(|found| section.fields[0].key == found.key) {
            continue;
        }
        for found in said {
            let field = section.fields.iter().find(|field| field.key == found.key);
            let unless = field.map_or(&[][..], |field| field.unless);
            if !is_ours(gathered, &found.key) && !unless.iter().any(|key| is_ours(gathered, key)) {
                take(gathered, found);
            }
        }
    }
}

fn take(gathered: &mut Gathered, found: &Found) {
    let Some(row) = gathered.table.row_of(found.key) else { return };
    let spec = &gathered.table.rows()[row];
    let read = if found.key == "vault.ca_cert" && found.text.contains("-----BEGIN") {
        Err(Refusal::new("is the certificate itself", "write it to a file"))
    } else {
        spec.kind.read(&found.text, spec.secret)
    };
    match read {
        Ok(value) => {
            gathered.values[row] = Some(Sourced { value, origin: found.origin.clone(), spelling: None });
        }
        Err(refusal) => gathered.notices.push(Finding::on_source(
            found.origin.clone(),
            format!("is not taken from Blacksmith's section: {}", refusal.what),
            format!("{}, or give `{}` in the section `reconciler`", refusal.next, found.key),
        )),
    }
}

#[cfg(test)]
#[path = "sections_tests.rs"]
mod tests;
