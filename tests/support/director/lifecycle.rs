//! How deployments come, change and go: with tasks, locks and events, in the
//! order of a real Director.

use super::events::FakeEvent;
use super::state::{Deployment, DirectorState};
use super::tasks::FakeTask;

/// A deploy under way.
#[derive(Debug, Clone)]
pub struct Deploy {
    name: String,
    task: u64,
    action: &'static str,
}

impl DirectorState {
    /// A deploy begins: the deployment is in the list at once, with its lock
    /// held; a new one has no manifest. There is no event of it yet.
    pub fn begin_deploy(&mut self, name: &str, now: i64) -> Deploy {
        let is_new = !self.deployments.contains_key(name);
        let deployment = self.deployments.entry(name.to_owned()).or_default();
        if is_new {
            deployment.cloud_config = "latest".to_owned();
        }
        deployment.locked = true;
        let task = self.add_task(FakeTask {
            state: "processing".to_owned(),
            description: "create deployment".to_owned(),
            started_at: Some(now),
            user: "admin".to_owned(),
            deployment: Some(name.to_owned()),
            ..FakeTask::default()
        });
        self.record(lock_event("acquire", name, task, now));
        Deploy { name: name.to_owned(), task, action: if is_new { "create" } else { "update" } }
    }

    /// A deploy ends: with a manifest it succeeds, with an error it fails and
    /// the old manifest stays. Both of its events are written now.
    pub fn end_deploy(&mut self, deploy: &Deploy, outcome: Result<&str, &str>, now: i64) {
        let (state, result) = match outcome {
            Ok(manifest) => {
                let deployment = self.deployments.entry(deploy.name.clone()).or_default();
                deployment.manifest = Some(manifest.to_owned());
                ("done", format!("/deployments/{}", deploy.name))
            }
            Err(error) => ("error", error.to_owned()),
        };
        let error = outcome.err().unwrap_or_default();
        self.record_pair(&deploy.name, deploy.action, deploy.task, error, now);
        self.release(&deploy.name, deploy.task, now);
        self.end_task(deploy.task, state, result, now);
    }

    /// A deployment is deleted, with its task.
    pub fn delete_deployment(&mut self, name: &str, now: i64) -> Option<Deployment> {
        let task = self.add_task(FakeTask {
            state: "processing".to_owned(),
            description: format!("delete deployment {name}"),
            started_at: Some(now),
            user: "admin".to_owned(),
            deployment: Some(name.to_owned()),
            ..FakeTask::default()
        });
        let removed = self.deployments.remove(name);
        self.record_pair(name, "delete", task, "", now);
        self.end_task(task, "done", format!("/deployments/{name}"), now);
        removed
    }

    fn record_pair(&mut self, name: &str, action: &str, task: u64, error: &str, now: i64) {
        let start = FakeEvent {
            timestamp: now,
            user: "admin".to_owned(),
            action: action.to_owned(),
            object_type: "deployment".to_owned(),
            object_name: name.to_owned(),
            task: task.to_string(),
            deployment: name.to_owned(),
            ..FakeEvent::default()
        };
        let parent = self.record(start.clone());
        self.record(FakeEvent { parent_id: Some(parent), error: error.to_owned(), ..start });
    }

    fn release(&mut self, name: &str, task: u64, now: i64) {
        if let Some(deployment) = self.deployments.get_mut(name) {
            deployment.locked = false;
        }
        self.record(lock_event("release", name, task, now));
    }

    fn end_task(&mut self, task: u64, state: &str, result: String, now: i64) {
        if let Some(task) = self.tasks.get_mut(&task) {
            state.clone_into(&mut task.state);
            task.timestamp = Some(now);
            task.result = Some(result);
        }
    }
}

fn lock_event(action: &str, name: &str, task: u64, now: i64) -> FakeEvent {
    FakeEvent {
        timestamp: now,
        user: "admin".to_owned(),
        action: action.to_owned(),
        object_type: "lock".to_owned(),
        object_name: format!("lock:deployment:{name}"),
        task: task.to_string(),
        deployment: name.to_owned(),
        ..FakeEvent::default()
    }
}
