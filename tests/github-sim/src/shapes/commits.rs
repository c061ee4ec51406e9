//! Commits and comparisons.

use serde_json::{Value, json};

use super::repository::merge;
use super::users::user;
use super::view::{View, time};
use crate::model::commits::{Commit, Tree};
use crate::model::history::Comparison;
use crate::model::ids::{node_id, object_hash};

/// GitHub lists at most this many files of a comparison.
const MOST_FILES: usize = 300;

impl View<'_> {
    /// A commit as it stands in lists: without its files.
    pub(crate) fn commit(&self, commit: &Commit) -> Value {
        let (api, web, sha) = (self.api(), self.web(), &commit.sha);
        let author = self.signature(commit);
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|parent| {
                json!({
                    "sha": parent,
                    "url": format!("{api}/commits/{parent}"),
                    "html_url": format!("{web}/commit/{parent}"),
                })
            })
            .collect();
        json!({
            "sha": sha,
            "node_id": node_id("Commit", sha),
            "commit": {
                "author": author,
                "committer": author,
                "message": commit.message,
                "tree": { "sha": commit.tree_sha, "url": format!("{api}/git/trees/{}", commit.tree_sha) },
                "url": format!("{api}/git/commits/{sha}"),
                "comment_count": 0,
                "verification": {
                    "verified": false,
                    "reason": "unsigned",
                    "signature": null,
                    "payload": null,
                    "verified_at": null,
                },
            },
            "url": format!("{api}/commits/{sha}"),
            "html_url": format!("{web}/commit/{sha}"),
            "comments_url": format!("{api}/commits/{sha}/comments"),
            "author": user(self.base, &commit.author),
            "committer": user(self.base, &commit.author),
            "parents": parents,
        })
    }

    /// A commit by itself: with its files.
    pub(crate) fn commit_with_files(&self, commit: &Commit) -> Value {
        let parent = commit.parents.first().and_then(|sha| self.repository.commits.get(sha));
        let empty = Tree::new();
        let files = self.files(parent.map_or(&empty, |parent| &parent.tree), &commit.tree, &commit.sha);
        let sum = |field: &str| files.iter().filter_map(|file| file[field].as_u64()).sum::<u64>();
        let (additions, deletions) = (sum("additions"), sum("deletions"));
        let mut value = self.commit(commit);
        merge(
            &mut value,
            json!({
                "stats": { "total": additions + deletions, "additions": additions, "deletions": deletions },
                "files": files,
            }),
        );
        value
    }

    /// The author of a commit with the time, as git records it.
    pub(crate) fn signature(&self, commit: &Commit) -> Value {
        json!({
            "name": commit.author,
            "email": format!("{}@users.noreply.example.org", commit.author),
            "date": time(commit.at),
        })
    }

    /// A comparison; `names` is how the client named base and head, `commits` the page of commits to show.
    pub(crate) fn comparison(
        &self,
        names: &str,
        head: &Commit,
        compared: &Comparison<'_>,
        commits: &[&Commit],
    ) -> Value {
        let (api, web) = (self.api(), self.web());
        let page = format!("{web}/compare/{names}");
        json!({
            "url": format!("{api}/compare/{names}"),
            "html_url": page,
            "permalink_url": format!("{web}/compare/{}...{}", &compared.base.sha[..7], &head.sha[..7]),
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "base_commit": self.commit(compared.base),
            "merge_base_commit": self.commit(compared.merge_base),
            "status": compared.status(),
            "ahead_by": compared.ahead.len(),
            "behind_by": compared.behind_by,
            "total_commits": compared.ahead.len(),
            "commits": commits.iter().map(|commit| self.commit(commit)).collect::<Vec<_>>(),
            "files": self.files(&compared.merge_base.tree, &head.tree, &head.sha),
        })
    }

    /// What differs between two trees, whole files as changed lines.
    fn files(&self, old: &Tree, new: &Tree, sha: &str) -> Vec<Value> {
        let gone = old.keys().filter(|path| !new.contains_key(*path));
        let mut paths: Vec<&String> = new.keys().chain(gone).filter(|p| old.get(*p) != new.get(*p)).collect();
        paths.sort();
        paths.truncate(MOST_FILES);
        paths.into_iter().map(|path| self.file(path, old.get(path), new.get(path), sha)).collect()
    }

    fn file(&self, path: &str, old: Option<&String>, new: Option<&String>, sha: &str) -> Value {
        let lines = |text: Option<&String>| text.map_or(0, |text| text.lines().count());
        let (deletions, additions) = (lines(old), lines(new));
        let status = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(_), Some(_)) => "modified",
        };
        let (api, web) = (self.api(), self.web());
        json!({
            "sha": new.or(old).map(|text| object_hash("blob", text.as_bytes())),
            "filename": path,
            "status": status,
            "additions": additions,
            "deletions": deletions,
            "changes": additions + deletions,
            "blob_url": format!("{web}/blob/{sha}/{path}"),
            "raw_url": format!("{web}/raw/{sha}/{path}"),
            "contents_url": format!("{api}/contents/{path}?ref={sha}"),
        })
    }
}
