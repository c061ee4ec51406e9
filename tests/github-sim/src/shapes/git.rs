//! References and annotated tags, as the git database API shows them.

use serde_json::{Value, json};

use super::view::{View, time};
use crate::model::ids::node_id;
use crate::model::references::Target;
use crate::model::tags::TagObject;

impl View<'_> {
    /// A reference by its full name.
    pub(crate) fn reference(&self, name: &str, target: &Target) -> Value {
        json!({
            "ref": name,
            "node_id": node_id("Ref", name),
            "url": format!("{}/git/{name}", self.api()),
            "object": self.object(target),
        })
    }

    /// An annotated tag.
    pub(crate) fn tag_object(&self, tag: &TagObject) -> Value {
        let target = self.repository.object(&tag.object);
        json!({
            "node_id": node_id("Tag", &tag.sha),
            "tag": tag.tag,
            "sha": tag.sha,
            "url": format!("{}/git/tags/{}", self.api(), tag.sha),
            "message": tag.message,
            "tagger": {
                "name": tag.tagger,
                "email": format!("{}@users.noreply.example.org", tag.tagger),
                "date": time(tag.at),
            },
            "object": target.map(|target| self.object(&target)),
            "verification": {
                "verified": false,
                "reason": "unsigned",
                "signature": null,
                "payload": null,
                "verified_at": null,
            },
        })
    }

    fn object(&self, target: &Target) -> Value {
        let folder = match target {
            Target::Commit(_) => "commits",
            Target::Tag(_) => "tags",
        };
        json!({
            "type": target.kind(),
            "sha": target.sha(),
            "url": format!("{}/git/{folder}/{}", self.api(), target.sha()),
        })
    }
}
