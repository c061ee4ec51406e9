//! Commits and comparisons.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};

use super::checks::{self, CheckQuery};
use super::paging::PageQuery;
use super::reply::{Answer, Reply, accepts};
use crate::app::App;
use crate::model::refusal::Refusal;
use crate::route_kind::RouteKind;

/// GitHub's page size for the commits of a comparison.
const COMPARED_COMMITS: usize = 250;

/// Splits `{ref}`, `{ref}/status`, `{ref}/check-runs`, … The reference may contain slashes, so only the end
/// tells.
fn split(rest: &str) -> (&str, RouteKind) {
    let ends = [
        ("/status", RouteKind::CombinedStatus),
        ("/statuses", RouteKind::ListStatuses),
        ("/check-runs", RouteKind::ListCheckRuns),
        ("/check-suites", RouteKind::ListCheckSuites),
    ];
    ends.into_iter()
        .find_map(|(end, kind)| rest.strip_suffix(end).map(|reference| (reference, kind)))
        .unwrap_or((rest, RouteKind::GetCommit))
}

/// The kind of a call below `/commits/`.
pub(super) fn kind(path: &str) -> RouteKind {
    split(path).1
}

/// `GET /repos/{owner}/{repo}/commits/{ref}` and what is below it.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((owner, name, rest)): Path<(String, String, String)>,
    Query(page): Query<PageQuery>,
    Query(query): Query<CheckQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (reference, kind) = split(&rest);
    app.repository(&owner, &name, |view| {
        let sha = view.repository.resolve_or_refuse(reference)?;
        let reply = match kind {
            RouteKind::CombinedStatus => checks::combined_status(view, &sha, page, &uri),
            RouteKind::ListStatuses => checks::statuses(view, &sha, page, &uri),
            RouteKind::ListCheckRuns => checks::check_runs(view, &sha, &query, page, &uri),
            RouteKind::ListCheckSuites => checks::check_suites(view, &sha, page, &uri),
            _ if accepts(&headers, "sha") => {
                let kind = [(header::CONTENT_TYPE, "application/vnd.github.sha; charset=utf-8")];
                return Ok((kind, sha).into_response());
            }
            _ => Reply::ok(view.commit_with_files(view.repository.commit_by_sha(&sha)?)),
        };
        Ok(reply.into_response())
    })
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`.
pub(super) async fn compare(
    State(app): State<Arc<App>>,
    Path((owner, name, names)): Path<(String, String, String)>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let repository = view.repository;
        let (base, head) = names.split_once("...").ok_or_else(Refusal::not_found)?;
        let find = |name: &str| repository.resolve(name).ok_or_else(Refusal::not_found);
        let (base, head) = (find(base)?, find(head)?);
        let compared = repository.compare(base, head)?;
        let (commits, link) =
            page.cut_by(COMPARED_COMMITS, COMPARED_COMMITS, compared.ahead.clone(), view.base, &uri);
        let head = repository.commit_by_sha(head)?;
        Ok(Reply::ok(view.comparison(&names, head, &compared, &commits)).linked(link))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_with_slashes_are_split_from_what_follows() {
        assert_eq!(split("heads/main"), ("heads/main", RouteKind::GetCommit));
        assert_eq!(split("heads/a/b/check-runs"), ("heads/a/b", RouteKind::ListCheckRuns));
        assert_eq!(split("abc/status"), ("abc", RouteKind::CombinedStatus));
        assert_eq!(kind("/repos/o/r/commits/abc/statuses"), RouteKind::ListStatuses);
    }
}
