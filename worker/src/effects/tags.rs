//! Image tags. A permanent tag (a beta's, a version's) names one digest for ever: found naming another, it
//! is in the way and left alone. `latest` moves. A repeat finds the tags where they belong and does nothing.

use lockstep_events::ImageDigest;
use lockstep_state_machines::{Refusal, RefusalCode, TagsOutcome};

use super::{EffectError, Scene, seen};
use crate::faults::Service;

/// The tag that names what production runs.
pub(super) const LATEST: &str = "latest";

/// The registry's operation that moves a tag.
pub(super) const PUT: &str = "put manifest";

pub(super) async fn move_tags(
    digest: &ImageDigest,
    permanent: &str,
    latest: bool,
    scene: &Scene<'_>,
) -> Result<TagsOutcome, EffectError> {
    let registry = &scene.place.application.registry;
    let (mut moved, mut findings) = (Vec::new(), Vec::new());
    match seen(registry.resolve(permanent).await)? {
        Some(found) if found == *digest => {}
        Some(found) => {
            return Ok(TagsOutcome::Taken(Refusal {
                code: RefusalCode::TagTaken,
                message: format!(
                    "image tag {permanent} names {found}, not {digest}: somebody else put it there meanwhile"
                ),
            }));
        }
        None => {
            let point = registry.point(permanent, digest);
            scene.permit.send(Service::Registry, PUT, point).await?;
            moved.push(permanent.to_owned());
        }
    }
    if latest {
        let found = seen(registry.resolve(LATEST).await)?;
        if found.as_ref() != Some(digest) {
            findings.extend(found.and_then(|found| foreign(&found, scene)));
            scene.permit.send(Service::Registry, PUT, registry.point(LATEST, digest)).await?;
            moved.push(LATEST.to_owned());
        }
    }
    Ok(TagsOutcome::Moved { moved, findings })
}

/// Who else moved `latest` since the environment was inspected, in words. It follows production, so it is moved
/// all the same, and said.
fn foreign(found: &ImageDigest, scene: &Scene<'_>) -> Option<String> {
    let inspection = scene.deployment().inspection.as_ref()?;
    let previous = inspection.previous.as_ref().map(|previous| &previous.digest);
    let known = inspection.latest.as_ref() == Some(found) || previous == Some(found);
    (!known).then(|| format!("somebody had moved {LATEST} to {found} meanwhile"))
}
