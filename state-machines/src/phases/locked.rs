//! Locked: the source is checked, the environment inspected, the image built or recognised. Must never
//! lead to built without a digest.

use statig::Outcome;

use crate::machine::Context;
use crate::{
    BuildOutcome, Deployment, DispatchOutcome, Event, FailureCode, ImageOutcome, InspectionOutcome, Kind,
    Refusal, RefusalCode, RequesterOutcome, SourceOutcome, State,
};

pub(super) fn handle(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match (state, event) {
        (State::CheckingSource, Event::Requester(outcome)) => checking_requester(d, outcome, cx),
        (State::CheckingSource, Event::Source(outcome)) => checking_source(d, outcome, cx),
        (State::Inspecting, Event::Inspection(outcome)) => inspecting(d, outcome, cx),
        (State::DispatchingBuild, Event::Dispatch(outcome)) => dispatching(d, outcome, cx),
        (State::AwaitingBuild, Event::Build(outcome)) => awaiting_build(state, d, outcome, cx),
        (State::RecordingImage, Event::Image(outcome)) => recording(state, d, outcome, cx),
        _ => Outcome::Super,
    }
}

pub(super) fn refuse(d: &mut Deployment, refusal: &Refusal, cx: &mut Context<'_>) -> Outcome<State> {
    cx.say(refusal.message.clone());
    d.refusal = Some(refusal.clone());
    Outcome::Transition(State::Rejected)
}

/// Recorded by itself and once: the source is looked at many times while its checks run, and by then the run that asked
/// may have ended.
fn checking_requester(
    d: &mut Deployment,
    outcome: &RequesterOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        RequesterOutcome::Confirmed(warrant) => {
            cx.say(warrant.to_string());
            cx.changed = d.warrant.as_ref() != Some(&**warrant);
            d.warrant = Some((**warrant).clone());
            Outcome::Handled
        }
        RequesterOutcome::Refused(refusal) => refuse(d, refusal, cx),
    }
}

fn checking_source(d: &mut Deployment, outcome: &SourceOutcome, cx: &mut Context<'_>) -> Outcome<State> {
    match outcome {
        SourceOutcome::Accepted(source) if source.digest.is_none() && d.plan.kind == Kind::Production => {
            let message = format!(
                "{} has no known image and {} never builds one: deploy its commit to staging first",
                source.beta, d.request.environment
            );
            refuse(d, &Refusal { code: RefusalCode::ImageGone, message }, cx)
        }
        SourceOutcome::Accepted(source) => {
            let image = match &source.digest {
                Some(digest) => format!("its image is {digest}"),
                None => "its image is to be built".to_owned(),
            };
            let warnings: String = source.warnings.iter().map(|w| format!("; warning: {w}")).collect();
            cx.say(format!(
                "version {} at commit {}, {image}{warnings}",
                source.version,
                source.commit.short()
            ));
            d.digest.clone_from(&source.digest);
            d.source = Some((**source).clone());
            Outcome::Transition(State::Inspecting)
        }
        SourceOutcome::Refused(refusal) => refuse(d, refusal, cx),
        SourceOutcome::Waiting { on, commit } => {
            d.pinned = Some(commit.clone());
            cx.changed = d.waiting_on.as_ref() != Some(on);
            cx.say(on.clone());
            d.waiting_on = Some(on.clone());
            Outcome::Handled
        }
    }
}

fn inspecting(d: &mut Deployment, outcome: &InspectionOutcome, cx: &mut Context<'_>) -> Outcome<State> {
    let inspection = match outcome {
        InspectionOutcome::Unfit(refusal) => return refuse(d, refusal, cx),
        InspectionOutcome::Fit(inspection) => inspection,
    };
    if d.makes_fresh_database() && inspection.database_base.is_none() {
        let message = format!(
            "{} is to get a fresh database, but the database's task definition was not found: check the database's service in the configuration",
            d.request.environment
        );
        return refuse(d, &Refusal { code: RefusalCode::ServiceUnfit, message }, cx);
    }
    let back = match &inspection.previous {
        Some(previous) => format!("a rollback would go to {}", previous.image_tag),
        None => "there is no healthy release to roll back to".to_owned(),
    };
    let findings: String = inspection.findings.iter().map(|f| format!("; found: {f}")).collect();
    cx.say(format!("{} task(s) desired; {back}{findings}", inspection.desired));
    d.inspection = Some((**inspection).clone());
    Outcome::Transition(match (&d.digest, d.plan.kind) {
        (None, _) => State::DispatchingBuild,
        (Some(_), Kind::Staging) => State::MovingTags,
        (Some(_), Kind::Production) => State::BindingVersion,
    })
}

fn dispatching(d: &mut Deployment, outcome: &DispatchOutcome, cx: &mut Context<'_>) -> Outcome<State> {
    match outcome {
        DispatchOutcome::Dispatched { build, adopted } => {
            let how =
                if *adopted { "found the build that was dispatched before" } else { "dispatched the build" };
            cx.say(match (&build.url, build.run) {
                (Some(url), _) => format!("{how}: {url}"),
                (None, Some(run)) => format!("{how}: run {run}"),
                (None, None) => how.to_owned(),
            });
            d.build = Some(build.clone());
            Outcome::Transition(State::AwaitingBuild)
        }
    }
}

fn awaiting_build(
    state: State,
    d: &mut Deployment,
    outcome: &BuildOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        BuildOutcome::Running => Outcome::Handled,
        BuildOutcome::Succeeded(build) => {
            cx.say(format!("the build succeeded: {}", build.url.as_deref().unwrap_or("no address")));
            d.build = Some(build.clone());
            Outcome::Transition(State::RecordingImage)
        }
        BuildOutcome::Failed { build, conclusion } => {
            let url = build.url.as_deref().unwrap_or("no address");
            let message = format!("the build ended in {conclusion}: {url}");
            d.build = Some(build.clone());
            Outcome::Transition(d.fail(state, FailureCode::Build, message, cx))
        }
    }
}

fn recording(
    state: State,
    d: &mut Deployment,
    outcome: &ImageOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        ImageOutcome::Recorded { digest, adopted } => {
            cx.say(if *adopted {
                format!("the commit's image is {digest}, from an earlier build")
            } else {
                format!("the commit's image is {digest}")
            });
            d.digest = Some(digest.clone());
            Outcome::Transition(State::MovingTags)
        }
        ImageOutcome::Missing { message } => {
            Outcome::Transition(d.fail(state, FailureCode::Artifact, message.clone(), cx))
        }
    }
}
