//! Tasks: those in flight, those that ended, and their output.

use serde_json::{Value, json};

use super::exchange::{Answer, Request};
use super::state::DirectorState;

/// A task.
#[derive(Debug, Clone, Default)]
pub struct FakeTask {
    /// `queued`, `processing`, `cancelling`, `done`, `error`, `cancelled`,
    /// `timeout`.
    pub state: String,
    /// What it does.
    pub description: String,
    /// When it ended, in seconds since 1970; `None` while it works.
    pub timestamp: Option<i64>,
    /// When it began; `None` while it waits.
    pub started_at: Option<i64>,
    /// What came out.
    pub result: Option<String>,
    /// Who asked for it.
    pub user: String,
    /// The deployment it works on.
    pub deployment: Option<String>,
    /// Whether only `verbose=2` shows it, as tasks that look at VMs.
    pub is_background: bool,
    /// The output of type `result`.
    pub output: String,
}

impl FakeTask {
    fn to_json(&self, id: u64) -> Value {
        json!({
            "id": id,
            "state": self.state,
            "description": self.description,
            "timestamp": self.timestamp,
            "started_at": self.started_at,
            "result": self.result,
            "user": self.user,
            "deployment": self.deployment,
            "context_id": "",
        })
    }
}

impl DirectorState {
    /// Adds a task and gives its number.
    pub fn add_task(&mut self, task: FakeTask) -> u64 {
        let id = self.tasks.keys().next_back().map_or(1, |last| last + 1);
        self.tasks.insert(id, task);
        id
    }

    /// The list, newest first; `teams` restricts it to their deployments.
    pub(super) fn task_list(&self, request: &Request, own: impl Fn(&str) -> bool) -> Answer {
        let states: Option<Vec<&str>> = request.query("state").map(|s| s.split(',').collect());
        let shows_all = request.query("verbose").is_some_and(|verbose| verbose != "1");
        let limit = request.query("limit").map_or(usize::MAX, |limit| limit.parse().unwrap_or(1).max(1));
        let list: Vec<Value> = self
            .tasks
            .iter()
            .rev()
            .filter(|(_, task)| shows_all || !task.is_background)
            .filter(|(_, task)| states.as_ref().is_none_or(|s| s.contains(&task.state.as_str())))
            .filter(|(_, task)| {
                let wanted = request.query("deployment");
                wanted.is_none_or(|name| task.deployment.as_deref() == Some(name))
            })
            .filter(|(_, task)| task.deployment.as_deref().is_none_or(&own))
            .take(limit)
            .map(|(id, task)| task.to_json(*id))
            .collect();
        Answer::json(200, &Value::from(list))
    }

    pub(super) fn task(&self, id: &str) -> Answer {
        match self.find_task(id) {
            Some((id, task)) => Answer::json(200, &task.to_json(id)),
            None => no_task(id),
        }
    }

    pub(super) fn task_output(&self, id: &str, request: &Request) -> Answer {
        let Some((_, task)) = self.find_task(id) else {
            return no_task(id);
        };
        let is_result = request.query("type") == Some("result");
        if !is_result || task.output.is_empty() {
            return Answer::empty(204);
        }
        Answer::html(200, &task.output)
    }

    fn find_task(&self, id: &str) -> Option<(u64, &FakeTask)> {
        let id = id.parse().ok()?;
        Some((id, self.tasks.get(&id)?))
    }
}

fn no_task(id: &str) -> Answer {
    Answer::director_error(404, 10_000, &format!("Task {id} not found"))
}
