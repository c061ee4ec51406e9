//! From items to steps.

use jiff::SignedDuration;
use lockstep::timeline::StepResult;
use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Event, Leg, RolloutOutcome, State};

use super::story::{Story, fault};

const CANDIDATE: Leg = Leg::Candidate;

#[test]
fn a_healthy_promotion_is_its_steps_in_order_each_done_in_its_time() {
    let story = Story::begin(Scenario::production().with_previous()).until(State::Healthy);
    let timeline = story.timeline();
    let names: Vec<_> = timeline.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "locked/checking-source",
            "locked/inspecting-environment",
            "built/binding-version",
            "built/moving-tags",
            "built/publishing-release",
            "retagged/registering-candidate",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
        ]
    );
    for step in &timeline.steps {
        assert_eq!(step.result, StepResult::Done, "{}", step.name);
        assert_eq!(step.lasted(story.now), SignedDuration::from_secs(10), "{}", step.name);
        assert_ne!(step.title, step.name);
        assert!(!step.detail.is_empty() || step.name == "built/binding-version", "{}", step.name);
    }
    assert_eq!(timeline.current, None);
    let end = timeline.end.as_ref().unwrap();
    assert_eq!((end.state, end.at, end.operator_needed), (State::Healthy, story.now, false));
    assert!(end.summary.contains("runs in production and is ready"), "{}", end.summary);
    assert_eq!(timeline.lasted(story.now), SignedDuration::from_secs(90));
    assert_eq!(timeline.steps[7].phase(), "deploying");
}

#[test]
fn what_is_under_way_says_what_it_waits_for_until_when_and_what_to_look_at() {
    let story = Story::begin(Scenario::production()).until(State::RollingOut { leg: CANDIDATE });
    let timeline = story.timeline();
    let (current, step) = (timeline.current.as_ref().unwrap(), timeline.steps.last().unwrap());
    assert_eq!((step.result, step.ended), (StepResult::UnderWay, None));
    assert_eq!(current.state, State::RollingOut { leg: CANDIDATE });
    assert_eq!(current.until.unwrap().duration_since(current.since), SignedDuration::from_mins(30));
    let revision = story.machine.deployment().revision_of(CANDIDATE).unwrap();
    assert_eq!(current.waits_for, format!("ECS to roll out {revision}"));
    let follows = current.follows.as_ref().unwrap();
    assert_eq!((follows.database, follows.leg), (false, Some(CANDIDATE)));
    assert_eq!((follows.task_definition.as_ref(), follows.since), (Some(&revision), current.since));
    assert_eq!(timeline.end, None);
}

#[test]
fn faults_belong_to_their_step_and_say_when_it_is_tried_again() {
    let story = Story::begin(Scenario::production())
        .until(State::RollingOut { leg: CANDIDATE })
        .then(&fault())
        .then(&fault())
        .claimed();
    let timeline = story.timeline();
    let step = timeline.steps.last().unwrap();
    assert_eq!((step.faults(), step.resumed(), step.notes.len()), (2, 1, 3));
    let retrying = timeline.current.as_ref().unwrap().retrying.as_ref().unwrap();
    assert_eq!(retrying.faults, 2);
    assert_eq!(retrying.next_at.duration_since(story.now), SignedDuration::from_secs(50));
    assert!(retrying.last.starts_with("ECS is throttling; fault 2 in a row"), "{}", retrying.last);
}

#[test]
fn the_step_that_failed_is_told_from_those_of_the_way_back() {
    let story =
        Story::begin(Scenario::production().with_previous()).until(State::RollingOut { leg: CANDIDATE });
    let failed = story.outcome(|event| matches!(event, Event::Rollout(RolloutOutcome::Failed { .. })));
    let story = story.then(&failed);
    let timeline = story.timeline();
    let current = timeline.current.as_ref().unwrap();
    assert!(current.going_back.is_some(), "why it goes back is said");
    assert_eq!(current.state, State::Starting { leg: Leg::Restored });

    let story = story.until(State::RolledBack);
    let timeline = story.timeline();
    let stopped: Vec<_> =
        timeline.steps.iter().filter(|step| step.result == StepResult::Stopped).map(|s| &s.name).collect();
    assert_eq!(stopped, ["deploying/rolling-out-candidate"]);
    assert_eq!(timeline.steps.last().unwrap().name, "rolling-back/retiring-revisions");
    assert_eq!(timeline.end.as_ref().unwrap().state, State::RolledBack);
}

#[test]
fn a_refusal_stops_the_step_that_met_it() {
    let story = Story::begin(Scenario::staging());
    let refused = story.outcome(|event| event.name() == "source-refused");
    let timeline = story.then(&refused).timeline();
    assert_eq!(timeline.steps.len(), 1);
    assert_eq!(timeline.steps[0].result, StepResult::Stopped);
    assert_eq!(timeline.end.as_ref().unwrap().summary, "refused");
}

#[test]
fn a_wish_to_cancel_is_shown_until_it_takes_effect() {
    let cancel = Event::Cancel { actor: "bob".to_owned(), sender: None, reason: None };
    let story = Story::begin(Scenario::production()).until(State::MovingTags).then(&cancel);
    assert_eq!(story.timeline().current.unwrap().cancel.unwrap(), "cancelled by bob");
}
