//! The steps in words. Every state has its words here; a new one does not compile without.

use lockstep_events::Target;
use lockstep_state_machines::{Deployment, Leg, State};

const LEGS: [Leg; 5] = [Leg::Database, Leg::Baseline, Leg::Candidate, Leg::RestoredDatabase, Leg::Restored];

/// What is done in a state, as one would order it; what it means, in a terminal one.
#[must_use]
pub fn title(state: State) -> String {
    let words = match state {
        State::CheckingSource => "check who asks and the source",
        State::Inspecting => "inspect the environment",
        State::DispatchingBuild => "start the build",
        State::AwaitingBuild => "build the image",
        State::RecordingImage => "record the image's digest",
        State::BindingVersion => "bind the version to the digest",
        State::MovingTags => "move the image tags",
        State::PublishingRelease => "publish the release",
        State::Registering { leg } => return format!("register a task definition for {}", leg.in_words()),
        State::Draining { .. } => "stop the application's tasks",
        State::AwaitingDrain { .. } => "see the last task stop",
        State::Starting { leg } => return format!("start {}", leg.in_words()),
        State::RollingOut { leg } => return format!("roll out {}", leg.in_words()),
        State::Verifying { leg } => return format!("prove {}: digest and readiness", leg.in_words()),
        State::RestoringReferences => "put latest and the latest release back",
        State::Retiring => "retire the task definitions",
        State::Settling => "let the last call arrive",
        State::Rejected => "rejected",
        State::Healthy => "healthy",
        State::RolledBack => "rolled back",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    };
    words.to_owned()
}

/// What a state waits for.
pub(super) fn waits_for(state: State, d: &Deployment) -> String {
    let worker = || "a worker, which does it at once".to_owned();
    match state {
        State::CheckingSource => {
            d.waiting_on.clone().unwrap_or_else(|| "GitHub: who asks, the commit and its checks".to_owned())
        }
        State::AwaitingBuild => match d.build.as_ref().and_then(|build| build.url.as_ref()) {
            Some(url) => format!("the build workflow: {url}"),
            None => "the build workflow, whose run is not listed yet".to_owned(),
        },
        State::AwaitingDrain { .. } => "ECS to stop the last task of the application".to_owned(),
        State::RollingOut { leg } => match d.revision_of(leg) {
            Some(revision) => format!("ECS to roll out {}", short(&revision)),
            None => "ECS to roll it out".to_owned(),
        },
        State::Verifying { .. } => {
            "every task to run the digest and the application to answer ready".to_owned()
        }
        State::Settling => "a call whose answer was lost: by then it has arrived or never will".to_owned(),
        State::Inspecting
        | State::DispatchingBuild
        | State::RecordingImage
        | State::BindingVersion
        | State::MovingTags
        | State::PublishingRelease
        | State::Registering { .. }
        | State::Draining { .. }
        | State::Starting { .. }
        | State::RestoringReferences
        | State::Retiring => worker(),
        State::Rejected | State::Healthy | State::RolledBack | State::Failed | State::Cancelled => {
            String::new()
        }
    }
}

/// The state that is recorded under this name; `None` for a name that this build does not know.
#[must_use]
pub fn state_named(name: &str) -> Option<State> {
    all().find(|state| state.to_string() == name)
}

/// What was asked for, in words.
#[must_use]
pub fn target(target: &Target) -> String {
    match target {
        Target::Commit { reference: None } => "the default branch".to_owned(),
        Target::Commit { reference: Some(reference) } => reference.to_string(),
        Target::Beta { tag } => tag.to_string(),
    }
}

/// `family:revision` of a task definition's ARN.
pub(super) fn short(task_definition: &str) -> &str {
    task_definition.rsplit('/').next().unwrap_or(task_definition)
}

fn all() -> impl Iterator<Item = State> {
    let single = [
        State::CheckingSource,
        State::Inspecting,
        State::DispatchingBuild,
        State::AwaitingBuild,
        State::RecordingImage,
        State::BindingVersion,
        State::MovingTags,
        State::PublishingRelease,
        State::RestoringReferences,
        State::Retiring,
        State::Settling,
        State::Rejected,
        State::Healthy,
        State::RolledBack,
        State::Failed,
        State::Cancelled,
    ];
    let drains = [false, true]
        .into_iter()
        .flat_map(|restoring| [State::Draining { restoring }, State::AwaitingDrain { restoring }]);
    let legs = LEGS.into_iter().flat_map(|leg| {
        [
            State::Registering { leg },
            State::Starting { leg },
            State::RollingOut { leg },
            State::Verifying { leg },
        ]
    });
    single.into_iter().chain(drains).chain(legs)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lockstep_state_machines::table::rows;

    use super::*;

    #[test]
    fn every_state_that_can_be_reached_is_known_by_its_name() {
        let reached: BTreeSet<State> = rows().iter().flat_map(|row| [row.from, row.to]).collect();
        assert!(reached.len() > 20);
        for state in reached {
            assert_eq!(state_named(&state.to_string()), Some(state));
        }
        assert_eq!(state_named("requested"), None);
    }

    #[test]
    fn a_step_of_a_leg_names_it() {
        assert_eq!(title(State::RollingOut { leg: Leg::Candidate }), "roll out the candidate");
        assert_eq!(title(State::Starting { leg: Leg::Restored }), "start the last healthy release");
        assert_eq!(short("arn:aws:ecs:eu-west-1:1:task-definition/shop:12"), "shop:12");
    }
}
