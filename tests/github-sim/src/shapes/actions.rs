//! Workflows, their runs and jobs.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::commits::Commit;
use crate::model::ids::node_id;
use crate::model::run_filter::EVENT;
use crate::model::runs::{Attempt, JOB_NAME, Run};
use crate::model::workflows::Workflow;

impl View<'_> {
    /// A workflow.
    pub(crate) fn workflow(&self, workflow: &Workflow) -> Value {
        let (api, web, file) = (self.api(), self.web(), &workflow.spec.file);
        json!({
            "id": workflow.id,
            "node_id": node_id("Workflow", workflow.id),
            "name": workflow.spec.name,
            "path": format!(".github/workflows/{file}"),
            "state": "active",
            "created_at": time(workflow.created_at),
            "updated_at": time(workflow.created_at),
            "url": format!("{api}/actions/workflows/{}", workflow.id),
            "html_url": format!("{web}/blob/{}/.github/workflows/{file}", self.repository.default_branch),
            "badge_url": format!("{web}/workflows/{file}/badge.svg"),
        })
    }

    /// A run, as of one of its attempts.
    pub(crate) fn run(&self, run: &Run, attempt: &Attempt) -> Value {
        let (api, web) = (self.api(), self.web());
        let own = format!("{api}/actions/runs/{}", run.id);
        let workflow = self.repository.workflows.iter().find(|workflow| workflow.id == run.workflow);
        let workflow_name = workflow.map_or(run.title.as_str(), |workflow| workflow.spec.name.as_str());
        let name = if self.workflow_name_as_run_name { workflow_name } else { run.title.as_str() };
        let previous = (attempt.number > 1).then(|| format!("{own}/attempts/{}", attempt.number - 1));
        let commit = self.repository.commits.get(&run.head_sha);
        json!({
            "id": run.id,
            "name": name,
            "node_id": node_id("WorkflowRun", run.id),
            "head_branch": run.head_branch.as_ref().filter(|_| !self.null_head_branch),
            "head_sha": run.head_sha,
            "path": workflow.map(|workflow| format!(".github/workflows/{}", workflow.spec.file)),
            "display_title": run.title,
            "run_number": run.number,
            "run_attempt": attempt.number,
            "event": EVENT,
            "status": attempt.status.word(),
            "conclusion": attempt.conclusion,
            "workflow_id": run.workflow,
            "check_suite_id": run.check_suite,
            "check_suite_node_id": node_id("CheckSuite", run.check_suite),
            "url": own,
            "html_url": format!("{web}/actions/runs/{}", run.id),
            "pull_requests": [],
            "created_at": time(run.created_at),
            "updated_at": time(run.updated_at),
            "actor": user(self.base, &run.actor),
            "triggering_actor": user(self.base, &run.actor),
            "run_started_at": time(attempt.begun_at),
            "jobs_url": format!("{own}/jobs"),
            "logs_url": format!("{own}/logs"),
            "check_suite_url": format!("{api}/check-suites/{}", run.check_suite),
            "artifacts_url": format!("{own}/artifacts"),
            "cancel_url": format!("{own}/cancel"),
            "rerun_url": format!("{own}/rerun"),
            "previous_attempt_url": previous,
            "workflow_url": format!("{api}/actions/workflows/{}", run.workflow),
            "referenced_workflows": [],
            "head_commit": commit.map(|commit| self.head_commit(commit)),
            "repository": self.minimal_repository(),
            "head_repository": self.minimal_repository(),
        })
    }

    /// The one job of an attempt.
    pub(crate) fn job(&self, run: &Run, attempt: &Attempt) -> Value {
        let (api, web, id) = (self.api(), self.web(), attempt.job);
        let started = attempt.started_at.unwrap_or(attempt.begun_at);
        let workflow = self.repository.workflows.iter().find(|workflow| workflow.id == run.workflow);
        json!({
            "id": id,
            "run_id": run.id,
            "workflow_name": workflow.map(|workflow| &workflow.spec.name),
            "head_branch": run.head_branch.as_ref().filter(|_| !self.null_head_branch),
            "run_url": format!("{api}/actions/runs/{}", run.id),
            "run_attempt": attempt.number,
            "node_id": node_id("CheckRun", id),
            "head_sha": run.head_sha,
            "url": format!("{api}/actions/jobs/{id}"),
            "html_url": format!("{web}/actions/runs/{}/job/{id}", run.id),
            "status": attempt.status.word(),
            "conclusion": attempt.conclusion,
            "created_at": time(attempt.begun_at),
            "started_at": time(started),
            "completed_at": attempt.completed_at.map(time),
            "name": JOB_NAME,
            "steps": [{
                // What the build said, where GitHub would have a log.
                "name": if attempt.outcome.is_empty() { "Build and push" } else { attempt.outcome.as_str() },
                "status": attempt.status.word(),
                "conclusion": attempt.conclusion,
                "number": 1,
                "started_at": attempt.started_at.map(time),
                "completed_at": attempt.completed_at.map(time),
            }],
            "check_run_url": format!("{api}/check-runs/{id}"),
            "labels": ["ubuntu-latest"],
            "runner_id": attempt.started_at.map(|_| 1),
            "runner_name": attempt.started_at.map(|_| "sim"),
            "runner_group_id": attempt.started_at.map(|_| 1),
            "runner_group_name": attempt.started_at.map(|_| "sim"),
        })
    }

    /// The short form of a commit inside runs and check suites.
    pub(crate) fn head_commit(&self, commit: &Commit) -> Value {
        let author = self.signature(commit);
        json!({
            "id": commit.sha,
            "tree_id": commit.tree_sha,
            "message": commit.message,
            "timestamp": time(commit.at),
            "author": author,
            "committer": author,
        })
    }
}
