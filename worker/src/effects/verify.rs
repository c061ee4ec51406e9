//! Proving what runs: every running task's image digest is the wanted one (or a manifest in its index), no
//! old task is left, and the application answers ready, several times in a row. Reads only; a repeat looks
//! again. A digest that ECS does not report makes the proof "unproven", and said so, never assumed.

use std::time::Duration;

use lockstep_events::{CommitSha, ImageDigest};
use lockstep_state_machines::{Leg, Proof, ReadinessSeen, VerificationOutcome};

use super::{EffectError, Scene, evidence, findings, seen};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{ImageContents, ReadinessProbe, TaskView};

pub(super) struct Wanted<'a> {
    pub(super) leg: Leg,
    pub(super) task_definition: &'a str,
    pub(super) digest: &'a ImageDigest,
    pub(super) commit: Option<&'a CommitSha>,
}

pub(super) async fn verify(
    wanted: &Wanted<'_>,
    scene: &Scene<'_>,
) -> Result<VerificationOutcome, EffectError> {
    let (cluster, service) = (&scene.world.cluster, scene.place.service());
    let view = seen(cluster.service(&service).await)?;
    let Some(view) = view else {
        let message = format!("the service {} is gone: somebody deleted it", service.service);
        return Err(Fault::new(Service::Ecs, "DescribeServices", FaultKind::NotFound, message).into());
    };
    if let Some(primary) = view.primary()
        && primary.task_definition != wanted.task_definition
    {
        if !scene.is_settled() {
            return Ok(VerificationOutcome::Unsettled);
        }
        let message = format!(
            "{} was replaced by {} while it was being checked; that is left in place",
            wanted.task_definition, primary.task_definition
        );
        return Ok(VerificationOutcome::Superseded { message });
    }
    let tasks = seen(cluster.tasks(&service).await)?;
    let mut evidence = evidence::collect(&view, &tasks, wanted.task_definition);
    let live: Vec<_> = tasks.iter().filter(|task| task.status != "STOPPED").collect();
    let settled =
        live.iter().all(|task| task.task_definition == wanted.task_definition && task.status == "RUNNING");
    let running = u32::try_from(live.len()).unwrap_or(u32::MAX);
    if !settled || view.desired == 0 || running != view.desired {
        return Ok(VerificationOutcome::NotReady { evidence });
    }
    let container = &scene.place.environment.container;
    // Readiness first: reading the manifest counts against a registry's pull limit, and is needed only once
    // the application is ready and a task reports something else than the digest itself.
    evidence.readiness = readiness(wanted, scene).await;
    if evidence.readiness.is_some() {
        return Ok(VerificationOutcome::NotReady { evidence });
    }
    let contents =
        if live.iter().all(|task| reported(task, container).is_none_or(|d| d == wanted.digest.as_str())) {
            None
        } else {
            seen(scene.place.application.registry.contents(wanted.digest).await)?
        };
    Ok(match prove(&live, contents.as_ref(), wanted, container) {
        Ok(proof) if wanted.leg == Leg::Candidate => {
            // What runs is proven: a service that cannot say what became of the rest does not undo that.
            let found = findings::of(&view, wanted.task_definition, wanted.digest, scene).await;
            // Perhaps a picture from before this deployment's own changes, and there is time to look again.
            if !found.changes.is_empty() && !scene.is_settled() && !scene.is_last_look() {
                return Ok(VerificationOutcome::Unsettled);
            }
            let findings = found.changes.into_iter().chain(found.unknown).collect();
            VerificationOutcome::Verified(Proof { findings, ..proof })
        }
        Ok(proof) => VerificationOutcome::Verified(proof),
        Err(message) => VerificationOutcome::WrongDigest { message, evidence },
    })
}

/// The digest that a task's deployed container reports, if ECS tells.
fn reported<'a>(task: &'a TaskView, container: &str) -> Option<&'a str> {
    task.containers.iter().find(|c| c.name == container)?.image_digest.as_deref()
}

fn prove(
    live: &[&TaskView],
    contents: Option<&ImageContents>,
    wanted: &Wanted<'_>,
    container: &str,
) -> Result<Proof, String> {
    let mut proof = Proof::default();
    for task in live {
        let id = task.arn.rsplit('/').next().unwrap_or(&task.arn).to_owned();
        let Some(reported) = reported(task, container) else {
            proof.unproven = Some(format!("ECS reports no image digest for task {id}"));
            continue;
        };
        let known = match contents {
            Some(contents) => contents.runnable.iter().any(|digest| digest.as_str() == reported),
            None => reported == wanted.digest.as_str(),
        };
        if !known {
            return Err(format!(
                "task {id} runs {reported}, which is not {} of {}",
                wanted.digest,
                wanted.leg.in_words()
            ));
        }
        proof.tasks.push((id, reported.to_owned()));
    }
    Ok(proof)
}

/// The first answer that was not good, or `None` when enough in a row were.
async fn readiness(wanted: &Wanted<'_>, scene: &Scene<'_>) -> Option<ReadinessSeen> {
    let config = &scene.place.environment.readiness;
    let must_equal = config.commit_pointer.clone().zip(wanted.commit.map(ToString::to_string));
    let probe = ReadinessProbe { url: config.url.clone(), must_equal };
    for number in 0..config.consecutive {
        if number > 0 {
            scene.world.clock.sleep(Duration::from_millis(u64::from(config.interval_milliseconds))).await;
        }
        let answer = scene.world.application.probe(&probe).await;
        if !answer.ready {
            // A query may hold a token; what is recorded does not.
            let url = probe.url.split('?').next().unwrap_or_default().to_owned();
            return Some(ReadinessSeen { url, status: answer.status, detail: answer.detail });
        }
    }
    None
}
