//! `config explain`: what a key is for.

use std::io::{self, Write};

use reconciler_core::config::{KeySpec, TABLE, find_key};
use serde::Serialize;

use super::args::ExplainKeyArgs;
use super::view::{SettingView, settings_view, variable};
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::wiring;

/// A key of the table.
#[derive(Debug, Serialize)]
struct KeyView {
    key: &'static str,
    doc: &'static str,
    accepts: String,
    default: Option<&'static str>,
    variable: String,
    /// Other spellings that are taken with a notice.
    spellings: Vec<&'static str>,
    /// The setting of Blacksmith's own sections that says the same.
    section: Option<String>,
    /// The variable of another program that counts least.
    usual: Option<&'static str>,
    /// The key of a file with the value.
    file_key: Option<String>,
    secret: bool,
}

impl From<&'static KeySpec> for KeyView {
    fn from(spec: &'static KeySpec) -> Self {
        Self {
            key: spec.path,
            doc: spec.doc,
            accepts: spec.kind.to_string(),
            default: spec.default,
            variable: spec.variable(),
            spellings: spec.spellings().collect(),
            section: spec.section_setting(),
            usual: spec.usual,
            file_key: spec.file_key(),
            secret: spec.secret,
        }
    }
}

/// A key, and what it is set to.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    key: KeyView,
    /// Nothing if the configuration cannot be read.
    setting: Option<SettingView>,
}

pub(super) fn run(global: &GlobalArgs, args: &ExplainKeyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let Some(name) = &args.key else {
        let keys: Vec<KeyView> = TABLE.iter().map(KeyView::from).collect();
        output.answer("Keys", true, &keys, |out| list(out, &keys))?;
        return Ok(Exit::Success);
    };
    let spec = find_key(name)
        .map_err(|advice| Failure::told(format!("there is no key `{}`", name.escape_debug()), advice))?;
    // What a key is for can be told without a configuration that is right.
    let settings = wiring::load(global, &[]).ok();
    let setting = settings.and_then(|settings| {
        settings_view(&settings, variable).into_iter().find(|view| view.key == spec.path)
    });
    let explained = Explained { key: spec.into(), setting };
    output.answer("Key", true, &explained, |out| text(out, &explained))?;
    Ok(Exit::Success)
}

fn list(out: &mut dyn Write, keys: &[KeyView]) -> io::Result<()> {
    let mut table = Table::new(["KEY", "DEFAULT", "MEANING"]);
    for key in keys {
        table.row([key.key.to_owned(), key.default.unwrap_or("-").to_owned(), key.doc.to_owned()]);
    }
    table.print(out)
}

fn text(out: &mut dyn Write, Explained { key, setting }: &Explained) -> io::Result<()> {
    writeln!(out, "{}", key.key)?;
    writeln!(out, "  {}\n", key.doc)?;
    writeln!(out, "  accepts   {}", key.accepts)?;
    writeln!(out, "  default   {}", key.default.unwrap_or("none"))?;
    writeln!(out, "  variable  {}", key.variable)?;
    if let Some(file_key) = &key.file_key {
        writeln!(out, "  file      {file_key} names a file with it")?;
    }
    for spelling in &key.spellings {
        writeln!(out, "  also      {spelling}")?;
    }
    if let Some(section) = &key.section {
        writeln!(out, "  section   {section} of Blacksmith's own, where nothing of ours says it")?;
    }
    if let Some(usual) = key.usual {
        writeln!(out, "  else      {usual}")?;
    }
    match setting.as_ref().and_then(|setting| Some((setting.value.as_ref()?, setting.origin.as_ref()?))) {
        Some((value, origin)) => writeln!(out, "  now       {} ({})", value.escape_debug(), origin.source),
        None if setting.is_some() => writeln!(out, "  now       not set"),
        None => {
            writeln!(out, "  now       unknown: `config check` says what is wrong with the configuration")
        }
    }
}
