//! `backups release`: lets go of a held instance.

use reconciler_core::backup::release;
use reconciler_core::ports::{Clock as _, SystemClock};

use super::args::ReleaseArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::ArchiveRoom;

pub(super) async fn run(
    room: &ArchiveRoom,
    args: &ReleaseArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let release = release(room.store(), &args.instance, SystemClock.now()).await?;
    output.answer("Release", true, &release, |out| match &release.released {
        Some(hold) if hold.since.is_empty() => writeln!(out, "{} is released.", release.instance),
        Some(hold) => {
            writeln!(out, "{} is released: held since {}, {}.", release.instance, hold.since, hold.reason)
        }
        None => writeln!(out, "{} was not held.", release.instance),
    })?;
    Ok(Exit::Success)
}
