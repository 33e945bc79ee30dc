//! One archive: how it is written as a secret, and how it is read back.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contents::{Contents, Part};
use super::keeping::Snapshot;
use super::legacy;
use super::pack::{LONGEST, pack, unpack};
use super::when::Moment;
use crate::model::{InstanceId, JsonObject};
use crate::ports::Version;

/// How this version writes archives. The number grows when an older version
/// could no longer read them.
const FORMAT: &str = "reconciler-backup/1";
/// How every version of ours begins.
const FAMILY: &str = "reconciler-backup/";

/// An archive that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("failed to read the archive `{path}`: {why}")]
pub struct Fault {
    /// Where it is.
    pub path: String,
    /// What is wrong with it; no value.
    pub why: String,
}

/// Who wrote an archive, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// We did.
    Own,
    /// Objects side by side, named by the second.
    Timestamped,
    /// Objects or a bundle, named by a digest, below the instance.
    Hashed,
    /// A bundle of secrets by path, named by its digest, below `backups`.
    Bundled,
}

impl Layout {
    /// A word for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Timestamped => "timestamped",
            Self::Hashed => "hashed",
            Self::Bundled => "bundled",
        }
    }
}

/// An archive as it was read.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Where it is.
    pub path: String,
    /// When it was taken.
    pub at: Moment,
    /// Who wrote it.
    pub layout: Layout,
    /// Why it was taken.
    pub reason: String,
    /// What it holds.
    pub contents: Contents,
    /// The digest of what it holds.
    pub digest: String,
    /// The versions that were read, where they are known.
    pub versions: BTreeMap<Part, Version>,
    /// What is odd about it, though it can be read.
    pub doubts: Vec<String>,
}

impl Archive {
    /// Reads an archive of any layout.
    ///
    /// # Errors
    /// What is wrong with it, if it cannot be read or is not whole.
    pub fn decode(instance: &InstanceId, path: &str, data: &JsonObject) -> Result<Self, Fault> {
        let read = match data.text("format") {
            Some(format) if format == FORMAT => own(instance, path, data),
            Some(format) if format.starts_with(FAMILY) => {
                Err("a newer version wrote it; read it with that one".to_owned())
            }
            _ => legacy::decode(instance, path, data),
        };
        read.map_err(|why| Fault { path: path.to_owned(), why })
    }

    /// Whether we wrote it: only then may it be removed.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.layout == Layout::Own
    }
}

/// Whether a secret carries our mark, whole or not, of any version.
pub(super) fn bears_our_mark(data: &JsonObject) -> bool {
    data.text("format").is_some_and(|format| format.starts_with(FAMILY))
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    instance: &'a str,
    timestamp: u64,
    taken_at: Moment,
    reason: &'a str,
    sha256: &'a str,
    versions: BTreeMap<&'static str, u64>,
    bytes: usize,
    content: String,
}

/// The secret of an archive.
pub(super) fn encode(snapshot: &Snapshot<'_>, digest: &str, second: u64) -> JsonObject {
    let text = snapshot.contents.to_text();
    let written = Written {
        format: FORMAT,
        instance: snapshot.instance.as_str(),
        timestamp: second,
        taken_at: snapshot.at,
        reason: snapshot.reason,
        sha256: digest,
        versions: snapshot.versions.iter().map(|(part, version)| (part.name(), version.0)).collect(),
        bytes: text.len(),
        content: pack(&text),
    };
    JsonObject::parse(crate::model::json::raw(&written).get()).expect("a struct is an object")
}

fn own(instance: &InstanceId, path: &str, data: &JsonObject) -> Result<Archive, String> {
    let text_of =
        |field: &str| data.text(field).ok_or_else(|| format!("its field `{field}` is missing or no text"));
    let number_of = |field: &str| {
        let number = data.raw(field).and_then(|raw| raw.get().parse::<u64>().ok());
        number.ok_or_else(|| format!("its field `{field}` is missing or no whole number"))
    };
    let second = number_of("timestamp")?;
    if path.rsplit('/').next() != Some(second.to_string().as_str()) {
        return Err("its time is not that of its path".to_owned());
    }
    if !InstanceId::new(text_of("instance")?).is_ok_and(|named| named == *instance) {
        return Err("it is of another instance".to_owned());
    }
    let text = unpack(&text_of("content")?, LONGEST)?;
    if text.len() as u64 != number_of("bytes")? {
        return Err("its content is not as long as it says".to_owned());
    }
    let contents = Contents::parse(&text)?;
    let digest = contents.digest();
    if text_of("sha256")? != digest {
        return Err("its content is not the one its digest was made of".to_owned());
    }
    let versions = data.raw("versions").map(|raw| serde_json::from_str::<BTreeMap<String, u64>>(raw.get()));
    let versions = versions.and_then(Result::ok).unwrap_or_default();
    let known = Part::ALL.into_iter().filter_map(|part| Some((part, Version(*versions.get(part.name())?))));
    Ok(Archive {
        path: path.to_owned(),
        at: Moment(second),
        layout: Layout::Own,
        reason: text_of("reason")?,
        versions: known.collect(),
        contents,
        digest,
        doubts: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (InstanceId, JsonObject) {
        let instance = InstanceId::new("a").unwrap();
        let object = JsonObject::parse(r#"{"plan_id":"p","secret":"hunter2"}"#).unwrap();
        let snapshot = Snapshot {
            instance: &instance,
            contents: Contents::new().with(Part::Root, Some(&object)),
            versions: BTreeMap::from([(Part::Root, Version(7))]),
            replaced: Vec::new(),
            reason: "run",
            at: Moment(99),
        };
        let data = encode(&snapshot, &snapshot.contents.digest(), 100);
        (instance, data)
    }

    #[test]
    fn an_archive_reads_as_it_was_written() {
        let (instance, data) = written();
        let archive = Archive::decode(&instance, "a/backups/100", &data).unwrap();
        assert_eq!((archive.at, archive.reason.as_str()), (Moment(100), "run"));
        assert_eq!(archive.versions[&Part::Root], Version(7));
        assert_eq!(archive.contents.get(Part::Root).unwrap().text("secret").as_deref(), Some("hunter2"));
    }

    #[test]
    fn whatever_is_not_right_is_told_and_no_value_shown() {
        let (instance, data) = written();
        let with = |field: &str, value: &str| {
            let mut data = data.clone();
            data.set(field, serde_json::value::RawValue::from_string(value.to_owned()).unwrap());
            data
        };
        let other = format!("\"{}\"", pack(r#"{"root":{"plan_id":"hunter2"}}"#));
        let cases = [
            (with("format", "\"reconciler-backup/2\""), "newer version"),
            (with("instance", "\"b\""), "another instance"),
            (with("timestamp", "101"), "not that of its path"),
            (with("bytes", "1"), "not as long"),
            (with("sha256", "\"0\""), "digest"),
            (with("content", "7"), "missing or no text"),
            (with("content", &other), "not as long"),
        ];
        for (data, why) in cases {
            let fault = Archive::decode(&instance, "a/backups/100", &data).unwrap_err().to_string();
            assert!(fault.contains(why) && fault.contains("a/backups/100"), "{fault}");
            assert!(!fault.contains("hunter"), "{fault}");
        }
    }
}
