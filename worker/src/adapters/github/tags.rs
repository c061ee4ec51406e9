//! Git tags: which commit one really names. Must never take an annotated tag's own id for a commit.

use lockstep_events::CommitSha;
use serde::Deserialize;

use super::client::{Client, fault};
use crate::faults::FaultKind;
use crate::ports::Answer;

/// Tags may point at tags; nobody nests them deeper than this on purpose.
const MOST_LAYERS: u32 = 10;

#[derive(Deserialize)]
struct Pointer {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    sha: String,
}

/// The commit that a tag names ("Get a reference", then "Get a tag" for each annotated layer).
pub(super) async fn tag_commit(client: &Client, tag: &str) -> Answer<Option<CommitSha>> {
    let git = || client.route().then("git");
    let reference = git().below("ref/tags").below(tag);
    let Some(pointer) = client.find::<Pointer>("get a reference", reference).await? else {
        return Ok(None);
    };
    let mut object = pointer.object;
    for _ in 0..MOST_LAYERS {
        match object.kind.as_str() {
            "commit" => return commit(tag, &object.sha).map(Some),
            "tag" => {
                let layer = git().then("tags").then(&object.sha);
                object = client.get::<Pointer>("get a tag", layer).await?.object;
            }
            other => {
                let message =
                    format!("tag {tag} names a {other}, not a commit; delete it or use another version");
                return Err(fault("get a reference", FaultKind::Refused, message));
            }
        }
    }
    let message =
        format!("tag {tag} is nested more than {MOST_LAYERS} times; delete it or use another version");
    Err(fault("get a tag", FaultKind::Refused, message))
}

fn commit(tag: &str, sha: &str) -> Answer<CommitSha> {
    sha.parse().map_err(|error| {
        fault("get a reference", FaultKind::Unintelligible, format!("the commit of tag {tag}: {error}"))
    })
}
