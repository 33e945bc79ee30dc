//! Reads the archives of three older layouts. They are put back like our own,
//! and never removed.

use std::collections::BTreeMap;

use super::archive::{Archive, Layout};
use super::contents::{Contents, Part};
use super::pack::{LONGEST, unpack};
use super::when::Moment;
use crate::model::digest::of_text;
use crate::model::{InstanceId, JsonObject};

/// What paths in a bundle begin with: the mount that Blacksmith uses.
const MOUNT: &str = "secret/";

/// Reads an archive that does not bear our mark.
pub(super) fn decode(instance: &InstanceId, path: &str, data: &JsonObject) -> Result<Archive, String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let at = moment(data, name).ok_or_else(|| "it does not say when it was taken".to_owned())?;
    let bundle = data.text("archive");
    let layout = match (path.starts_with("backups/"), is_digest(name)) {
        (true, _) => Layout::Bundled,
        (false, true) => Layout::Hashed,
        (false, false) => Layout::Timestamped,
    };
    let mut doubts = Vec::new();
    let contents = match &bundle {
        Some(bundle) => {
            if is_digest(name) && of_text(bundle) != name {
                doubts.push("its name is not the digest of its content".to_owned());
            }
            bundled(instance, bundle, &mut doubts)?
        }
        None => side_by_side(data)?,
    };
    if contents.is_empty() {
        return Err("it holds none of the record, manifest, metadata and index entry".to_owned());
    }
    Ok(Archive {
        path: path.to_owned(),
        at,
        layout,
        reason: data.text("backup_reason").unwrap_or_else(|| "unknown".to_owned()),
        digest: contents.digest(),
        contents,
        versions: BTreeMap::new(),
        doubts,
    })
}

/// Whether a name is a SHA-256 digest.
pub(super) fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn moment(data: &JsonObject, name: &str) -> Option<Moment> {
    let field = |field: &str| number(data.raw(field)?.get());
    let named = || name.parse().ok().filter(|_| !is_digest(name));
    let dated = || Moment::parse(&data.text("backup_date")?).map(|moment| moment.0);
    named().or_else(|| field("backup_timestamp")).or_else(|| field("timestamp")).or_else(dated).map(Moment)
}

/// A whole number, also as Go writes a large one: `1.755e+09`.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let float: f64 = text.parse().ok()?;
        // The cast saturates; what is lost beyond 2^53 is no time.
        (float.is_finite() && float >= 0.0).then_some(float as u64)
    })
}

/// `index`, `metadata`, `manifest` as fields, each an object as it stood.
fn side_by_side(data: &JsonObject) -> Result<Contents, String> {
    let mut contents = Contents::new();
    for part in Part::ALL {
        match data.raw(part.name()).map(|raw| raw.get()) {
            None | Some("null") => {}
            Some(text) => {
                let object = JsonObject::parse(text);
                let object =
                    object.map_err(|_| format!("its part `{}` is not a JSON object", part.name()))?;
                contents = contents.with(part, Some(&object));
            }
        }
    }
    Ok(contents)
}

/// A packed object from path to secret. Only what we may write is taken out of
/// it; the credentials beside it are not looked at.
fn bundled(instance: &InstanceId, bundle: &str, doubts: &mut Vec<String>) -> Result<Contents, String> {
    let text = unpack(bundle, LONGEST)?;
    let secrets = JsonObject::parse(&text).map_err(|_| "its content is not a JSON object".to_owned())?;
    let mut contents = Contents::new();
    let mut others = 0;
    for (path, value) in secrets.iter() {
        let path = path.strip_prefix(MOUNT).unwrap_or(path);
        let part = [Part::Root, Part::Manifest, Part::Metadata].into_iter();
        let Some(part) = part.into_iter().find(|part| part.path(instance).eq_ignore_ascii_case(path)) else {
            others += 1;
            continue;
        };
        let object = JsonObject::parse(value.get());
        let object = object.map_err(|_| format!("its part `{}` is not a JSON object", part.name()))?;
        contents = contents.with(part, Some(&object));
    }
    if contents.is_empty() && others > 0 {
        doubts.push(format!("its {others} secrets are none that may be put back"));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::super::pack::pack;
    use super::*;

    fn instance() -> InstanceId {
        InstanceId::new("a").unwrap()
    }

    #[test]
    fn a_time_is_found_in_the_name_or_a_field_in_any_spelling() {
        let sha = "0".repeat(64);
        for (name, text, expected) in [
            ("1755600000", "{}", Some(1_755_600_000)),
            (sha.as_str(), r#"{"timestamp":1755600000}"#, Some(1_755_600_000)),
            (sha.as_str(), r#"{"timestamp":1.7556e+09}"#, Some(1_755_600_000)),
            (sha.as_str(), r#"{"backup_date":"2025-08-19T10:40:00Z"}"#, Some(1_755_600_000)),
            (sha.as_str(), r#"{"timestamp":"soon"}"#, None),
            ("index", "{}", None),
        ] {
            let data = JsonObject::parse(text).unwrap();
            assert_eq!(moment(&data, name), expected.map(Moment), "{name} {text}");
        }
    }

    #[test]
    fn a_bundle_gives_only_what_may_be_put_back() {
        let bundle =
            pack(r#"{"secret/a/metadata":{"n":1.10},"secret/a/credentials":{"p":"hunter2"},"secret/a":{}}"#);
        let path = format!("backups/a/{}", of_text(&bundle));
        let mut data = JsonObject::new();
        data.set_value("timestamp", &7);
        data.set_value("archive", &bundle);
        let archive = decode(&instance(), &path, &data).unwrap();
        let parts: Vec<_> = archive.contents.parts().map(|(part, object)| (part, object.to_text())).collect();
        assert_eq!(parts, [(Part::Root, "{}".to_owned()), (Part::Metadata, r#"{"n":1.10}"#.to_owned())]);
        assert!(archive.doubts.is_empty() && archive.layout == Layout::Bundled);
        let renamed = format!("backups/a/{}", "0".repeat(64));
        assert_eq!(decode(&instance(), &renamed, &data).unwrap().doubts.len(), 1);
    }

    #[test]
    fn what_holds_nothing_of_ours_is_no_archive() {
        for text in
            [r#"{"backups":[1,2],"timestamp":3}"#, r#"{"timestamp":3,"archive":"x"}"#, r#"{"index":7}"#]
        {
            let data = JsonObject::parse(text).unwrap();
            assert!(decode(&instance(), "a/backups/3", &data).is_err(), "{text}");
        }
    }
}
