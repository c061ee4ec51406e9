//! The registry of a rehearsal: reads what is really there, and only notes which tags it is asked to move.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_events::ImageDigest;

use super::journal::{Change, Journal, or_none};
use super::unbuilt;
use crate::ports::{Answer, ImageContents, Registry};

/// The real registry, behind glass.
pub(super) struct PlannedImages {
    pub(super) real: Arc<dyn Registry>,
    pub(super) journal: Arc<Journal>,
}

#[async_trait]
impl Registry for PlannedImages {
    fn repository(&self) -> &str {
        self.real.repository()
    }

    async fn resolve(&self, tag: &str) -> Answer<Option<ImageDigest>> {
        let found = self.real.resolve(tag).await;
        self.journal
            .looked(format!("image tag {tag}"), found, |found| or_none(found.as_ref(), ToString::to_string))
    }

    async fn contents(&self, digest: &ImageDigest) -> Answer<Option<ImageContents>> {
        let found = self.real.contents(digest).await;
        let there = |found: &Option<ImageContents>| or_none(found.as_ref(), |_| "in the registry".to_owned());
        self.journal.looked(format!("image {digest}"), found, there)
    }

    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()> {
        let from = self.journal.met(self.real.resolve(tag).await)?;
        let to = Some(digest.clone()).filter(|digest| *digest != unbuilt());
        self.journal.would(Change::PointTag { tag: tag.to_owned(), from, to });
        Ok(())
    }
}
