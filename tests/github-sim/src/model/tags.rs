//! Annotated tags: objects of their own, between a reference and its commit.
//!
//! Creating the object makes no reference; that is a second step, as in GitHub's API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::object_hash;
use super::refusal::Refusal;
use super::repository::Repository;

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagObject {
    pub(crate) sha: String,
    pub(crate) tag: String,
    pub(crate) message: String,
    /// The hash of the commit or of another annotated tag.
    pub(crate) object: String,
    pub(crate) tagger: String,
    pub(crate) at: Timestamp,
}

impl Repository {
    /// Creates the tag object; the answer is its hash.
    pub(crate) fn create_tag_object(
        &mut self,
        tag: &str,
        message: &str,
        object: &str,
        tagger: &str,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let target = self.object(object).ok_or_else(|| Refusal::new(422, "Could not verify object"))?;
        let text = format!(
            "object {object}\ntype {}\ntag {tag}\ntagger {tagger} {}\n\n{message}",
            target.kind(),
            now.as_second()
        );
        let sha = object_hash("tag", text.as_bytes());
        let made = TagObject {
            sha: sha.clone(),
            tag: tag.to_owned(),
            message: message.to_owned(),
            object: object.to_owned(),
            tagger: tagger.to_owned(),
            at: now,
        };
        self.tag_objects.insert(sha.clone(), made);
        Ok(sha)
    }

    /// Creates an annotated tag and the reference that names it.
    pub(crate) fn annotate(
        &mut self,
        tag: &str,
        object: &str,
        message: &str,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let owner = self.owner.clone();
        let sha = self.create_tag_object(tag, message, object, &owner, now)?;
        self.create_reference(&format!("refs/tags/{tag}"), &sha)?;
        Ok(sha)
    }
}

#[cfg(test)]
mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::*;

    #[test]
    fn nested_tags_are_peeled() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let inner = repository.create_tag_object("t", "m", &sha, "dev", Timestamp::UNIX_EPOCH).unwrap();
        let outer = repository.annotate("t2", &inner, "m", Timestamp::UNIX_EPOCH).unwrap();
        assert_ne!(inner, outer);
        assert_eq!(repository.tag_commit("t2"), Some(sha.as_str()));
        assert_eq!(repository.tag_commit("t"), None, "the object alone is no tag");
        assert_eq!(repository.annotate("x", "00", "m", Timestamp::UNIX_EPOCH).unwrap_err().status, 422);
    }
}
