//! Which path leads to which handler, under which name.
//!
//! Every API route passes the gate; the control routes below `/_sim` do not.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, patch, post};

use super::gate::{self, Gate, Kind};
use super::{
    actions, checks, commits, content, control, deployments, environments, installations, references,
    releases, repositories, runs,
};
use crate::app::App;
use crate::model::refusal::Refusal;
use crate::route_kind::RouteKind;

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Api { app: Arc::clone(&app), router: Router::new() };
    let api = other(git(releases(workflows(deployments(api)))));
    api.router.merge(control::router()).fallback(async || Refusal::not_found()).with_state(app)
}

/// Routes being collected.
struct Api {
    app: Arc<App>,
    router: Router<Arc<App>>,
}

impl Api {
    /// Adds a route below a repository.
    fn repo(self, kind: RouteKind, path: &str, handler: MethodRouter<Arc<App>>) -> Self {
        self.add(Kind::Is(kind), &format!("/repos/{{owner}}/{{repo}}{path}"), handler)
    }

    fn add(mut self, kind: Kind, path: &str, handler: MethodRouter<Arc<App>>) -> Self {
        let gate = Gate { app: Arc::clone(&self.app), kind };
        let gated = handler.route_layer(middleware::from_fn_with_state(gate, gate::pass));
        self.router = self.router.route(path, gated);
        self
    }
}

fn other(api: Api) -> Api {
    use RouteKind::{
        Compare, CreateAccessToken, CreateStatus, GetContent, GetInstallation, GetRepository, RateLimit,
    };
    api.add(Kind::Is(RateLimit), "/rate_limit", get(repositories::rate_limit))
        .add(
            Kind::Is(CreateAccessToken),
            "/app/installations/{id}/access_tokens",
            post(installations::create_access_token),
        )
        .repo(GetInstallation, "/installation", get(installations::get))
        .repo(GetRepository, "", get(repositories::get))
        .add(Kind::ByPath(commits::kind), "/repos/{owner}/{repo}/commits/{*rest}", get(commits::get))
        .repo(Compare, "/compare/{*names}", get(commits::compare))
        .repo(GetContent, "/contents/{*path}", get(content::get))
        .repo(CreateStatus, "/statuses/{sha}", post(checks::create_status))
}

fn git(api: Api) -> Api {
    use RouteKind::{
        CreateReference, CreateTagObject, DeleteReference, GetReference, GetTagObject, ListReferences,
        UpdateReference,
    };
    api.repo(GetReference, "/git/ref/{*reference}", get(references::get))
        .repo(ListReferences, "/git/matching-refs/{*prefix}", get(references::matching))
        .repo(ListReferences, "/git/refs", get(references::all))
        .repo(CreateReference, "/git/refs", post(references::create))
        .repo(UpdateReference, "/git/refs/{*reference}", patch(references::update))
        .repo(DeleteReference, "/git/refs/{*reference}", delete(references::delete))
        .repo(CreateTagObject, "/git/tags", post(references::create_tag))
        .repo(GetTagObject, "/git/tags/{sha}", get(references::get_tag))
}

fn releases(api: Api) -> Api {
    use RouteKind::{
        CreateRelease, DeleteRelease, GenerateNotes, GetLatestRelease, GetRelease, GetReleaseByTag,
        ListReleases, UpdateRelease,
    };
    api.repo(ListReleases, "/releases", get(releases::list))
        .repo(CreateRelease, "/releases", post(releases::create))
        .repo(GenerateNotes, "/releases/generate-notes", post(releases::generate_notes))
        .repo(GetLatestRelease, "/releases/latest", get(releases::latest))
        .repo(GetReleaseByTag, "/releases/tags/{*tag}", get(releases::by_tag))
        .repo(GetRelease, "/releases/{id}", get(releases::get))
        .repo(UpdateRelease, "/releases/{id}", patch(releases::update))
        .repo(DeleteRelease, "/releases/{id}", delete(releases::delete))
}

fn workflows(api: Api) -> Api {
    use RouteKind::{
        CancelRun, Dispatch, GetEnvironment, GetRun, GetRunAttempt, GetWorkflow, ListEnvironments, ListJobs,
        ListReviews, ListRuns, ListWorkflows, Rerun,
    };
    api.repo(ListWorkflows, "/actions/workflows", get(actions::list))
        .repo(GetWorkflow, "/actions/workflows/{workflow}", get(actions::get))
        .repo(Dispatch, "/actions/workflows/{workflow}/dispatches", post(actions::dispatch))
        .repo(ListRuns, "/actions/workflows/{workflow}/runs", get(runs::list_of_workflow))
        .repo(ListRuns, "/actions/runs", get(runs::list))
        .repo(GetRun, "/actions/runs/{run}", get(runs::get))
        .repo(GetRunAttempt, "/actions/runs/{run}/attempts/{number}", get(runs::get_attempt))
        .repo(ListJobs, "/actions/runs/{run}/jobs", get(runs::jobs))
        .repo(ListJobs, "/actions/runs/{run}/attempts/{number}/jobs", get(runs::attempt_jobs))
        .repo(CancelRun, "/actions/runs/{run}/cancel", post(runs::cancel))
        .repo(Rerun, "/actions/runs/{run}/rerun", post(runs::rerun))
        .repo(ListReviews, "/actions/runs/{run}/approvals", get(environments::approvals))
        .repo(ListEnvironments, "/environments", get(environments::list))
        .repo(GetEnvironment, "/environments/{environment}", get(environments::get))
}

fn deployments(api: Api) -> Api {
    use RouteKind::{
        CreateDeployment, CreateDeploymentStatus, GetDeployment, GetDeploymentStatus, ListDeploymentStatuses,
        ListDeployments,
    };
    api.repo(ListDeployments, "/deployments", get(deployments::list))
        .repo(CreateDeployment, "/deployments", post(deployments::create))
        .repo(GetDeployment, "/deployments/{id}", get(deployments::get))
        .repo(ListDeploymentStatuses, "/deployments/{id}/statuses", get(deployments::list_statuses))
        .repo(CreateDeploymentStatus, "/deployments/{id}/statuses", post(deployments::create_status))
        .repo(GetDeploymentStatus, "/deployments/{id}/statuses/{status}", get(deployments::get_status))
}
