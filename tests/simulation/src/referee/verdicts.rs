//! Whether a deployment's end is true: what it says is compared with what ECS, the registry and GitHub really
//! hold, not with what they showed. Must never ask the worker's own record for proof.

use std::time::Duration;

use invariants::Violation;
use lockstep_events::{DeploymentId, ImageDigest};
use lockstep_state_machines::{FailureCode, Kind, Machine, State};

use crate::services::registry::Nature;
use crate::services::table::Life;
use crate::setting;
use crate::universe::Universe;

const HEALTHY: &str = "healthy means that it ran, ready";
const ROLLED_BACK: &str = "rolled back means that the last healthy release ran, ready";
const UNTOUCHED: &str = "nothing was deployed means that nothing was touched";
const FOREIGN: &str = "a foreign change that was replaced is named in the history";
const REFERENCES: &str = "latest is not left on a release that is not healthy";

/// Judges an end that has just been written.
pub(super) fn judge(universe: &Universe, id: DeploymentId) -> Result<(), Violation> {
    let life = &universe.table.lives[&id];
    let Some(last) = life.rows.last() else { return Ok(()) };
    let machine = match Machine::restore(&last.entry.snapshot) {
        Ok(machine) => machine,
        Err(error) => return broken("snapshots can be read", id, error.to_string()),
    };
    for (_, foreign) in universe.traces.replaced.iter().filter(|(by, _)| *by == id) {
        if !life.rows.iter().any(|row| row.entry.detail.contains(foreign.as_str())) {
            return broken(FOREIGN, id, format!("it replaced {foreign} and does not say so"));
        }
    }
    let deployment = machine.deployment();
    match machine.state() {
        State::Healthy => {
            let leg = lockstep_state_machines::Leg::Candidate;
            let (definition, digest) = (deployment.revision_of(leg), deployment.digest.clone());
            ran(universe, HEALTHY, id, "deploying/checking-readiness", definition, digest)
        }
        State::RolledBack | State::Failed if deployment.restored.is_some() => {
            let target = deployment.restore_target();
            let definition = target.as_ref().map(|target| target.task_definition.clone());
            let digest = target.map(|target| target.digest);
            ran(universe, ROLLED_BACK, id, "rolling-back/checking-restored", definition, digest)?;
            references(universe, &machine)
        }
        State::RolledBack => broken(ROLLED_BACK, id, "nothing was proven".to_owned()),
        State::Failed | State::Cancelled => {
            nothing_was_touched(universe, id)?;
            references(universe, &machine)
        }
        _ => nothing_was_touched(universe, id),
    }
}

fn broken(name: &'static str, id: DeploymentId, text: String) -> Result<(), Violation> {
    Err(Violation { name, text: format!("{id}: {text}") })
}

/// When the deployment last came into this state, by the table's clock.
fn entered(life: &Life, state: &str) -> Option<Duration> {
    let last = life.rows.iter().rposition(|row| row.entry.to == state)?;
    let before = life.rows[..=last].iter().rposition(|row| row.entry.to != state);
    life.rows.get(before.map_or(0, |before| before + 1)).map(|row| row.at)
}

/// The service really ran this definition and nothing else while it was looked at, its image is one that comes up
/// and answers, and if it does not run any more, somebody else has ended that.
fn ran(
    universe: &Universe,
    name: &'static str,
    id: DeploymentId,
    looked_in: &str,
    definition: Option<String>,
    digest: Option<ImageDigest>,
) -> Result<(), Violation> {
    let life = &universe.table.lives[&id];
    let (Some(definition), Some(digest)) = (definition, digest) else {
        return broken(name, id, "its record does not say what runs".to_owned());
    };
    let Some(since) = entered(life, looked_in) else {
        return broken(name, id, format!("it never was in {looked_in}"));
    };
    if universe.ecs.digest_of(&definition) != Some(digest.as_str()) {
        return broken(name, id, format!("{definition} does not run {digest}"));
    }
    if universe.images.image(digest.as_str()).is_none_or(|image| image.nature != Nature::Good) {
        return broken(name, id, format!("{digest} never answers ready"));
    }
    let service = setting::service(life.environment.as_str());
    let Some(kept) = universe.ecs.services.get(&service) else {
        return broken(name, id, format!("there is no {service}"));
    };
    // What a look shows may be as old as reads may lag.
    let since = since.saturating_sub(universe.plan.lag);
    let mut runs = kept.runs.iter().filter(|run| run.definition == definition);
    let true_then = runs.any(|run| match run.until {
        None => true,
        Some(until) => until >= since && kept.strangers.contains(&until),
    });
    if true_then {
        return Ok(());
    }
    broken(name, id, format!("{service} has not run {definition} since {since:?}: {:?}", kept.runs))
}

/// A deployment that ended with nothing deployed has not changed a service, and never will.
pub(super) fn nothing_was_touched(universe: &Universe, id: DeploymentId) -> Result<(), Violation> {
    let Some(last) = universe.table.newest(id) else { return Ok(()) };
    let touched = Machine::restore(&last.snapshot).is_ok_and(|machine| machine.deployment().touched);
    if !touched && universe.traces.touched.contains(&id) {
        return broken(UNTOUCHED, id, format!("it ended in {} and changed a service", last.to));
    }
    Ok(())
}

/// After a promotion that did not become healthy `latest` and the latest release are not left on it, unless the
/// end says that somebody has to look.
fn references(universe: &Universe, machine: &Machine) -> Result<(), Violation> {
    let deployment = machine.deployment();
    let unlocked = deployment.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::Unlocked);
    let quiet = deployment.unwind_failures.is_empty() && !unlocked;
    let previous = deployment.inspection.as_ref().and_then(|inspection| inspection.previous.as_ref());
    let (Some(previous), Some(digest), Some(source), true) = (
        previous,
        &deployment.digest,
        &deployment.source,
        quiet && deployment.plan.kind == Kind::Production && deployment.references_touched,
    ) else {
        return Ok(());
    };
    let id = deployment.request.id;
    let tags = universe.images.tags.now();
    if previous.digest != *digest && tags.get(setting::LATEST) == Some(digest) {
        return broken(REFERENCES, id, format!("it ended in {}, and latest names {digest}", machine.state()));
    }
    let book = universe.repository.releases.now();
    let latest = book.releases.iter().find(|release| Some(release.id) == book.latest);
    let version = source.version.to_string();
    if previous.version != source.version && latest.is_some_and(|latest| latest.tag == version) {
        let text = format!("it ended in {}, and the latest release is {version}", machine.state());
        return broken(REFERENCES, id, text);
    }
    Ok(())
}
