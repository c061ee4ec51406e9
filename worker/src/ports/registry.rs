//! The OCI registry, bound to one image repository.

use async_trait::async_trait;
use lockstep_events::ImageDigest;

use super::Answer;

/// What a digest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageContents {
    /// The digest asked for.
    pub digest: ImageDigest,
    /// Every digest that a task running this image may report: the digest itself and, if it is an index
    /// (or a Docker manifest list), each manifest in it.
    pub runnable: Vec<ImageDigest>,
}

/// Reads and moves tags. Nothing here changes or copies an image's bytes.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The repository as a task definition names it, `host/name` without tag.
    fn repository(&self) -> &str;

    /// The digest that a tag names now; `None` when there is no such tag. Costs a HEAD.
    async fn resolve(&self, tag: &str) -> Answer<Option<ImageDigest>>;

    /// What a digest names; `None` when the registry does not have it.
    async fn contents(&self, digest: &ImageDigest) -> Answer<Option<ImageContents>>;

    /// Points a tag at a digest by putting the same manifest bytes under it, then reads the tag back.
    /// Converges: doing it again changes nothing. An "already exists" refusal of an immutable tag is
    /// success when the tag names this digest.
    ///
    /// A tag that afterwards names something else is a `Refused` fault that says what it names.
    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()>;
}
