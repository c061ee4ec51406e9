//! The one module that executes effects. Each effect's file says how a repeat of it is recognised. An
//! effect's executor reads, acts and reports what it saw; it must never decide what comes next, and never
//! sends a change to a service without leave from its [`Permit`].

mod build;
mod drain;
mod evidence;
mod findings;
mod image;
mod inspect;
mod permit;
mod references;
mod release;
mod requester;
mod revision;
mod rollout;
mod source_production;
mod source_staging;
mod tags;
mod verdict;
mod verify;
mod version_file;

use jiff::Timestamp;
use lockstep_events::Target;
use lockstep_state_machines::{Deployment, Effect, Event, Machine};

pub use permit::{EffectError, Permit};

use crate::ports::Answer;
use crate::world::{Place, World};

/// Where and for whom an effect is executed.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The ports.
    pub world: &'a World,
    /// The environment.
    pub place: Place<'a>,
    /// The deployment, as stored.
    pub machine: &'a Machine,
    /// Whether an earlier try may have taken effect. Set unless this very worker has just recorded the
    /// intent and not tried yet. The claim's rules make sure that such a try is at least one lease old, so
    /// whatever it did is listed by now.
    pub resumed: bool,
    /// Leave to change things.
    pub permit: &'a Permit<'a>,
    /// Now.
    pub now: Timestamp,
}

impl Scene<'_> {
    fn deployment(&self) -> &Deployment {
        self.machine.deployment()
    }

    /// Whether what was done on entering this state must be visible by now. ECS's reads lag behind its
    /// writes; before this, an old picture of the service says nothing about somebody else.
    fn is_settled(&self) -> bool {
        let lag = jiff::SignedDuration::try_from(self.world.settings.lease);
        // Signed: a clock that is behind the one that recorded the state makes this wait longer, never less.
        lag.is_ok_and(|lag| self.now.duration_since(self.machine.since()) >= lag)
    }

    /// Whether the state's deadline has come: then this look is the last, and worth more calls.
    fn is_last_look(&self) -> bool {
        self.machine.deadline().is_some_and(|deadline| self.now >= deadline)
    }
}

/// Executes an effect.
///
/// # Errors
/// [`EffectError::Fault`] when a service failed; [`EffectError::ClaimSpent`] when too little of the claim
/// was left to send a change.
pub async fn execute(effect: &Effect, scene: &Scene<'_>) -> Result<Event, EffectError> {
    if let Effect::CheckSource { confirmed: false, .. } = effect
        && let Some(requests) = &scene.place.environment.requests
    {
        return requester::check(requests, scene).await.map(Event::Requester);
    }
    match effect {
        Effect::CheckSource { target: Target::Commit { reference }, overrides, pinned, .. } => {
            source_staging::check(reference.as_ref(), pinned.as_ref(), overrides, scene)
                .await
                .map(Event::Source)
        }
        Effect::CheckSource { target: Target::Beta { tag }, overrides, .. } => {
            source_production::check(tag, overrides, scene).await.map(Event::Source)
        }
        Effect::Inspect { digest } => inspect::inspect(digest.as_ref(), scene).await.map(Event::Inspection),
        Effect::DispatchBuild { commit, version } => {
            build::dispatch(commit, version, scene).await.map(Event::Dispatch)
        }
        Effect::FollowBuild { run, commit } => build::follow(*run, commit, scene).await.map(Event::Build),
        Effect::RecordImage { commit } => image::record(commit, scene).await.map(Event::Image),
        Effect::BindVersion { version, commit, digest, beta } => {
            image::bind_version(version, commit, digest, beta, scene).await.map(Event::Binding)
        }
        Effect::MoveTags { digest, permanent, latest } => {
            tags::move_tags(digest, permanent, *latest, scene).await.map(Event::Tags)
        }
        Effect::PublishRelease { version, beta, commit, digest, prerelease } => {
            let wanted = release::Wanted { version, beta, commit, digest, prerelease: *prerelease };
            release::publish(&wanted, scene).await.map(Event::Release)
        }
        Effect::RegisterRevision { leg, base, digest } => {
            revision::register(*leg, base, digest.as_ref(), scene).await.map(Event::Revision)
        }
        Effect::Drain => drain::drain(scene).await.map(Event::Drain),
        Effect::FollowDrain => drain::follow(scene).await.map(Event::Drain),
        Effect::StartRollout { leg, task_definition, desired } => {
            rollout::start(*leg, task_definition, *desired, scene).await.map(Event::Start)
        }
        Effect::FollowRollout { leg, task_definition, .. } => {
            rollout::follow(*leg, task_definition, scene).await.map(Event::Rollout)
        }
        Effect::Verify { leg, task_definition, digest, commit } => {
            let wanted = verify::Wanted { leg: *leg, task_definition, digest, commit: commit.as_ref() };
            verify::verify(&wanted, scene).await.map(Event::Verification)
        }
        Effect::RestoreReferences { version, digest, previous } => {
            references::restore(version, digest, previous.as_ref(), scene).await.map(Event::Restore)
        }
        Effect::Settle => Ok(Event::Settled),
        Effect::RetireRevisions { revisions } => revision::retire(revisions, scene).await.map(Event::Retire),
    }
}

/// The outcome of a call, as an effect's error.
fn seen<T>(answer: Answer<T>) -> Result<T, EffectError> {
    answer.map_err(EffectError::Fault)
}
