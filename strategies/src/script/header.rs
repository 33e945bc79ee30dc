//! What a script says about itself: the map that `strategy()` returns.

use std::sync::Arc;

use reconciler_core::manifest::Location;
use reconciler_core::matching::{Family, priority};
use reconciler_core::model::StrategyId;
use rhai::{Dynamic, Map};

use super::failure::near;
use super::problem::ScriptProblem;
use reconciler_core::model::visible::is_unseen;

/// The keys a header may have.
const KEYS: [&str; 5] = ["id", "version", "priority", "family", "summary"];

/// What a script says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Its id: the name of its file. In the chain it is `script:<id>`.
    pub id: String,
    /// Grows whenever its opinions change.
    pub version: u32,
    /// Its place in the chain, higher first.
    pub priority: u16,
    /// What it draws its evidence from.
    pub family: Family,
    /// One line.
    pub summary: String,
}

impl Header {
    /// Reads the map; everything that is wrong with it, at the place of the
    /// function.
    pub(super) fn read(
        returned: Dynamic,
        file: &Arc<str>,
        at: Option<Location>,
        stem: &str,
        max_priority: u16,
    ) -> Result<Self, Vec<ScriptProblem>> {
        let problem = |message: String| ScriptProblem::new("script.header", file, message).at(at);
        let kind = returned.type_name();
        let Some(map) = returned.try_cast::<Map>() else {
            return Err(vec![
                problem(format!("strategy() returned `{kind}`"))
                    .help("return a map, such as #{ id: \"my-rule\", version: 1, summary: \"…\" }"),
            ]);
        };
        let mut problems = Vec::new();
        for key in map.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let known: Vec<String> = KEYS.map(str::to_owned).into();
            let help = match near(key, &known) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("there are: {}", KEYS.join(", ")),
            };
            problems.push(problem(format!("the header has no key `{key}`")).help(help));
        }
        let mut fields = Fields { map: &map, problems: Vec::new() };
        let id = fields.text("id");
        let version = fields.number("version", 1, u32::MAX.into());
        let family = fields.family();
        let summary = fields.text("summary");
        let priority = fields.priority(max_priority);
        problems.extend(fields.problems.into_iter().map(|(message, help)| problem(message).help(help)));
        if let Some(id) = id.as_deref() {
            if let Err(error) = StrategyId::new(format!("script:{id}")) {
                problems.push(problem(format!("`{id}` cannot be an id: {}", error.why)));
            } else if id != stem {
                problems.push(
                    problem(format!("the id `{id}` is not the name of the file"))
                        .help(format!("write id: \"{stem}\", or rename the file")),
                );
            }
        }
        match (id, version, priority, family, summary) {
            (Some(id), Some(version), Some(priority), Some(family), Some(summary)) if problems.is_empty() => {
                let version = u32::try_from(version).unwrap_or(u32::MAX);
                Ok(Self { id, version, priority, family, summary })
            }
            _ => Err(problems),
        }
    }
}

/// Reads fields and collects what is wrong: a message and what to do.
struct Fields<'a> {
    map: &'a Map,
    problems: Vec<(String, String)>,
}

impl Fields<'_> {
    fn text(&mut self, key: &str) -> Option<String> {
        let text =
            self.map.get(key).and_then(|value| value.as_immutable_string_ref().ok().map(|s| s.to_string()));
        let text =
            text.filter(|text| !text.trim().is_empty() && !text.contains(is_unseen) && text.len() <= 200);
        if text.is_none() {
            self.problems.push((
                format!("the header's `{key}` is missing or not a line of text"),
                format!("write {key}: \"…\""),
            ));
        }
        text
    }

    fn number(&mut self, key: &str, least: i64, most: i64) -> Option<i64> {
        let number = self.map.get(key).and_then(|value| value.as_int().ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.problems.push((
                format!("the header's `{key}` is missing or not a number from {least} to {most}"),
                format!("write {key}: {least}"),
            ));
        }
        number
    }

    /// The priority, or that of scripts that say nothing about it.
    fn priority(&mut self, most: u16) -> Option<u16> {
        if !self.map.contains_key("priority") {
            return Some(priority::SCRIPT_DEFAULT.min(most));
        }
        let number = self.number("priority", 0, u16::MAX.into())?;
        match u16::try_from(number).ok().filter(|number| *number <= most) {
            Some(priority) => Some(priority),
            None => {
                self.problems.push((
                    format!("priority {number} is above what scripts may have, {most}"),
                    format!(
                        "write priority: {most} or less, or raise `scripts.max_priority` in the configuration"
                    ),
                ));
                None
            }
        }
    }

    /// The family, `script` unless the header says otherwise.
    fn family(&mut self) -> Option<Family> {
        let families = [Family::Name, Family::Metadata, Family::Topology, Family::Record, Family::Script];
        let Some(value) = self.map.get("family") else {
            return Some(Family::Script);
        };
        let text = value.as_immutable_string_ref().map(|text| text.to_string()).unwrap_or_default();
        let family = families.into_iter().find(|family| family.to_string() == text);
        if family.is_none() {
            let names: Vec<String> = families.iter().map(ToString::to_string).collect();
            self.problems.push((
                "the header's `family` is none there is".to_owned(),
                format!("write one of {}", names.join(", ")),
            ));
        }
        family
    }
}
