//! Builds: runs of a workflow, dispatched once and found again by the deployment's id and the commit in their names. Must
//! never dispatch to find out whether a dispatch happened.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use lockstep_events::{CommitSha, DeploymentId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Client, Listing};
use crate::ports::{Answer, BuildRun, BuildStatus, Dispatch};

/// `since` is a worker's time, a run's creation GitHub's; no two hosts' clocks are relied on to agree. A run is
/// recognised by what is in its name; the time only bounds the listing, so it is generous.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// A workflow run, as far as it is needed; octocrab's own type refuses runs without a head branch.
#[derive(Debug, Deserialize)]
pub(super) struct RunJson {
    pub(super) id: u64,
    event: String,
    pub(super) workflow_id: u64,
    pub(super) check_suite_id: Option<u64>,
    name: Option<String>,
    display_title: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    run_attempt: Option<u32>,
    head_branch: Option<String>,
    html_url: String,
    created_at: Timestamp,
}

/// A page of runs.
#[derive(Deserialize)]
pub(super) struct RunList {
    workflow_runs: Vec<RunJson>,
}

impl Listing for RunList {
    type Item = RunJson;
    fn into_items(self) -> Vec<RunJson> {
        self.workflow_runs
    }
}

impl RunJson {
    /// Whether somebody dispatched it, rather than a push, a schedule or another event of the repository.
    pub(super) fn is_dispatched(&self) -> bool {
        self.event == "workflow_dispatch"
    }

    /// Whether it has ended; GitHub has several words for everything before, and may add more.
    pub(super) fn is_completed(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }

    /// What its workflow is called, for people.
    pub(super) fn workflow_name(&self) -> String {
        let name = self.name.clone().filter(|name| !name.is_empty());
        name.unwrap_or_else(|| format!("workflow {}", self.workflow_id))
    }

    /// What the run is called; a workflow's `run-name` comes as the display title, `name` may be the workflow's.
    fn names(&self) -> impl Iterator<Item = &String> {
        self.display_title.iter().chain(&self.name)
    }
}

impl From<RunJson> for BuildRun {
    fn from(run: RunJson) -> Self {
        let status = match (run.status.as_deref(), run.conclusion) {
            (Some("completed"), Some(conclusion)) => BuildStatus::Finished(conclusion),
            (status, _) => BuildStatus::Running(status.unwrap_or("unknown").to_owned()),
        };
        Self { id: run.id, attempt: run.run_attempt.unwrap_or(1), status, url: run.html_url }
    }
}

/// Starts a run ("Create a workflow dispatch event"; with `return_run_details` GitHub answers 200 with the run's
/// id, without it, or where it is not known, 204 with nothing).
pub(super) async fn dispatch(client: &Client, dispatch: &Dispatch) -> Answer<Option<u64>> {
    #[derive(Deserialize)]
    struct Details {
        workflow_run_id: u64,
    }
    const OPERATION: &str = "create a workflow dispatch event";
    let inputs: Map<String, Value> =
        dispatch.inputs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let body = json!({ "ref": dispatch.reference, "inputs": inputs, "return_run_details": true });
    let route = workflow(client, &dispatch.workflow).then("dispatches");
    let reply = client.send(OPERATION, Method::POST, route, Some(&body)).await?;
    // The run is started either way; without its id it is found by its name.
    Ok(reply.read::<Details>(OPERATION).ok().map(|details| details.workflow_run_id))
}

/// The first run whose name carries the deployment's id and the commit ("List workflow runs for a workflow"). Not asked for by
/// branch, since a run without one would be left out, and a build be dispatched again.
pub(super) async fn find_run(
    client: &Client,
    file: &str,
    branch: &str,
    deployment: DeploymentId,
    commit: &CommitSha,
    since: Timestamp,
) -> Answer<Option<BuildRun>> {
    let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
    let since = since.checked_sub(CLOCK_MARGIN).unwrap_or(since);
    let route = workflow(client, file)
        .then("runs")
        .with("event", "workflow_dispatch")
        .with("created", format_args!(">={since}"));
    let id = deployment.to_string();
    let runs = client.list::<RunList>("list workflow runs", route).await?;
    let is_ours = |name: &String| name.contains(&id) && name.contains(commit.as_str());
    let is_on_branch = |run: &RunJson| run.head_branch.as_deref().is_none_or(|found| found == branch);
    let ours = runs.into_iter().filter(|run| run.names().any(is_ours) && is_on_branch(run));
    Ok(ours.min_by_key(|run| (run.created_at, run.id)).map(BuildRun::from))
}

/// A run by its id ("Get a workflow run").
pub(super) async fn run(client: &Client, id: u64) -> Answer<Option<BuildRun>> {
    let route = client.route().below("actions/runs").then(&id.to_string());
    let found: Option<RunJson> = client.find("get a workflow run", route).await?;
    Ok(found.map(BuildRun::from))
}

fn workflow(client: &Client, file: &str) -> super::route::Route {
    client.route().below("actions/workflows").then(file)
}
