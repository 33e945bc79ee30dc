//! `config show`: the settings in force.

use std::io::{self, Write};

use super::args::ShowArgs;
use super::view::{SettingView, settings_view, variable};
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::wiring;

pub(super) fn run(global: &GlobalArgs, args: &ShowArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[], output)?;
    let views = settings_view(&settings, variable);
    output.answer("Settings", true, &views, |out| text(out, &views, args.origin))?;
    Ok(Exit::Success)
}

fn text(out: &mut dyn Write, views: &[SettingView], with_origin: bool) -> io::Result<()> {
    let set = views.iter().filter_map(|view| Some((view.key, view.value.as_ref()?, view.origin.as_ref()?)));
    if with_origin {
        let mut table = Table::new(["KEY", "VALUE", "ORIGIN"]);
        for (key, value, origin) in set {
            table.row([key.to_owned(), one_line(value), origin.source.clone()]);
        }
        table.print(out)?;
    } else {
        let mut table = Table::new(["KEY", "VALUE"]);
        for (key, value, _) in set {
            table.row([key.to_owned(), one_line(value)]);
        }
        table.print(out)?;
    }
    let unset = views.iter().filter(|view| view.value.is_none()).count();
    writeln!(out, "\n{unset} more keys are not set; `config explain` lists all of them")
}

/// A certificate has many lines, and any of them could move the cursor.
fn one_line(value: &str) -> String {
    let mut lines = value.lines();
    let first = lines.next().unwrap_or_default().escape_debug().to_string();
    if lines.next().is_some() { format!("{first} …") } else { first }
}
