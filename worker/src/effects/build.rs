//! The build of a commit's image by the repository's own workflow.
//!
//! A repeat is recognised by the run's name, which carries the deployment's id and the commit: a resumed dispatch looks
//! for such a run of the default branch first and adopts it. The workflow pushes only the deployment's own intermediate tag, so
//! even two builds of one deployment could not move a tag that means something.

use lockstep_events::{CommitSha, Version};
use lockstep_state_machines::{Build, BuildOutcome, DispatchOutcome};

use super::{EffectError, Scene, seen};
use crate::faults::Service;
use crate::ports::{BuildRun, BuildStatus, Dispatch};

pub(super) async fn dispatch(
    commit: &CommitSha,
    version: &Version,
    scene: &Scene<'_>,
) -> Result<DispatchOutcome, EffectError> {
    let application = scene.place.application;
    let deployment = scene.deployment();
    let workflow = &application.config.github.build_workflow;
    let reference = seen(application.forge.default_branch().await)?;
    if scene.resumed {
        let (id, since) = (deployment.request.id, scene.machine.since());
        let found = seen(application.forge.find_run(workflow, &reference, id, commit, since).await)?;
        if let Some(run) = found {
            return Ok(DispatchOutcome::Dispatched { build: known(&run), adopted: true });
        }
    }
    let inputs = [
        ("deployment_id", deployment.request.id.to_string()),
        ("commit", commit.to_string()),
        ("version", version.to_string()),
        ("image_tag", deployment.build_tag()),
        ("fence", deployment.token.to_string()),
    ];
    let dispatch = Dispatch {
        workflow: workflow.clone(),
        reference,
        inputs: inputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let sent = application.forge.dispatch(&dispatch);
    let run = scene.permit.send(Service::GitHub, "create a workflow dispatch event", sent).await?;
    // Its address is known once it is looked at.
    Ok(DispatchOutcome::Dispatched { build: Build { run, attempt: None, url: None }, adopted: false })
}

pub(super) async fn follow(
    run: Option<u64>,
    commit: &CommitSha,
    scene: &Scene<'_>,
) -> Result<BuildOutcome, EffectError> {
    let application = scene.place.application;
    let found = match run {
        Some(id) => seen(application.forge.run(id).await)?,
        None => {
            let workflow = &application.config.github.build_workflow;
            let window = scene.world.policy.deadlines.action;
            let since = scene.machine.since().checked_sub(window).unwrap_or(scene.machine.since());
            let (id, branch) =
                (scene.deployment().request.id, seen(application.forge.default_branch().await)?);
            seen(application.forge.find_run(workflow, &branch, id, commit, since).await)?
        }
    };
    Ok(match found {
        None => BuildOutcome::Running,
        Some(run) => match &run.status {
            BuildStatus::Running(_) => BuildOutcome::Running,
            BuildStatus::Finished(conclusion) if conclusion == "success" => {
                BuildOutcome::Succeeded(known(&run))
            }
            BuildStatus::Finished(conclusion) => {
                BuildOutcome::Failed { build: known(&run), conclusion: conclusion.clone() }
            }
        },
    })
}

fn known(run: &BuildRun) -> Build {
    Build { run: Some(run.id), attempt: Some(run.attempt), url: Some(run.url.clone()) }
}
