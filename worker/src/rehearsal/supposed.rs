//! What a rehearsal has to suppose, since nobody can know it before: that what is waited for comes to the end that is
//! hoped for. Must never suppose what can be looked at.

use lockstep_state_machines::{
    Build, BuildOutcome, DrainOutcome, Event, ImageOutcome, Machine, Proof, RolloutOutcome, State,
    VerificationOutcome,
};

use super::unbuilt;
use crate::config::ReadinessConfig;

/// How the present state is supposed to end, and in words; `None` where the worker's own look tells.
pub(super) fn supposed(machine: &Machine, readiness: &ReadinessConfig) -> Option<(Event, String)> {
    let deployment = machine.deployment();
    let (event, words) = match machine.state() {
        State::AwaitingBuild => {
            let unknown = Build { run: None, attempt: None, url: None };
            let build = deployment.build.clone().unwrap_or(unknown);
            (Event::Build(BuildOutcome::Succeeded(build)), "the build succeeds".to_owned())
        }
        State::RecordingImage => (
            Event::Image(ImageOutcome::Recorded { digest: unbuilt(), adopted: false }),
            "the build has pushed an image, and no other build of the commit was faster".to_owned(),
        ),
        State::AwaitingDrain { .. } => {
            (Event::Drain(DrainOutcome::Drained), "every task of the application stops".to_owned())
        }
        State::RollingOut { leg } => {
            (Event::Rollout(RolloutOutcome::Succeeded), format!("the rollout of {} succeeds", leg.in_words()))
        }
        State::Verifying { leg } => {
            let mut words = format!(
                "every task of {} runs its digest, and {} answers ready {} time(s) in a row",
                leg.in_words(),
                address(readiness),
                readiness.consecutive
            );
            if let Some((pointer, commit)) =
                readiness.commit_pointer.as_ref().zip(deployment.commit_of(leg).as_ref())
            {
                words.push_str(&format!(", with commit {commit} at {pointer}"));
            }
            (Event::Verification(VerificationOutcome::Verified(Proof::default())), words)
        }
        _ => return None,
    };
    Some((event, words))
}

/// Where readiness is asked for. A query may hold a token.
pub(super) fn address(readiness: &ReadinessConfig) -> &str {
    readiness.url.split('?').next().unwrap_or_default()
}
