//! `backups diff`: where two archives differ.

use reconciler_core::backup::{PartDifference, differences};
use serde::Serialize;

use super::args::DiffArgs;
use super::{Sight, values, write_parts};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::ArchiveRoom;

#[derive(Serialize)]
struct DifferenceView {
    from: String,
    to: String,
    /// Whether both hold the same, volatile fields aside.
    same: bool,
    differences: Vec<PartDifference>,
}

pub(super) async fn run(room: &ArchiveRoom, args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let values = values(args.show_values)?;
    if args.from.instance != args.to.instance {
        return Err(Failure::told(
            format!("`{}` and `{}` are two instances", args.from.instance, args.to.instance),
            "name the same instance twice",
        ));
    }
    let from = Sight::of(room, &args.from).await?;
    let to = Sight::of(room, &args.to).await?;
    let view = DifferenceView {
        from: from.place(),
        to: to.place(),
        same: from.contents.digest() == to.contents.digest(),
        differences: differences(&to.instance, &from.contents, &to.contents, values),
    };
    output.answer("Difference", true, &view, |out| {
        writeln!(out, "from {}\nto   {}\n", view.from, view.to)?;
        write_parts(out, &view.differences)?;
        match (view.differences.is_empty(), view.same) {
            (true, _) => writeln!(out, "Both hold the same."),
            (false, true) => writeln!(out, "\nOnly volatile fields differ."),
            (false, false) => Ok(()),
        }
    })?;
    Ok(Exit::Success)
}
