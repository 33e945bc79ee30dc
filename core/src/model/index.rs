//! Blacksmith's index: the one secret that lists all instances.

use std::collections::HashMap;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::recognise::{plan_before, split_trailing_uuid};
use super::{Identity, InstanceId, JsonObject, PlanId, ServiceId};

/// The entry of one instance.
///
/// Three programs write entries, each in a shape of its own; what they have in
/// common is read here, everything is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexEntry {
    /// The instance, spelled as the index spells it.
    pub instance: InstanceId,
    /// All fields, as they stand.
    pub fields: JsonObject,
    service: Option<ServiceId>,
    plan: Option<PlanId>,
}

impl IndexEntry {
    /// The entry of an instance with these fields.
    #[must_use]
    pub fn new(instance: InstanceId, fields: JsonObject) -> Self {
        let service = fields.text("service_id").and_then(|id| ServiceId::new(id).ok());
        let plan = fields.text("plan_id").and_then(|id| PlanId::new(id).ok());
        Self { instance, fields, service, plan }
    }

    /// The service the entry names, if it names one.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceId> {
        self.service.as_ref()
    }

    /// The plan the entry names, if it names one.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    /// Service, plan and instance, if the entry names both.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        Some(Identity {
            instance: self.instance.clone(),
            service: self.service.clone()?,
            plan: self.plan.clone()?,
        })
    }
}

/// All instances Blacksmith knows of.
#[derive(Debug, Clone, Default)]
pub struct Index {
    entries: Vec<IndexEntry>,
    /// Members that are no instance's entry: they are kept and never read.
    others: JsonObject,
    by_instance: HashMap<InstanceId, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    /// The places of the entries by their folded ids, made when first asked.
    sorted: OnceLock<Vec<usize>>,
}

impl Index {
    /// Reads the index out of its secret.
    ///
    /// # Errors
    /// If the text is not a JSON object; the message gives the place.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self::from_object(&JsonObject::parse(text)?))
    }

    /// Reads the index out of its secret. A member whose key cannot be an
    /// instance's id, or whose value is not an object, is kept and not read.
    #[must_use]
    pub fn from_object(object: &JsonObject) -> Self {
        let mut index = Self::default();
        for (key, value) in object.iter() {
            let entry = InstanceId::new(key).ok().zip(JsonObject::parse(value.get()).ok());
            match entry {
                Some((instance, fields)) => index.insert(IndexEntry::new(instance, fields)),
                None => index.others.set(key, value.to_owned()),
            }
        }
        index
    }

    fn insert(&mut self, entry: IndexEntry) {
        let at = self.entries.len();
        self.by_instance.entry(entry.instance.clone()).or_default().push(at);
        if let Some(plan) = entry.plan() {
            let name = format!("{plan}-{}", entry.instance.folded());
            self.by_name.entry(name).or_default().push(at);
        }
        self.entries.push(entry);
    }

    /// The entries, in the order of the secret.
    #[must_use]
    pub fn entries(&self) -> &[IndexEntry] {
        &self.entries
    }

    /// Identifies what decisions take from the index: the instances, each with
    /// service and plan, in any order. Stamps and all else in an entry do not count.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut named: Vec<[&str; 3]> = self.entries.iter().map(named).collect();
        named.sort_unstable();
        let mut hasher = Sha256::new();
        for text in named.as_flattened() {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        super::digest::hex(&hasher.finalize()[..8])
    }

    /// Members that are no instance's entry.
    #[must_use]
    pub fn others(&self) -> &JsonObject {
        &self.others
    }

    /// Whether an instance's key holds something that is no entry.
    #[must_use]
    pub fn has_other(&self, instance: &InstanceId) -> bool {
        self.others.iter().any(|(key, _)| InstanceId::new(key).is_ok_and(|other| other == *instance))
    }

    /// How many instances there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no instance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of an instance; the case of a UUID does not count, unless the
    /// index has the UUID in several spellings.
    #[must_use]
    pub fn entry(&self, instance: &InstanceId) -> Option<&IndexEntry> {
        let places = self.by_instance.get(instance)?;
        let spelled = places.iter().find(|at| self.entries[**at].instance.as_str() == instance.as_str());
        spelled.or(places.first()).map(|at| &self.entries[*at])
    }

    /// How many entries there are for an instance: more than one only if a UUID
    /// stands there in several spellings.
    #[must_use]
    pub fn spellings(&self, instance: &InstanceId) -> usize {
        self.by_instance.get(instance).map_or(0, Vec::len)
    }

    /// Whether an entry names a service or a plan so.
    #[must_use]
    pub fn has_plan_or_service(&self, id: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.plan().is_some_and(|plan| plan.as_str() == id)
                || entry.service().is_some_and(|service| service.as_str() == id)
        })
    }

    /// The entries whose deployment the broker would give exactly that name.
    /// More than one only if plan ids and instance ids can be cut in two ways.
    pub fn expecting(&self, deployment: &str) -> impl Iterator<Item = &IndexEntry> {
        let folded = split_trailing_uuid(deployment)
            .filter(|(_, uuid)| uuid.text.bytes().any(|b| b.is_ascii_uppercase()))
            .map(|(stem, uuid)| format!("{stem}-{}", uuid.text.to_ascii_lowercase()));
        let exact = self.by_name.get(deployment);
        let other = folded.and_then(|name| self.by_name.get(&name));
        exact.into_iter().chain(other).flatten().map(|at| &self.entries[*at])
    }

    /// The entry whose id ends the name after a hyphen, with what stands before
    /// it. The longest id wins.
    #[must_use]
    pub fn ending<'n>(&self, name: &'n str) -> Option<(&'n str, &IndexEntry)> {
        name.match_indices('-').find_map(|(at, _)| {
            let entry = self.entry(&InstanceId::new(&name[at + 1..]).ok()?)?;
            Some((plan_before(name, &entry.instance)?, entry))
        })
    }

    /// The entries whose id begins with that text, by id; the case of a UUID
    /// does not count.
    pub fn beginning(&self, text: &str) -> impl Iterator<Item = &IndexEntry> {
        let sorted = self.sorted.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.entries.len()).collect();
            places.sort_by_key(|at| self.entries[*at].instance.folded());
            places
        });
        let entries = |beginning: String| {
            let first = sorted.partition_point(|at| self.entries[*at].instance.folded() < beginning.as_str());
            let behind = sorted[first..].iter().map(|at| &self.entries[*at]);
            behind.take_while(move |entry| entry.instance.folded().starts_with(&beginning))
        };
        let lower = text.bytes().any(|b| b.is_ascii_uppercase()).then(|| text.to_ascii_lowercase());
        let uuids = lower.into_iter().flat_map(entries).filter(|entry| entry.instance.is_uuid());
        entries(text.to_owned()).chain(uuids)
    }
}

