//! Breaking the glass: from everywhere it ends in failed, with nothing done but the retiring of revisions, and
//! with an environment that nobody vouches for.

use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Effect, Ending, EnvironmentChange, FailureCode, Leg, State};

use crate::run::{Run, breaker, fault, unlock};

fn migrating() -> Scenario {
    Scenario::staging().with_database().with_baseline().with_previous()
}

fn is_given_up(ending: &Ending, says: &str) {
    assert!(ending.operator_needed);
    assert_eq!(ending.environment, EnvironmentChange::Unknown(ending.summary.clone()));
    assert!(ending.summary.contains("unlocked by eve: ECS is down"), "{}", ending.summary);
    assert!(ending.summary.contains(says), "{}", ending.summary);
}

#[test]
fn before_anything_is_registered_it_ends_at_once() {
    let early = [
        State::CheckingSource,
        State::Inspecting,
        State::DispatchingBuild,
        State::AwaitingBuild,
        State::MovingTags,
        State::PublishingRelease,
    ];
    for state in early {
        let mut run = Run::of(migrating()).up_to(state);
        run.take(unlock());
        assert_eq!(run.path(), ["failed"], "from {state}");
        is_given_up(&run.ending(), "nothing had been deployed");
    }
}

#[test]
fn during_a_rollout_only_what_must_never_be_deployed_is_retired() {
    for state in [State::Starting { leg: Leg::Candidate }, State::RollingOut { leg: Leg::Candidate }] {
        let mut run = Run::of(Scenario::production().with_previous()).up_to(state);
        let unlocked = run.take(unlock()).unwrap();
        assert_eq!((unlocked.event, unlocked.to), ("unlocked", State::Retiring), "from {state}");
        assert!(unlocked.detail.contains("left as it stood in deploying/"), "{}", unlocked.detail);
        let retire = run.machine.effect().unwrap();
        let revisions = vec!["revision-of-candidate".to_owned()];
        assert_eq!(retire, Some(Effect::RetireRevisions { revisions }));
        run.goes_well();
        assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
        is_given_up(&run.ending(), "the service, tags and release were left as they stood");
        assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Unlocked);
    }
}

#[test]
fn an_application_that_was_drained_is_said_to_be() {
    let mut run = Run::of(migrating()).up_to(State::AwaitingDrain { restoring: false });
    run.take(unlock());
    is_given_up(&run.finished().ending(), "left drained (desired count 0, before: 2)");
}

#[test]
fn on_the_way_back_the_first_cause_is_kept() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    run.take(unlock());
    run.goes_well();
    assert_eq!(run.machine.state(), State::Failed);
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Rollout);
    is_given_up(&run.ending(), "the circuit breaker tripped; then: unlocked by eve");
}

#[test]
fn what_hangs_on_retiring_is_not_waited_for() {
    let mut run = Run::of(migrating()).up_to(State::Registering { leg: Leg::Candidate });
    run.take(fault(false));
    assert_eq!(run.machine.state(), State::Retiring);
    run.take(unlock());
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
    is_given_up(&run.ending(), "nothing had been deployed");
}

#[test]
fn a_rollback_that_was_proven_already_is_not_vouched_for() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    while run.machine.state() != State::RestoringReferences {
        run.goes_well();
    }
    run.take(unlock());
    let run = run.finished();
    assert_eq!(run.machine.state(), State::Failed);
    is_given_up(&run.ending(), "then: unlocked by eve");
}

#[test]
fn after_the_end_it_is_not_expected() {
    let mut run = Run::of(Scenario::production()).finished();
    let (now, policy) = (run.now, run.policy.clone());
    let unexpected = run.machine.handle(&unlock(), now, &policy).unwrap_err();
    assert_eq!((unexpected.state, unexpected.event), (State::Healthy, "unlocked"));
}
