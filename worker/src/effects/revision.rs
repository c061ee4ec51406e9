//! Task-definition revisions. A repeat is recognised by the marks (tags): deployment and leg. Retiring
//! converges: an INACTIVE revision stays INACTIVE.

use lockstep_events::ImageDigest;
use lockstep_state_machines::{Leg, RetireOutcome, RevisionOutcome};

use super::{EffectError, Scene, seen};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Marks;

/// How many of a family's newest revisions are searched for our marks. More than the legs of one
/// deployment, since others may register revisions of the same family meanwhile.
const DEPTH: u32 = 20;

pub(super) async fn register(
    leg: Leg,
    base: &str,
    digest: Option<&ImageDigest>,
    scene: &Scene<'_>,
) -> Result<RevisionOutcome, EffectError> {
    let (cluster, deployment) = (&scene.world.cluster, scene.deployment());
    let marks = Marks::from([
        ("lockstep:deployment".to_owned(), deployment.request.id.to_string()),
        ("lockstep:leg".to_owned(), leg.name().to_owned()),
    ]);
    if scene.resumed {
        let family = match seen(cluster.task_definition(base).await)? {
            Some(definition) => definition.family,
            None => return Err(unknown_base(base)),
        };
        if let Some(arn) = seen(cluster.find_marked(&family, &marks, DEPTH).await)?.into_iter().next() {
            return Ok(RevisionOutcome::Registered { arn, adopted: true });
        }
    }
    let mut marks = marks;
    marks.insert("lockstep:fence".to_owned(), deployment.token.to_string());
    let repository = scene.place.application.registry.repository();
    let image = digest.map(|digest| format!("{repository}@{digest}"));
    let container = scene.place.environment.container.as_str();
    let image = image.as_deref().map(|image| (container, image));
    let sent = cluster.register_from(base, image, &marks);
    let arn = scene.permit.send(Service::Ecs, "RegisterTaskDefinition", sent).await?;
    Ok(RevisionOutcome::Registered { arn, adopted: false })
}

fn unknown_base(base: &str) -> EffectError {
    let message = format!("{base}, which the service runs, is not known: somebody deleted it");
    EffectError::Fault(Fault::new(Service::Ecs, "DescribeTaskDefinition", FaultKind::NotFound, message))
}

pub(super) async fn retire(revisions: &[String], scene: &Scene<'_>) -> Result<RetireOutcome, EffectError> {
    for arn in revisions {
        let sent = scene.world.cluster.deregister(arn);
        scene.permit.send(Service::Ecs, "DeregisterTaskDefinition", sent).await?;
    }
    Ok(RetireOutcome::Retired { revisions: revisions.to_vec() })
}
