//! What can come of an effect. Every list is made by a `match` over the last outcome, so that a new effect
//! or a new outcome does not compile until it has its place here; the first of each list leads on.

use super::samples::{Scenario, digest, refusal};
use crate::{
    BindingOutcome, Build, BuildOutcome, DispatchOutcome, DrainOutcome, Effect, Event, Evidence,
    ImageOutcome, InspectionOutcome, Proof, RefusalCode, ReleaseOutcome, RequesterOutcome, RestoreOutcome,
    RetireOutcome, RevisionOutcome, RolloutOutcome, SourceOutcome, StartOutcome, TagsOutcome,
    VerificationOutcome,
};

/// Every outcome that the effect can have in this scenario, the one that leads on first.
#[must_use]
pub fn outcomes(effect: &Effect, scenario: &Scenario) -> Vec<Event> {
    match effect {
        // Whether it is looked into who asks is the configuration's, which no snapshot holds.
        Effect::CheckSource { confirmed, .. } => {
            let mut all = list(Event::Source, |last| source(last, scenario));
            if !confirmed {
                all.extend(list(Event::Requester, requester));
            }
            all
        }
        Effect::Inspect { .. } => list(Event::Inspection, |last| inspection(last, scenario)),
        Effect::DispatchBuild { .. } => list(Event::Dispatch, dispatch),
        Effect::FollowBuild { .. } => list(Event::Build, build),
        Effect::RecordImage { .. } => list(Event::Image, image),
        Effect::BindVersion { .. } => list(Event::Binding, binding),
        Effect::MoveTags { .. } => list(Event::Tags, tags),
        Effect::PublishRelease { .. } => list(Event::Release, release),
        Effect::RegisterRevision { leg, .. } => list(Event::Revision, |last| revision(last, leg.name())),
        Effect::Drain => drains(false),
        Effect::FollowDrain => drains(true),
        Effect::StartRollout { leg, .. } => list(Event::Start, |last| start(last, leg.name())),
        Effect::FollowRollout { .. } => list(Event::Rollout, rollout),
        Effect::Verify { .. } => list(Event::Verification, verification),
        Effect::RestoreReferences { .. } => list(Event::Restore, restore),
        Effect::Settle => vec![Event::Settled],
        Effect::RetireRevisions { revisions } => list(Event::Retire, |last| retire(last, revisions)),
    }
}

/// Collects what `next` says, from the first outcome (after none) to the last (none after it).
fn list<T>(event: fn(T) -> Event, next: impl Fn(Option<&T>) -> Option<T>) -> Vec<Event> {
    let mut all = Vec::new();
    while let Some(outcome) = next(all.last()) {
        all.push(outcome);
    }
    all.into_iter().map(event).collect()
}

fn requester(last: Option<&RequesterOutcome>) -> Option<RequesterOutcome> {
    match last {
        None => Some(RequesterOutcome::Confirmed(Box::default())),
        Some(RequesterOutcome::Confirmed(_)) => {
            Some(RequesterOutcome::Refused(refusal(RefusalCode::NotAllowed)))
        }
        Some(RequesterOutcome::Refused(_)) => None,
    }
}

fn source(last: Option<&SourceOutcome>, scenario: &Scenario) -> Option<SourceOutcome> {
    match last {
        None => Some(SourceOutcome::Accepted(Box::new(scenario.source.clone()))),
        Some(SourceOutcome::Accepted(_)) => {
            Some(SourceOutcome::Refused(refusal(RefusalCode::NotOnDefaultBranch)))
        }
        Some(SourceOutcome::Refused(_)) => Some(SourceOutcome::Waiting {
            on: "checks are running".to_owned(),
            commit: crate::table::commit(1),
        }),
        Some(SourceOutcome::Waiting { .. }) => None,
    }
}

fn inspection(last: Option<&InspectionOutcome>, scenario: &Scenario) -> Option<InspectionOutcome> {
    match last {
        None => Some(InspectionOutcome::Fit(Box::new(scenario.inspection.clone()))),
        Some(InspectionOutcome::Fit(_)) => Some(InspectionOutcome::Unfit(refusal(RefusalCode::ServiceUnfit))),
        Some(InspectionOutcome::Unfit(_)) => None,
    }
}

fn dispatch(last: Option<&DispatchOutcome>) -> Option<DispatchOutcome> {
    match last {
        None => Some(DispatchOutcome::Dispatched { build: run(), adopted: false }),
        Some(DispatchOutcome::Dispatched { .. }) => None,
    }
}

fn build(last: Option<&BuildOutcome>) -> Option<BuildOutcome> {
    match last {
        None => Some(BuildOutcome::Succeeded(run())),
        Some(BuildOutcome::Succeeded(_)) => {
            Some(BuildOutcome::Failed { build: run(), conclusion: "failure".to_owned() })
        }
        Some(BuildOutcome::Failed { .. }) => Some(BuildOutcome::Running),
        Some(BuildOutcome::Running) => None,
    }
}

fn image(last: Option<&ImageOutcome>) -> Option<ImageOutcome> {
    match last {
        None => Some(ImageOutcome::Recorded { digest: digest(1), adopted: false }),
        Some(ImageOutcome::Recorded { .. }) => {
            Some(ImageOutcome::Missing { message: "the build pushed no image".to_owned() })
        }
        Some(ImageOutcome::Missing { .. }) => None,
    }
}

