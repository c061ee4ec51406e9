//! A repository, in full and as the short form inside runs and statuses.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::ids::node_id;

impl View<'_> {
    /// The short form ("minimal repository").
    pub(crate) fn minimal_repository(&self) -> Value {
        let (repository, api, web) = (self.repository, self.api(), self.web());
        json!({
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name(),
            "owner": user(self.base, &repository.owner),
            "private": false,
            "html_url": web,
            "description": null,
            "fork": false,
            "url": api,
            "commits_url": format!("{api}/commits/sha"),
            "compare_url": format!("{api}/compare/base...head"),
            "contents_url": format!("{api}/contents/path"),
            "deployments_url": format!("{api}/deployments"),
            "git_refs_url": format!("{api}/git/refs/sha"),
            "git_tags_url": format!("{api}/git/tags/sha"),
            "releases_url": format!("{api}/releases/id"),
            "statuses_url": format!("{api}/statuses/sha"),
        })
    }

    /// The full form.
    pub(crate) fn repository(&self) -> Value {
        let (repository, web) = (self.repository, self.web());
        let mut value = self.minimal_repository();
        let more = json!({
            "clone_url": format!("{web}.git"),
            "default_branch": repository.default_branch,
            "visibility": "public",
            "archived": false,
            "disabled": false,
            "has_issues": true,
            "has_projects": false,
            "has_wiki": false,
            "has_pages": false,
            "has_downloads": true,
            "is_template": false,
            "topics": [],
            "forks_count": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "open_issues_count": 0,
            "size": repository.commits.len(),
            "language": null,
            "license": null,
            "pushed_at": time(repository.pushed_at),
            "created_at": time(repository.created_at),
            "updated_at": time(repository.pushed_at),
            "permissions": { "admin": false, "maintain": false, "push": true, "triage": true, "pull": true },
        });
        merge(&mut value, more);
        value
    }
}

/// Adds the fields of one object to another.
pub(super) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
