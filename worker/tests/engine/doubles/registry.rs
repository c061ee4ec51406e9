//! The image registry: tags, each naming a digest. Every digest is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{Answer, ImageContents, Registry};
use lockstep_events::ImageDigest;

use super::Wire;

/// The repository's name.
pub(crate) const REPOSITORY: &str = "127.0.0.1:1/acme/shop";

/// The registry.
pub(crate) struct FakeRegistry {
    wire: Arc<Wire>,
    tags: Mutex<BTreeMap<String, ImageDigest>>,
}

impl FakeRegistry {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, tags: Mutex::default() }
    }

    /// Pushes an image, as a build does.
    pub(crate) fn push(&self, tag: &str, digest: ImageDigest) {
        self.tags.lock().unwrap().insert(tag.to_owned(), digest);
    }
}

#[async_trait]
impl Registry for FakeRegistry {
    fn repository(&self) -> &str {
        REPOSITORY
    }

    async fn resolve(&self, tag: &str) -> Answer<Option<ImageDigest>> {
        let find = || self.tags.lock().unwrap().get(tag).cloned();
        self.wire.send(Service::Registry, "resolve_tag", find).await
    }

    async fn contents(&self, digest: &ImageDigest) -> Answer<Option<ImageContents>> {
        let contents = ImageContents { digest: digest.clone(), runnable: vec![digest.clone()] };
        self.wire.send(Service::Registry, "contents", || Some(contents)).await
    }

    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()> {
        self.wire.send(Service::Registry, "point", || self.push(tag, digest.clone())).await
    }
}