/// The instance, service and plan that an entry names; no id is empty.
fn named(entry: &IndexEntry) -> [&str; 3] {
    let service = entry.service().map_or("", ServiceId::as_str);
    [entry.instance.as_str(), service, entry.plan().map_or("", PlanId::as_str)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

    fn index(text: &str) -> Index {
        Index::parse(text).unwrap()
    }

    #[test]
    fn a_fingerprint_tells_what_decisions_see_and_nothing_else() {
        let one = r#"{"a":{"service_id":"redis","plan_id":"small"},"b":{}}"#;
        let same = r#"{"b":{"status":"live"},"a":{"plan_id":"small","service_id":"redis","at":1},"c":null}"#;
        assert_eq!(index(one).fingerprint(), index(same).fingerprint());
        for other in [
            "{}",
            r#"{"a":{"service_id":"redis","plan_id":"small"}}"#,
            r#"{"a":{"service_id":"redis","plan_id":"large"},"b":{}}"#,
            r#"{"a":{"service_id":"redis"},"b":{"plan_id":"small"}}"#,
            r#"{"A":{"service_id":"redis","plan_id":"small"},"b":{}}"#,
        ] {
            assert_ne!(index(one).fingerprint(), index(other).fingerprint(), "{other}");
        }
    }

    #[test]
    fn an_entry_expects_the_name_made_of_its_plan_and_its_id_in_any_case_of_a_uuid() {
        let upper = U.to_uppercase();
        let index = index(&format!(
            r#"{{"{upper}":{{"plan_id":"redis-small","service_id":"redis"}},"tesla":{{"plan_id":"p-q","service_id":"p"}}}}"#
        ));
        for name in [format!("redis-small-{U}"), format!("redis-small-{upper}")] {
            let found: Vec<_> = index.expecting(&name).map(|e| e.instance.as_str()).collect();
            assert_eq!(found, [upper.as_str()], "{name}");
        }
        assert_eq!(index.expecting("p-q-tesla").count(), 1);
        assert_eq!(index.expecting("p-q-Tesla").count(), 0);
    }

    #[test]
    fn what_is_no_entry_is_kept_apart_and_never_lost() {
        let index = index(r#"{"a":null,"b":{},"..":{"x":1},"c":[1]}"#);
        assert_eq!(index.len(), 1);
        let others: Vec<_> = index.others().iter().map(|(k, _)| k).collect();
        assert_eq!(others, ["a", "..", "c"]);
        assert!(index.entries()[0].identity().is_none());
        let has_other = |id| index.has_other(&InstanceId::new(id).unwrap());
        assert!(has_other("a") && has_other("c") && !has_other("b") && !has_other("d"));
    }

    #[test]
    fn of_several_spellings_of_a_uuid_the_one_that_is_asked_for_is_found() {
        let upper = U.to_uppercase();
        let index = index(&format!(r#"{{"{upper}":{{}},"{U}":{{}}}}"#));
        for id in [U, upper.as_str()] {
            assert_eq!(index.entry(&InstanceId::new(id).unwrap()).unwrap().instance.as_str(), id);
        }
        assert_eq!(index.spellings(&InstanceId::new(U).unwrap()), 2);
    }

    #[test]
    fn the_longest_known_id_at_the_end_is_found() {
        let index = index(r#"{"tesla":{},"old-tesla":{}}"#);
        let (stem, entry) = index.ending("prod-old-tesla").unwrap();
        assert_eq!((stem, entry.instance.as_str()), ("prod", "old-tesla"));
        assert!(index.ending("tesla").is_none());
    }

    #[test]
    fn entries_are_found_by_the_beginning_of_their_ids() {
        let upper = U.to_uppercase();
        let index = index(&format!(r#"{{"tesla":{{}},"{upper}":{{}},"1b4e28ba-x":{{}},"Tesla":{{}}}}"#));
        let found = |text: &str| -> Vec<String> {
            index.beginning(text).map(|entry| entry.instance.to_string()).collect()
        };
        assert_eq!(found("1b4e28ba"), [upper.as_str(), "1b4e28ba-x"]);
        assert_eq!(found("1B4E28BA-2"), [upper.as_str()]);
        assert_eq!(found("tes"), ["tesla"]);
        assert_eq!(found("Tes"), ["Tesla"]);
        assert_eq!(found("x"), [] as [String; 0]);
    }

    #[test]
    fn a_name_that_can_be_cut_two_ways_finds_both_entries() {
        let index = index(
            r#"{"small-x":{"plan_id":"redis","service_id":"r"},"x":{"plan_id":"redis-small","service_id":"r"}}"#,
        );
        assert_eq!(index.expecting("redis-small-x").count(), 2);
    }
}
