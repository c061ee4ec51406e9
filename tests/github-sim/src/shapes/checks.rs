//! Check runs, check suites and commit statuses.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::checks::{CheckRun, CheckSuite};
use crate::model::ids::node_id;
use crate::model::statuses::CommitStatus;

impl View<'_> {
    /// A check run.
    pub(crate) fn check_run(&self, run: &CheckRun) -> Value {
        let (api, id) = (self.api(), run.id);
        let page = self.check_page(run);
        json!({
            "id": id,
            "node_id": node_id("CheckRun", id),
            "external_id": id.to_string(),
            "head_sha": run.head_sha,
            "url": format!("{api}/check-runs/{id}"),
            "html_url": page,
            "details_url": page,
            "status": run.status.word(),
            "conclusion": run.conclusion,
            "started_at": time(run.started_at),
            "completed_at": run.completed_at.map(time),
            "output": {
                "title": null,
                "summary": null,
                "text": null,
                "annotations_count": 0,
                "annotations_url": format!("{api}/check-runs/{id}/annotations"),
            },
            "name": run.name,
            "check_suite": { "id": run.suite },
            "app": self.actions_app(),
            "pull_requests": [],
        })
    }

    /// Where a person looks at a check: its job for a check of a workflow run.
    fn check_page(&self, check: &CheckRun) -> String {
        let web = self.web();
        match self.repository.check_suite(check.suite).and_then(|suite| suite.run) {
            Some(run) => format!("{web}/actions/runs/{run}/job/{}", check.id),
            None => format!("{web}/runs/{}", check.id),
        }
    }

    /// A check suite.
    pub(crate) fn check_suite(&self, suite: &CheckSuite) -> Value {
        let (api, id) = (self.api(), suite.id);
        let (status, conclusion) = self.repository.suite_outcome(suite);
        let commit = self.repository.commits.get(&suite.head_sha);
        let latest = self.repository.check_runs_of(&suite.head_sha, true);
        json!({
            "id": id,
            "node_id": node_id("CheckSuite", id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status.word(),
            "conclusion": conclusion,
            "url": format!("{api}/check-suites/{id}"),
            "before": null,
            "after": suite.head_sha,
            "pull_requests": [],
            "app": self.actions_app(),
            "repository": self.minimal_repository(),
            "created_at": time(suite.created_at),
            "updated_at": time(suite.updated_at),
            "head_commit": commit.map(|commit| self.head_commit(commit)),
            "latest_check_runs_count": latest.iter().filter(|run| run.suite == id).count(),
            "check_runs_url": format!("{api}/check-suites/{id}/check-runs"),
            "rerequestable": true,
            "runs_rerequestable": true,
        })
    }

    /// The app that reports checks: GitHub Actions.
    fn actions_app(&self) -> Value {
        let id = 15_368;
        let created = "2018-07-30T09:30:17Z";
        json!({
            "id": id,
            "slug": "github-actions",
            "node_id": node_id("App", id),
            "owner": user(self.base, "github"),
            "name": "GitHub Actions",
            "description": "Automate your workflow from idea to production",
            "external_url": format!("{}/features/actions", self.base),
            "html_url": format!("{}/apps/github-actions", self.base),
            "created_at": created,
            "updated_at": created,
            "permissions": { "actions": "write", "checks": "write", "contents": "write" },
            "events": [],
        })
    }

    /// A commit status.
    pub(crate) fn status(&self, status: &CommitStatus) -> Value {
        let creator = user(self.base, &status.creator);
        json!({
            "url": format!("{}/statuses/{}", self.api(), status.sha),
            "avatar_url": creator["avatar_url"],
            "id": status.id,
            "node_id": node_id("StatusContext", status.id),
            "state": status.spec.state,
            "description": status.spec.description,
            "target_url": status.spec.target_url,
            "context": status.spec.context,
            "created_at": time(status.at),
            "updated_at": time(status.at),
            "creator": creator,
        })
    }
}
