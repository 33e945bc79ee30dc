//! Events: ids that grow, pages of 200 newest first, filters with their traps,
//! pruning.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value, json};

use super::exchange::{Answer, Request};
use super::state::DirectorState;

/// An event.
#[derive(Debug, Clone, Default)]
pub struct FakeEvent {
    /// Its number.
    pub id: u64,
    /// The event it belongs to.
    pub parent_id: Option<u64>,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Who did it.
    pub user: String,
    /// `create`, `update`, `delete`, `acquire`, ….
    pub action: String,
    /// `deployment`, `lock`, `vm`, ….
    pub object_type: String,
    /// The object's name.
    pub object_name: String,
    /// The task it belongs to.
    pub task: String,
    /// The deployment it belongs to.
    pub deployment: String,
    /// The error it ended with.
    pub error: String,
}

/// How many events a page holds.
const PAGE: usize = 200;

impl FakeEvent {
    pub(super) fn from_json(row: &Value) -> Option<Self> {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| row[key].as_str()?.parse().ok();
        Some(Self {
            id: number("id")?,
            parent_id: number("parent_id"),
            timestamp: row["timestamp"].as_i64()?,
            user: text("user"),
            action: text("action"),
            object_type: text("object_type"),
            object_name: text("object_name"),
            task: text("task"),
            deployment: text("deployment"),
            error: text("error"),
        })
    }

    /// Ids are strings, the time is a number, and what is empty is left out.
    pub(super) fn to_json(&self) -> Value {
        let mut row = Map::new();
        row.insert("id".into(), json!(self.id.to_string()));
        if let Some(parent) = self.parent_id {
            row.insert("parent_id".into(), json!(parent.to_string()));
        }
        row.insert("timestamp".into(), json!(self.timestamp));
        for (key, value) in [
            ("user", &self.user),
            ("action", &self.action),
            ("object_type", &self.object_type),
            ("object_name", &self.object_name),
            ("error", &self.error),
            ("task", &self.task),
            ("deployment", &self.deployment),
        ] {
            if !value.is_empty() {
                row.insert(key.into(), json!(value));
            }
        }
        row.insert("context".into(), json!({}));
        Value::Object(row)
    }

    fn field(&self, name: &str) -> &str {
        match name {
            "task" => &self.task,
            "deployment" => &self.deployment,
            "user" => &self.user,
            "action" => &self.action,
            "object_type" => &self.object_type,
            "object_name" => &self.object_name,
            _ => "",
        }
    }
}

impl DirectorState {
    /// Adds an event with the next number, which it gives.
    pub fn record(&mut self, event: FakeEvent) -> u64 {
        let id = self.events.last().map_or(1, |last| last.id + 1);
        self.events.push(FakeEvent { id, ..event });
        id
    }

    /// Removes the oldest events beyond `max_events`, as the hourly task does.
    pub fn prune_events(&mut self) {
        let surplus = self.events.len().saturating_sub(self.max_events);
        self.events.drain(..surplus);
    }

    pub(super) fn event_list(&self, request: &Request) -> Answer {
        let mut bounds = [None, None];
        for (bound, (parameter, name)) in
            bounds.iter_mut().zip([("before_time", "before"), ("after_time", "after")])
        {
            if let Some(text) = request.query(parameter) {
                let Some(at) = parse_time(text) else {
                    let words = format!("Invalid {name} parameter: '{text}' ");
                    return Answer::plain_as_json(400, &words);
                };
                *bound = Some(at);
            }
        }
        let [before_time, after_time] = bounds;
        let before_id = match request.query("before_id").map(leading_number) {
            // The database refuses a number of that size.
            Some(None) => return Answer::plain_as_json(500, ""),
            Some(found) => found,
            None => None,
        };
        let page: Vec<Value> = self
            .events
            .iter()
            .rev()
            .filter(|event| before_id.is_none_or(|id| event.id < id))
            .filter(|event| before_time.is_none_or(|at| event.timestamp < at))
            // The second that is named is left out as well.
            .filter(|event| after_time.is_none_or(|at| event.timestamp > at))
            .filter(|event| {
                ["task", "deployment", "user", "action", "object_type", "object_name"]
                    .iter()
                    .all(|name| request.query(name).is_none_or(|want| event.field(name) == want))
            })
            .take(PAGE)
            .map(FakeEvent::to_json)
            .collect();
        Answer::json(200, &Value::from(page))
    }
}

/// The digits in front, 0 if there are none; `None` if too many.
fn leading_number(text: &str) -> Option<u64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse::<i64>().ok().map(i64::unsigned_abs)
}

/// A time as the Director takes it. A plus that was not encoded is a space.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp());
    }
    DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok().map(|at| at.timestamp())
}
