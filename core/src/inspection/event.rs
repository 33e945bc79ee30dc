//! What happened to instances: the histories in their metadata, whoever wrote
//! them.

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{self, StreamExt};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::verify::Unread;
use crate::model::{Index, InstanceId, JsonObject, layout};
use crate::ports::SecretStore;

/// How many histories are read at once.
const AT_ONCE: usize = 8;

/// Something that happened to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The instance.
    pub instance: InstanceId,
    /// When, if the entry tells it in any form.
    #[serde(serialize_with = "as_text")]
    pub at: Option<DateTime<Utc>>,
    /// What was done, in its writer's word.
    pub action: String,
    /// The same for people.
    pub description: String,
    /// Who noted it. The broker does not sign.
    pub source: String,
}

/// The history of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The events, oldest first, as they stand there.
    pub events: Vec<Event>,
    /// How many entries are none that can be read.
    pub odd: usize,
}

/// The histories of several instances.
#[derive(Debug)]
pub struct Histories {
    /// The events, newest first; those without a time follow their neighbours.
    pub events: Vec<Event>,
    /// How many entries of them are none that can be read.
    pub odd: usize,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

fn as_text<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).serialize(serializer)
}

/// The history in the metadata of an instance.
#[must_use]
pub fn history_of(instance: &InstanceId, metadata: &JsonObject) -> History {
    let mut history = History { events: Vec::new(), odd: 0 };
    let Some(there) = metadata.raw("history").filter(|there| there.get() != "null") else { return history };
    let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(there.get()) else {
        history.odd = 1;
        return history;
    };
    for entry in entries {
        match JsonObject::parse(entry.get()) {
            Ok(entry) => history.events.push(event(instance, &entry)),
            Err(_) => history.odd += 1,
        }
    }
    history
}

fn event(instance: &InstanceId, entry: &JsonObject) -> Event {
    let text = |field: &str| entry.text(field).unwrap_or_default();
    Event {
        instance: instance.clone(),
        at: ["timestamp", "iso_timestamp"].into_iter().find_map(|field| time(entry, field)),
        action: text("action"),
        description: text("description"),
        source: entry.text("source").unwrap_or_else(|| "broker".to_owned()),
    }
}

/// A time in any of the forms there are: seconds as a number, whole or not, also
/// as text, or RFC 3339.
fn time(entry: &JsonObject, field: &str) -> Option<DateTime<Utc>> {
    let text = entry.text(field).unwrap_or_else(|| entry.raw(field).map_or("", RawValue::get).to_owned());
    if let Ok(at) = DateTime::parse_from_rfc3339(text.trim()) {
        return Some(at.with_timezone(&Utc));
    }
    let seconds: f64 = text.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond i64 saturates and is no time then")]
    DateTime::from_timestamp(seconds.floor() as i64, 0)
}

/// Reads the histories of all instances in the index. One that cannot be read is
/// told as such.
pub async fn histories(store: &dyn SecretStore, index: &Index) -> Histories {
    let instances: Vec<InstanceId> = index.entries().iter().map(|entry| entry.instance.clone()).collect();
    let read = stream::iter(instances)
        .map(|instance| async move {
            let slot = store.read(&layout::metadata(&instance)).await;
            (instance, slot)
        })
        .buffered(AT_ONCE);
    let mut read = std::pin::pin!(read);
    let mut histories = Histories { events: Vec::new(), odd: 0, unread: Vec::new() };
    while let Some((instance, slot)) = read.next().await {
        match slot {
            Ok(slot) => {
                let Some(metadata) = slot.data() else { continue };
                let history = history_of(&instance, metadata);
                histories.odd += history.odd;
                histories.events.extend(history.events);
            }
            Err(error) => histories.unread.push(Unread::of(layout::metadata(&instance), &error)),
        }
    }
    // Stable: what has the same time, or none, keeps its order.
    histories.events.reverse();
    histories.events.sort_by_key(|event| std::cmp::Reverse(event.at));
    histories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_every_writer_are_read_with_times_of_every_form() {
        let metadata = r#"{"history":[
            {"timestamp":1748519660,"action":"provision","description":"by the broker"},
            {"timestamp":1.74851966e9,"action":"a"}, {"timestamp":"1748519660","action":"b"},
            {"iso_timestamp":"2025-05-29T13:54:20+02:00","action":"c","source":"deployment_reconciler"},
            {"action":"without a time"}, 3, null]}"#;
        let instance = InstanceId::new("a").unwrap();
        let history = history_of(&instance, &JsonObject::parse(metadata).unwrap());
        assert_eq!((history.events.len(), history.odd), (5, 2));
        let at = "2025-05-29T11:54:20Z".parse().ok();
        assert!(history.events[..4].iter().all(|event| event.at == at), "{history:?}");
        assert_eq!(history.events[4].at, None);
        let sources: Vec<_> = history.events.iter().map(|event| event.source.as_str()).collect();
        assert_eq!(sources, ["broker", "broker", "broker", "deployment_reconciler", "broker"]);
    }

    #[test]
    fn a_history_that_is_no_list_is_odd_and_none_is_empty() {
        let instance = InstanceId::new("a").unwrap();
        for (metadata, odd) in [(r#"{"history":{"x":1}}"#, 1), (r#"{"history":null}"#, 0), ("{}", 0)] {
            let history = history_of(&instance, &JsonObject::parse(metadata).unwrap());
            assert_eq!((history.events.len(), history.odd), (0, odd), "{metadata}");
        }
    }
}
