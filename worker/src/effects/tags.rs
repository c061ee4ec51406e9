//! Image tags. A permanent tag (a beta's, a version's) names one digest for ever: found naming another, it
//! is in the way and left alone. `latest` moves, but not over somebody else's move before that is on record. A
//! repeat finds the tags where they belong and does nothing.

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
    let mut moved = Vec::new();
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
            if is_foreign(found.as_ref(), scene) {
                return Ok(TagsOutcome::Foreign { found });
            }
            scene.permit.send(Service::Registry, PUT, registry.point(LATEST, digest)).await?;
            moved.push(LATEST.to_owned());
        }
    }
    Ok(TagsOutcome::Moved { moved })
}

/// Whether somebody else has moved or deleted `latest` since it was last looked at.
fn is_foreign(found: Option<&ImageDigest>, scene: &Scene<'_>) -> bool {
    let Some(inspection) = &scene.deployment().inspection else { return false };
    let previous = inspection.previous.as_ref().map(|previous| &previous.digest);
    inspection.latest.as_ref() != found && (found.is_none() || previous != found)
}
