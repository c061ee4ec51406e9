//! Releases and prereleases. Creating one is sent once and never found out about here: the engine reads it
//! back. Must never leave "latest" to GitHub's own rule: every write says what it shall be.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use crate::ports::{Answer, NewRelease, Release, ReleaseChange};

#[derive(Deserialize)]
struct ReleaseJson {
    id: u64,
    tag_name: String,
    prerelease: bool,
    draft: bool,
    body: Option<String>,
    html_url: String,
}

impl From<ReleaseJson> for Release {
    fn from(json: ReleaseJson) -> Self {
        Self {
            id: json.id,
            tag: json.tag_name,
            prerelease: json.prerelease,
            draft: json.draft,
            body: json.body.unwrap_or_default(),
            url: json.html_url,
        }
    }
}

/// The release of a tag ("Get a release by tag name"; drafts have no tag and are not found).
pub(super) async fn release(client: &Client, tag: &str) -> Answer<Option<Release>> {
    let route = client.route().below("releases/tags").then(tag);
    let found: Option<ReleaseJson> = client.find("get a release by tag name", route).await?;
    Ok(found.map(Release::from))
}

/// The release marked "latest" ("Get the latest release").
pub(super) async fn latest_release(client: &Client) -> Answer<Option<Release>> {
    let route = client.route().below("releases/latest");
    let found: Option<ReleaseJson> = client.find("get the latest release", route).await?;
    Ok(found.map(Release::from))
}

/// Creates a release ("Create a release"; GitHub puts the given body before the notes that it generates).
pub(super) async fn create(client: &Client, new: &NewRelease) -> Answer<Release> {
    const OPERATION: &str = "create a release";
    let body = json!({
        "tag_name": new.tag,
        "target_commitish": new.commit,
        "name": new.tag,
        "body": new.preface,
        "draft": false,
        "prerelease": new.prerelease,
        "generate_release_notes": true,
        "make_latest": latest(new.make_latest && !new.prerelease),
    });
    let route = client.route().then("releases");
    let reply = client.send(OPERATION, Method::POST, route, Some(&body)).await?;
    Ok(reply.read::<ReleaseJson>(OPERATION)?.into())
}

/// Changes a release ("Update a release"); nothing is sent when there is nothing to change.
pub(super) async fn change(client: &Client, id: u64, change: &ReleaseChange) -> Answer<()> {
    let mut body = Map::new();
    if let Some(make_latest) = change.make_latest {
        body.insert("make_latest".to_owned(), latest(make_latest).into());
    }
    if let Some(notes) = &change.body {
        body.insert("body".to_owned(), notes.as_str().into());
    }
    if body.is_empty() {
        return Ok(());
    }
    let route = client.route().then("releases").then(&id.to_string());
    client.send("update a release", Method::PATCH, route, Some(&Value::Object(body))).await?;
    Ok(())
}

/// `make_latest` is a text in GitHub's API, since it may also be `legacy`.
fn latest(make_latest: bool) -> &'static str {
    if make_latest { "true" } else { "false" }
}
