//! Cancelling: at once while something is waited for; after it is settled while something is done.

use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Effect, EnvironmentChange, FailureCode, Leg, State};

use crate::run::{Run, breaker, cancel, fault};

fn migrating() -> Scenario {
    Scenario::staging().with_database().with_baseline().with_previous()
}

#[test]
fn in_locked_and_built_it_ends_in_cancelled() {
    let at_once = [State::CheckingSource, State::Inspecting, State::AwaitingBuild, State::RecordingImage];
    for state in at_once {
        let mut run = Run::of(migrating()).up_to(state);
        run.take(cancel());
        assert_eq!(run.path().last(), Some(&"cancelled"), "from {state}");
        let ending = run.ending();
        assert_eq!(ending.summary, "cancelled by ben (wrong commit); nothing had been deployed");
        assert_eq!(ending.environment, EnvironmentChange::Unchanged);
    }
    let once_settled = [State::DispatchingBuild, State::MovingTags, State::PublishingRelease];
    for state in once_settled {
        let mut run = Run::of(migrating()).up_to(state);
        let noted = run.take(cancel()).unwrap();
        assert_eq!(noted.to, state, "what is under way is settled first");
        assert!(noted.detail.ends_with("stops as soon as this step is settled"), "{}", noted.detail);
        assert_eq!(run.take(cancel()), None, "a second wish adds nothing");
        run.goes_well();
        assert_eq!(run.path(), ["cancelled"], "from {state}");
    }
}

#[test]
fn a_promotion_returns_latest_before_it_ends() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(State::BindingVersion);
    run.take(cancel());
    assert_eq!(run.path(), ["cancelled"], "latest was not moved yet");

    for state in [State::MovingTags, State::PublishingRelease] {
        let mut run = Run::of(Scenario::production().with_previous()).up_to(state);
        run.take(cancel());
        run.goes_well();
        assert_eq!(run.path(), ["rolling-back/restoring-references"], "from {state}");
        assert_eq!(run.finished().path().last(), Some(&"cancelled"));
    }
}

#[test]
fn in_retagged_the_revisions_are_retired() {
    let mut run = Run::of(migrating()).up_to(State::Registering { leg: Leg::Candidate });
    run.take(cancel());
    assert!(run.path().is_empty(), "not settled yet");
    run.goes_well();
    let retire = run.machine.effect().unwrap();
    let revisions = ["revision-of-database", "revision-of-baseline", "revision-of-candidate"];
    assert_eq!(retire, Some(Effect::RetireRevisions { revisions: revisions.map(str::to_owned).to_vec() }));
    assert_eq!(run.finished().path(), ["rolling-back/retiring-revisions", "cancelled"]);
}

#[test]
fn while_a_rollout_is_waited_for_it_is_rolled_back_at_once() {
    let waiting = [State::RollingOut { leg: Leg::Candidate }, State::Verifying { leg: Leg::Candidate }];
    for state in waiting {
        let mut run = Run::of(Scenario::production().with_previous()).up_to(state);
        run.take(cancel());
        assert_eq!(run.path(), ["rolling-back/starting-restored"], "from {state}");
        let run = run.finished();
        assert_eq!(run.path().last(), Some(&"rolled-back"));
        assert!(run.ending().summary.starts_with("cancelled by ben (wrong commit). production runs 0.1.0"));
    }
}

#[test]
fn while_a_rollout_is_started_it_is_first_known_whether_it_was() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::Starting { leg: Leg::Candidate });
    run.take(cancel());
    assert!(run.path().is_empty(), "it may still arrive");
    run.goes_well();
    assert_eq!(run.path(), ["rolling-back/starting-restored"]);
    assert_eq!(run.machine.deployment().rollouts[&Leg::Candidate], "rollout-of-candidate");
    assert_eq!(run.finished().path().last(), Some(&"rolled-back"));
}

#[test]
fn while_staging_is_drained_it_gets_its_tasks_back() {
    for state in [State::Draining { restoring: false }, State::AwaitingDrain { restoring: false }] {
        let mut run = Run::of(migrating()).up_to(state);
        run.take(cancel());
        let run = run.finished();
        assert_eq!(run.path().last(), Some(&"rolled-back"), "from {state}");
        assert!(run.path().contains(&"rolling-back/starting-restored"), "the desired count is set again");
    }
}

#[test]
fn a_step_that_is_never_settled_is_given_up_and_its_cause_is_said() {
    let mut run = Run::of(migrating()).up_to(State::DispatchingBuild);
    run.take(cancel());
    run.take(fault(false));
    assert_eq!(run.path(), ["failed"]);
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Service);
    assert!(run.machine.deployment().cancel.is_some());
}

#[test]
fn on_the_way_back_it_is_only_noted() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    let noted = run.take(cancel()).unwrap();
    assert_eq!(noted.detail, "ben wants it stopped: it is being rolled back already");
    assert_eq!(run.take(cancel()), None);
    let run = run.finished();
    assert_eq!(run.path().last(), Some(&"rolled-back"));
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Rollout);
}

#[test]
fn after_the_end_it_is_not_expected() {
    let mut run = Run::of(Scenario::production()).finished();
    let (now, policy) = (run.now, run.policy.clone());
    let unexpected = run.machine.handle(&cancel(), now, &policy).unwrap_err();
    assert_eq!((unexpected.state, unexpected.event), (State::Healthy, "cancel-requested"));
}
