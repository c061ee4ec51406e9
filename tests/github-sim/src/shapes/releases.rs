//! Releases. There are no assets.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::ids::node_id;
use crate::model::releases::Release;

impl View<'_> {
    /// A release.
    pub(crate) fn release(&self, release: &Release) -> Value {
        let (api, web) = (self.api(), self.web());
        let (id, tag) = (release.id, &release.tag_name);
        // A draft has no tag, hence no archive.
        let archive = |kind: &str| (!release.draft).then(|| format!("{api}/{kind}/{tag}"));
        json!({
            "url": format!("{api}/releases/{id}"),
            "html_url": format!("{web}/releases/tag/{tag}"),
            "assets_url": format!("{api}/releases/{id}/assets"),
            "upload_url": format!("{api}/releases/{id}/assets{{?name,label}}"),
            "tarball_url": archive("tarball"),
            "zipball_url": archive("zipball"),
            "id": id,
            "node_id": node_id("Release", id),
            "tag_name": tag,
            "target_commitish": release.target_commitish,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": false,
            "created_at": time(release.created_at),
            "published_at": release.published_at.map(time),
            "author": user(self.base, &release.author),
            "assets": [],
        })
    }
}
