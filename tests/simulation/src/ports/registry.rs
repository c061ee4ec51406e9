//! The registry's port.

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{Answer, ImageContents, Registry};
use lockstep_events::ImageDigest;

use crate::services::registry::REPOSITORY;
use crate::setting;
use crate::traces::Effect;
use crate::wire::Line;

/// The image repository.
pub(crate) struct SimRegistry(pub(crate) Line);

#[async_trait]
impl Registry for SimRegistry {
    fn repository(&self) -> &str {
        REPOSITORY
    }

    async fn resolve(&self, tag: &str) -> Answer<Option<ImageDigest>> {
        let tag = tag.to_owned();
        let asked = self.0.call(Service::Registry, "resolve", move |universe| {
            let (now, plan, dice) = (universe.now, &universe.plan, &mut universe.dice);
            Ok(universe.images.tags.read(now, plan, dice).get(&tag).cloned())
        });
        asked.await
    }

    async fn contents(&self, digest: &ImageDigest) -> Answer<Option<ImageContents>> {
        let digest = digest.clone();
        let asked = self.0.call(Service::Registry, "contents", move |universe| {
            let there = universe.images.image(digest.as_str()).is_some();
            Ok(there.then(|| ImageContents { digest: digest.clone(), runnable: vec![digest] }))
        });
        asked.await
    }

    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()> {
        let (tag, digest) = (tag.to_owned(), digest.clone());
        // Only production moves `latest` and versions; a beta tag may be moved for either staging environment.
        let sender = self.0.shared.lock().tag_mover(&tag);
        let asked = self.0.call(Service::Registry, "point", move |universe| {
            let before = universe.images.tags.now().get(&tag).map(ToString::to_string);
            if universe.point_tag(&tag, &digest)
                && let Some(sender) = sender
            {
                let mut state = if tag == setting::LATEST { sender.state } else { String::new() };
                // Moved on after somebody else had moved it: not the same move once more. Theirs differ all.
                let over = before.clone();
                if universe.replaced_by(sender.deployment, before) {
                    state.push_str(" over ");
                    state.push_str(&over.unwrap_or_default());
                }
                universe.changed_by(sender.deployment, Effect::Tag(tag, state));
            }
            Ok(())
        });
        asked.await
    }
}
