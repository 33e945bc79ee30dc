//! `backups show`: what an archive holds.

use std::collections::BTreeMap;
use std::io::{self, Write};

use reconciler_core::backup::{Archive, Layout, Moment, Part, PartDifference, parts_of};
use reconciler_core::model::InstanceId;
use reconciler_core::ports::Version;
use serde::Serialize;

use super::args::ShowArgs;
use super::{Sight, values};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::ArchiveRoom;

#[derive(Serialize)]
struct SightView<'a> {
    instance: &'a InstanceId,
    /// Nothing for what stands in the store.
    archive: Option<HeadView<'a>>,
    sha256: String,
    parts: Vec<PartView<'a>>,
}

#[derive(Serialize)]
struct HeadView<'a> {
    path: &'a str,
    taken_at: Moment,
    timestamp: u64,
    layout: Layout,
    reason: &'a str,
    versions: &'a BTreeMap<Part, Version>,
    doubts: &'a [String],
}

#[derive(Serialize)]
struct PartView<'a> {
    part: Part,
    path: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
}

pub(super) async fn run(room: &ArchiveRoom, args: &ShowArgs, output: &mut Output) -> Result<Exit, Failure> {
    let values = values(args.show_values)?;
    let sight = Sight::of(room, &args.spot).await?;
    let parts = parts_of(&sight.instance, &sight.contents, values);
    let view = SightView {
        instance: &sight.instance,
        archive: sight.archive.as_ref().map(head),
        sha256: sight.contents.digest(),
        parts: parts.iter().map(part).collect(),
    };
    output.answer("Archive", true, &view, |out| text(out, &view))?;
    Ok(Exit::Success)
}

fn head(archive: &Archive) -> HeadView<'_> {
    HeadView {
        path: &archive.path,
        taken_at: archive.at,
        timestamp: archive.at.0,
        layout: archive.layout,
        reason: &archive.reason,
        versions: &archive.versions,
        doubts: &archive.doubts,
    }
}

fn part(part: &PartDifference) -> PartView<'_> {
    let fields = part.fields.iter();
    PartView {
        part: part.part,
        path: &part.path,
        fields: fields
            .map(|change| (change.field.as_str(), change.after.as_deref().unwrap_or_default()))
            .collect(),
    }
}

fn text(out: &mut dyn Write, view: &SightView<'_>) -> io::Result<()> {
    match &view.archive {
        None => writeln!(out, "{} as it stands in the store", view.instance)?,
        Some(head) => {
            writeln!(out, "{}", head.path)?;
            writeln!(out, "taken {} ({}), reason {}", head.taken_at, head.layout.name(), head.reason)?;
            for doubt in head.doubts {
                writeln!(out, "doubtful: {doubt}")?;
            }
        }
    }
    writeln!(out, "sha256 {}", view.sha256)?;
    let versions = view.archive.as_ref().map(|head| head.versions);
    for part in &view.parts {
        write!(out, "\n{}", part.path)?;
        if let Some(version) = versions.and_then(|versions| versions.get(&part.part)) {
            write!(out, "  (version {version} when it was read)")?;
        }
        writeln!(out)?;
        for (field, value) in &part.fields {
            writeln!(out, "    {field}: {value}")?;
        }
    }
    Ok(())
}
