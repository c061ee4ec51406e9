//! The registry: tags, each naming a digest, and what is in each image. Must never lose a digest.

use std::collections::BTreeMap;

use lockstep_events::ImageDigest;

use super::Lagging;
use crate::universe::Universe;

/// The repository's name.
pub(crate) const REPOSITORY: &str = "127.0.0.1:1/acme/shop";

/// How an image behaves when it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Comes up and answers ready.
    Good,
    /// Ends soon after it was started: the circuit breaker trips.
    Crashes,
    /// Its tasks never start: nothing happens.
    Hangs,
    /// Comes up, and never answers ready.
    NeverReady,
}

/// What is in an image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// The commit that it reports.
    pub(crate) commit: String,
    pub(crate) nature: Nature,
}

/// Tags and images.
#[derive(Default)]
pub(crate) struct Images {
    pub(crate) tags: Lagging<BTreeMap<String, ImageDigest>>,
    pub(crate) images: BTreeMap<String, Image>,
}

impl Images {
    pub(crate) fn image(&self, digest: &str) -> Option<&Image> {
        self.images.get(digest)
    }
}

impl Universe {
    /// Points a tag at a digest; whether that changed something.
    pub(crate) fn point_tag(&mut self, tag: &str, digest: &ImageDigest) -> bool {
        if self.images.tags.now().get(tag) == Some(digest) {
            return false;
        }
        let (now, lag) = (self.now, self.plan.lag);
        self.images.tags.change(now, lag, |tags| tags.insert(tag.to_owned(), digest.clone()));
        self.note(format_args!("tag {tag} names {digest:.17}"));
        self.changed = true;
        true
    }
}
