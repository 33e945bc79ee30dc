//! All that a store holds, and what may have become of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::backup::Archive;
use reconciler_core::model::{InstanceId, JsonObject};
use reconciler_core::ports::{SecretStore, Slot, Version};
use reconciler_tests::vault::FakeVault;
use serde_json::{Map, Value};

/// The secrets of a store with their versions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Books(BTreeMap<String, (u64, Value)>);

/// Stands for the time of a run, in all its spellings.
const TIME: &str = "<time of a run>";

impl Books {
    /// Reads a store.
    pub(super) async fn of(store: &dyn SecretStore) -> Self {
        let mut books = Self::default();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for name in store.list(folder.trim_end_matches('/')).await.unwrap() {
                let path = format!("{folder}{name}");
                if path.ends_with('/') {
                    folders.push(path);
                } else if let Slot::Present { version, data } = store.read(&path).await.unwrap() {
                    books.0.insert(path, (version.0, serde_json::from_str(&data.to_text()).unwrap()));
                }
            }
        }
        books
    }

    /// Looks into a fake.
    pub(super) fn of_fake(fake: &FakeVault) -> Self {
        let found = fake.paths().into_iter().filter_map(|path| {
            let data = fake.secret(&path)?;
            let version = fake.version(&path);
            Some((path, (version, data)))
        });
        Self(found.collect())
    }

    /// A fake that holds them.
    pub(super) fn in_fake(&self) -> FakeVault {
        let fake = FakeVault::plain();
        for (path, (version, data)) in &self.0 {
            for _ in 0..*version {
                fake.put(path, data.clone());
            }
        }
        fake
    }

    /// A store in memory that holds them.
    pub(super) async fn in_memory(&self) -> Arc<SqliteStore> {
        let store = SqliteStore::open_in_memory().unwrap();
        for (path, (version, data)) in &self.0 {
            let data = JsonObject::parse(&data.to_string()).unwrap();
            for version in 0..*version {
                store.write(path, &data, Version(version)).await.unwrap();
            }
        }
        Arc::new(store)
    }

    /// Adds a secret, or a version of it.
    pub(super) fn put(&mut self, path: &str, data: Value) {
        let version = self.version(path) + 1;
        self.0.insert(path.to_owned(), (version, data));
    }

    /// Takes out all secrets of an instance.
    pub(super) fn remove_below(&mut self, instance: &str) {
        self.0.retain(|path, _| path.split('/').next() != Some(instance));
    }

    /// Takes out a secret.
    pub(super) fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    pub(super) fn data(&self, path: &str) -> Option<&Value> {
        self.0.get(path).map(|(_, data)| data)
    }

    pub(super) fn version(&self, path: &str) -> u64 {
        self.0.get(path).map_or(0, |(version, _)| *version)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many versions were written since, archives apart.
    pub(super) fn writes_since(&self, before: &Self) -> (u64, u64) {
        let written = |archives: bool| {
            let paths = self.paths().filter(|path| is_archive(path) == archives);
            paths.map(|path| self.version(path) - before.version(path)).sum()
        };
        (written(false), written(true))
    }

    /// Without the times of these runs, archives unpacked.
    ///
    /// # Panics
    /// If two archives of an instance differ in nothing but the time: one of
    /// them is doubled.
    pub(super) fn timeless(&self, runs: &[DateTime<Utc>]) -> BTreeMap<String, Value> {
        let mut timeless = BTreeMap::new();
        for (path, (_, data)) in &self.0 {
            let (path, data) =
                if is_archive(path) { unpacked(path, data, runs) } else { (path.clone(), data.clone()) };
            let data = without_times(data, runs);
            assert!(timeless.insert(path.clone(), data).is_none(), "{path} is doubled");
        }
        timeless
    }
}

pub(super) fn is_archive(path: &str) -> bool {
    path.contains("/backups/")
}

/// An archive by its content: whatever second it was taken at, the same content
/// is the same archive.
fn unpacked(path: &str, data: &Value, runs: &[DateTime<Utc>]) -> (String, Value) {
    let instance = InstanceId::new(path.split('/').next().unwrap()).unwrap();
    let secret = JsonObject::parse(&data.to_string()).unwrap();
    let archive = Archive::decode(&instance, path, &secret).unwrap();
    let second = i64::try_from(archive.at.0).unwrap();
    // A second that was taken moves an archive by one.
    let is_of_run = runs.iter().any(|run| (0..3).contains(&(second - run.timestamp())));
    let content: Value = serde_json::from_str(&archive.contents.to_text()).unwrap();
    let folder = path.rsplit_once('/').unwrap().0;
    let name = if is_of_run { TIME.to_owned() } else { second.to_string() };
    (format!("{folder}/{name}"), content)
}

fn without_times(value: Value, runs: &[DateTime<Utc>]) -> Value {
    let is_time = |text: &str| {
        let spellings = runs.iter().flat_map(|run| {
            [SecondsFormat::Secs, SecondsFormat::Millis].map(|form| run.to_rfc3339_opts(form, true))
        });
        spellings.into_iter().any(|spelling| spelling == text)
    };
    match value {
        Value::Number(number) if runs.iter().any(|run| number.as_i64() == Some(run.timestamp())) => {
            TIME.into()
        }
        Value::String(text) if is_time(&text) => TIME.into(),
        Value::Array(items) => items.into_iter().map(|item| without_times(item, runs)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(field, value)| (field, without_times(value, runs)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// Where something is neither as it was before nor as it is after an
/// undisturbed run: something was lost, or made up.
pub(super) fn astray(
    before: &BTreeMap<String, Value>,
    now: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Vec<String> {
    let object = |books: &BTreeMap<String, Value>| {
        Value::Object(books.iter().map(|(path, data)| (path.clone(), data.clone())).collect())
    };
    let mut places = Vec::new();
    look(&mut places, "", Some(&object(before)), Some(&object(now)), Some(&object(after)));
    places
}

fn look(
    places: &mut Vec<String>,
    at: &str,
    before: Option<&Value>,
    now: Option<&Value>,
    after: Option<&Value>,
) {
    if now == before || now == after {
        return;
    }
    let empty = Map::new();
    let fields = |value: Option<&'_ Value>| -> Option<Map<String, Value>> {
        match value {
            None => Some(empty.clone()),
            Some(Value::Object(fields)) => Some(fields.clone()),
            Some(_) => None,
        }
    };
    match (fields(before), fields(now), fields(after)) {
        // An object that is neither there nor gone altogether is looked into.
        (Some(before), Some(now), Some(after)) if !now.is_empty() || before.is_empty() => {
            let names: BTreeSet<&String> = before.keys().chain(now.keys()).chain(after.keys()).collect();
            for name in names {
                look(places, &format!("{at}/{name}"), before.get(name), now.get(name), after.get(name));
            }
        }
        _ => places.push(at.to_owned()),
    }
}
