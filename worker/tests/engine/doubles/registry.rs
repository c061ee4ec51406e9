//! The image registry: tags, each naming a digest. Every digest is there but those that a test has it lose.

use std::collections::{BTreeMap, BTreeSet};
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
    gone: Mutex<BTreeSet<ImageDigest>>,
    indexes: Mutex<BTreeMap<ImageDigest, Vec<ImageDigest>>>,
}

impl FakeRegistry {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, tags: Mutex::default(), gone: Mutex::default(), indexes: Mutex::default() }
    }

    /// Pushes an image, as a build does.
    pub(crate) fn push(&self, tag: &str, digest: ImageDigest) {
        self.tags.lock().unwrap().insert(tag.to_owned(), digest);
    }

    /// A digest is that of an index, whose manifests for each platform are these.
    pub(crate) fn index(&self, digest: &str, manifests: &[&str]) {
        let manifests = manifests.iter().map(|manifest| manifest.parse().unwrap()).collect();
        self.indexes.lock().unwrap().insert(digest.parse().unwrap(), manifests);
    }

    /// What a tag names.
    pub(crate) fn tag(&self, tag: &str) -> Option<String> {
        self.tags.lock().unwrap().get(tag).map(ToString::to_string)
    }

    /// Deletes a tag.
    pub(crate) fn untag(&self, tag: &str) {
        self.tags.lock().unwrap().remove(tag);
    }

    /// Deletes an image; its tags stay, as in a registry that has lost something.
    pub(crate) fn lose(&self, digest: &str) {
        self.gone.lock().unwrap().insert(digest.parse().unwrap());
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
        let runnable = self.indexes.lock().unwrap().get(digest).cloned();
        let runnable = runnable.unwrap_or_else(|| vec![digest.clone()]);
        let contents = ImageContents { digest: digest.clone(), runnable };
        let find = || (!self.gone.lock().unwrap().contains(digest)).then_some(contents);
        self.wire.send(Service::Registry, "contents", find).await
    }

    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()> {
        self.wire.send(Service::Registry, "point", || self.push(tag, digest.clone())).await
    }
}
