//! Which news is worth a look: of what is waited for, unless it is known to be old.

use jiff::SignedDuration;
use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Leg, RolloutNews, RolloutSays, State};

use crate::run::{Run, breaker};

const LAG: SignedDuration = SignedDuration::from_secs(45);
const EVERY: [RolloutSays; 3] = [RolloutSays::UnderWay, RolloutSays::Ended, RolloutSays::Unknown];

const BASELINE: State = State::RollingOut { leg: Leg::Baseline };
const CANDIDATE: State = State::RollingOut { leg: Leg::Candidate };

fn migrating() -> Scenario {
    Scenario::staging().with_database().with_baseline().with_previous()
}

/// What of the news about this rollout is heeded so long after the state was entered.
fn heeded(run: &Run, of_database: bool, rollout: Option<&str>, after: i64) -> Vec<RolloutSays> {
    let now = run.machine.since() + SignedDuration::from_secs(after);
    let heeds = |says| run.machine.heeds_rollout(&RolloutNews { of_database, rollout, says }, LAG, now);
    EVERY.into_iter().filter(|says| heeds(*says)).collect()
}

#[test]
fn the_end_of_the_awaited_rollout_is_heeded_and_its_beginning_only_once_that_is_no_news() {
    let run = Run::of(migrating()).up_to(CANDIDATE);
    let ours = run.machine.deployment().rollouts[&Leg::Candidate].clone();
    assert_eq!(heeded(&run, false, Some(&ours), 0), [RolloutSays::Ended, RolloutSays::Unknown]);
    assert_eq!(heeded(&run, false, Some(&ours), 45), EVERY, "going back from it is said in the same words");
}

#[test]
fn the_end_of_what_came_before_is_old_and_its_beginning_is_a_rollback() {
    for (state, older) in [
        (BASELINE, "rollout-before-baseline"),
        (CANDIDATE, "rollout-before-candidate"),
        (CANDIDATE, "rollout-of-baseline"),
    ] {
        let run = Run::of(migrating()).up_to(state);
        let still = [RolloutSays::UnderWay, RolloutSays::Unknown];
        assert_eq!(heeded(&run, false, Some(older), 0), still, "{older} in {state}");
    }
}

#[test]
fn what_nobody_knows_is_heeded() {
    let run = Run::of(migrating()).up_to(CANDIDATE);
    assert_eq!(heeded(&run, false, None, 0), EVERY, "it names no rollout");
    assert_eq!(heeded(&run, false, Some("ecs-svc/77"), 0), EVERY, "somebody else's, or a rollback's");
    let verifying = Run::of(migrating()).up_to(State::Verifying { leg: Leg::Candidate });
    assert_eq!(heeded(&verifying, false, Some("ecs-svc/77"), 0), EVERY, "somebody else changes it now");
}

#[test]
fn the_other_service_of_the_environment_is_not_waited_for() {
    let run = Run::of(migrating()).up_to(CANDIDATE);
    assert_eq!(heeded(&run, true, Some("ecs-svc/77"), 0), []);
    let run = Run::of(migrating()).up_to(State::RollingOut { leg: Leg::Database });
    assert_eq!(heeded(&run, false, Some("ecs-svc/77"), 0), []);
    assert_eq!(heeded(&run, true, Some("ecs-svc/77"), 0), EVERY);
    let draining = Run::of(migrating()).up_to(State::AwaitingDrain { restoring: false });
    assert_eq!((heeded(&draining, false, None, 0), heeded(&draining, true, None, 0)), (EVERY.into(), vec![]));
}

#[test]
fn on_the_way_back_everything_about_the_service_is_heeded() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(CANDIDATE);
    run.take(breaker());
    let run = run.up_to(State::RollingOut { leg: Leg::Restored });
    let rollouts = run.machine.deployment().rollouts.clone();
    for rollout in [&rollouts[&Leg::Candidate], &rollouts[&Leg::Restored], "rollout-before-candidate"] {
        assert_eq!(heeded(&run, false, Some(rollout), 0), EVERY, "{rollout}");
    }
}

#[test]
fn a_state_that_waits_for_no_rollout_heeds_none() {
    for state in [
        State::CheckingSource,
        State::AwaitingBuild,
        State::MovingTags,
        State::Starting { leg: Leg::Candidate },
    ] {
        let run = Run::of(Scenario::staging().with_previous()).up_to(state);
        assert_eq!(heeded(&run, false, None, 0), [], "{state}");
    }
    let run = Run::of(Scenario::staging().with_previous()).finished();
    assert_eq!(heeded(&run, false, None, 0), [], "it has ended");
}

#[test]
fn the_end_of_a_build_is_heeded_while_that_build_is_waited_for() {
    let mut run = Run::of(Scenario::staging()).up_to(State::AwaitingBuild);
    let ours = run.machine.deployment().build.as_ref().and_then(|build| build.run).unwrap();
    assert!(run.machine.heeds_build(ours));
    assert!(!run.machine.heeds_build(ours + 1), "somebody else's run");
    run.goes_well();
    assert!(!run.machine.heeds_build(ours), "it is known to have ended");
}

#[test]
fn any_build_is_heeded_while_the_run_is_not_known() {
    use lockstep_state_machines::{Build, DispatchOutcome, Event};
    let mut run = Run::of(Scenario::staging()).up_to(State::DispatchingBuild);
    let build = Build { run: None, attempt: None, url: None };
    run.take(Event::Dispatch(DispatchOutcome::Dispatched { build, adopted: false }));
    assert!(run.machine.heeds_build(1) && run.machine.heeds_build(2));
}