fn binding(last: Option<&BindingOutcome>) -> Option<BindingOutcome> {
    match last {
        None => Some(BindingOutcome::Bound),
        Some(BindingOutcome::Bound) => Some(BindingOutcome::Taken(refusal(RefusalCode::VersionTaken))),
        Some(BindingOutcome::Taken(_)) => None,
    }
}

fn tags(last: Option<&TagsOutcome>) -> Option<TagsOutcome> {
    match last {
        None => Some(TagsOutcome::Moved { moved: Vec::new() }),
        Some(TagsOutcome::Moved { .. }) => Some(TagsOutcome::Foreign { found: Some(digest(7)) }),
        Some(TagsOutcome::Foreign { .. }) => Some(TagsOutcome::Taken(refusal(RefusalCode::TagTaken))),
        Some(TagsOutcome::Taken(_)) => None,
    }
}

fn release(last: Option<&ReleaseOutcome>) -> Option<ReleaseOutcome> {
    match last {
        None => Some(ReleaseOutcome::Published { url: "the release".to_owned(), recognised: false }),
        Some(ReleaseOutcome::Published { .. }) => Some(ReleaseOutcome::Taken(refusal(RefusalCode::TagTaken))),
        Some(ReleaseOutcome::Taken(_)) => None,
    }
}

fn revision(last: Option<&RevisionOutcome>, leg: &str) -> Option<RevisionOutcome> {
    match last {
        None => Some(RevisionOutcome::Registered { arn: format!("revision-of-{leg}"), adopted: false }),
        Some(RevisionOutcome::Registered { .. }) => None,
    }
}

/// Two effects share this outcome: telling ECS to drain, and following it.
fn drains(following: bool) -> Vec<Event> {
    let next = |last: Option<&DrainOutcome>| match last {
        None => Some(DrainOutcome::Requested),
        Some(DrainOutcome::Requested) => Some(DrainOutcome::Drained),
        Some(DrainOutcome::Drained) => Some(DrainOutcome::Running),
        Some(DrainOutcome::Running) => {
            Some(DrainOutcome::Reverted { message: "somebody set the service back".to_owned() })
        }
        Some(DrainOutcome::Reverted { .. }) => Some(DrainOutcome::Foreign { message: foreign() }),
        Some(DrainOutcome::Foreign { .. }) => None,
    };
    let mut all = list(Event::Drain, next);
    let telling =
        |event: &Event| matches!(event, Event::Drain(DrainOutcome::Requested | DrainOutcome::Foreign { .. }));
    all.retain(|event| telling(event) != following);
    all
}

fn start(last: Option<&StartOutcome>, leg: &str) -> Option<StartOutcome> {
    match last {
        None => Some(StartOutcome::Started {
            rollout: format!("rollout-of-{leg}"),
            adopted: false,
            replaced: Some(format!("rollout-before-{leg}")),
        }),
        Some(StartOutcome::Started { .. }) => Some(StartOutcome::Foreign { message: foreign() }),
        Some(StartOutcome::Foreign { .. }) => None,
    }
}

fn rollout(last: Option<&RolloutOutcome>) -> Option<RolloutOutcome> {
    let evidence = Evidence::default;
    match last {
        None => Some(RolloutOutcome::Succeeded),
        Some(RolloutOutcome::Succeeded) => Some(RolloutOutcome::Failed {
            message: "the circuit breaker tripped".to_owned(),
            evidence: evidence(),
        }),
        Some(RolloutOutcome::Failed { .. }) => Some(RolloutOutcome::InProgress { evidence: evidence() }),
        Some(RolloutOutcome::InProgress { .. }) => Some(RolloutOutcome::Superseded { message: foreign() }),
        Some(RolloutOutcome::Superseded { .. }) => None,
    }
}

fn verification(last: Option<&VerificationOutcome>) -> Option<VerificationOutcome> {
    let evidence = Evidence::default;
    match last {
        None => Some(VerificationOutcome::Verified(Proof {
            tasks: vec![("task-1".to_owned(), digest(1).to_string())],
            unproven: None,
            findings: Vec::new(),
        })),
        Some(VerificationOutcome::Verified(_)) => {
            Some(VerificationOutcome::NotReady { evidence: evidence() })
        }
        Some(VerificationOutcome::NotReady { .. }) => Some(VerificationOutcome::Unsettled),
        Some(VerificationOutcome::Unsettled) => Some(VerificationOutcome::WrongDigest {
            message: "a task runs another image".to_owned(),
            evidence: evidence(),
        }),
        Some(VerificationOutcome::WrongDigest { .. }) => {
            Some(VerificationOutcome::Superseded { message: foreign() })
        }
        Some(VerificationOutcome::Superseded { .. }) => None,
    }
}

fn restore(last: Option<&RestoreOutcome>) -> Option<RestoreOutcome> {
    match last {
        None => Some(RestoreOutcome::Restored { notes: Vec::new() }),
        Some(RestoreOutcome::Restored { .. }) => None,
    }
}

fn retire(last: Option<&RetireOutcome>, revisions: &[String]) -> Option<RetireOutcome> {
    match last {
        None => Some(RetireOutcome::Retired { revisions: revisions.to_vec() }),
        Some(RetireOutcome::Retired { .. }) => None,
    }
}

fn run() -> Build {
    Build { run: Some(1), attempt: Some(1), url: None }
}

fn foreign() -> String {
    "somebody else's task definition is being rolled out".to_owned()
}
