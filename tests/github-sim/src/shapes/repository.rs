//! A repository, in full and as the short form inside runs and statuses.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::ids::node_id;

/// A repository's links that every form of it has, as templates (RFC 6570) below its address.
const LINKS: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

impl View<'_> {
    /// The short form ("minimal repository").
    pub(crate) fn minimal_repository(&self) -> Value {
        let (repository, api, web) = (self.repository, self.api(), self.web());
        let mut value = json!({
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
        });
        let links = LINKS.iter().map(|(name, rest)| ((*name).to_owned(), format!("{api}{rest}").into()));
        merge(&mut value, Value::Object(links.collect()));
        value
    }

    /// The full form.
    pub(crate) fn repository(&self) -> Value {
        let (repository, web) = (self.repository, self.web());
        let git = web.split_once("//").map_or(web.as_str(), |(_, place)| place);
        let mut value = self.minimal_repository();
        let more = json!({
            "clone_url": format!("{web}.git"),
            "git_url": format!("git://{git}.git"),
            "ssh_url": format!("ssh://git@{git}.git"),
            "svn_url": web,
            "mirror_url": null,
            "homepage": null,
            "default_branch": repository.default_branch,
            "visibility": "public",
            "archived": false,
            "disabled": false,
            "has_issues": true,
            "has_projects": false,
            "has_wiki": false,
            "has_pages": false,
            "has_downloads": true,
            "has_discussions": false,
            "is_template": false,
            "topics": [],
            "forks": 0,
            "forks_count": 0,
            "network_count": 0,
            "stargazers_count": 0,
            "subscribers_count": 0,
            "watchers": 0,
            "watchers_count": 0,
            "open_issues": 0,
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
