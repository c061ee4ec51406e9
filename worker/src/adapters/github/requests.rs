//! Runs that ask for deployments: where they came from and who approved them. Must only read. Needs `Actions: read`.

use lockstep_events::CommitSha;
use serde::Deserialize;

use super::client::Client;
use crate::ports::{Answer, ReviewState, RunReview, WorkflowRun};

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct RunJson {
    id: u64,
    run_attempt: Option<u32>,
    html_url: String,
    path: String,
    event: String,
    #[serde(default)]
    display_title: String,
    head_branch: Option<String>,
    head_sha: CommitSha,
    repository: Repository,
    head_repository: Option<Repository>,
    actor: Option<User>,
    triggering_actor: Option<User>,
    status: Option<String>,
}

impl From<RunJson> for WorkflowRun {
    fn from(run: RunJson) -> Self {
        Self {
            id: run.id,
            attempt: run.run_attempt.unwrap_or(1),
            url: run.html_url,
            path: run.path,
            event: run.event,
            title: run.display_title,
            head_branch: run.head_branch,
            head_sha: run.head_sha,
            repository: run.repository.full_name,
            head_repository: run.head_repository.map(|repository| repository.full_name),
            actor: run.actor.map(|user| user.login),
            triggering_actor: run.triggering_actor.map(|user| user.login),
            completed: run.status.as_deref() == Some("completed"),
        }
    }
}

/// "Get a workflow run".
pub(super) async fn workflow_run(client: &Client, id: u64) -> Answer<Option<WorkflowRun>> {
    let route = client.route().below("actions/runs").then(&id.to_string());
    let found: Option<RunJson> = client.find("get a workflow run", route).await?;
    Ok(found.map(WorkflowRun::from))
}

#[derive(Deserialize)]
struct Environment {
    name: String,
}

#[derive(Deserialize)]
struct Review {
    state: String,
    user: Option<User>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    environments: Vec<Environment>,
}

impl From<Review> for RunReview {
    fn from(review: Review) -> Self {
        Self {
            state: match review.state.as_str() {
                "approved" => ReviewState::Approved,
                "rejected" => ReviewState::Rejected,
                _ => ReviewState::Undecided,
            },
            by: review.user.map(|user| user.login),
            comment: review.comment.unwrap_or_default(),
            environments: review.environments.into_iter().map(|environment| environment.name).collect(),
        }
    }
}

/// "Get the review history for a workflow run", which has no pages.
pub(super) async fn reviews(client: &Client, run: u64) -> Answer<Vec<RunReview>> {
    let route = client.route().below("actions/runs").then(&run.to_string()).then("approvals");
    let all: Vec<Review> = client.get("get the review history for a workflow run", route).await?;
    Ok(all.into_iter().map(RunReview::from).collect())
}
