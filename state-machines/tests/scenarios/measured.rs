//! Times and waits, and what is told of them: since when a state lasts, which states wait, how long a retry may.

use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::{Scenario, policy};
use lockstep_state_machines::{Effect, Event, FaultReport, Leg, State};

use crate::run::{Run, breaker, fault};

#[test]
fn a_state_lasts_since_it_was_entered() {
    let mut run = Run::of(Scenario::staging());
    assert_eq!(run.machine.since(), Timestamp::UNIX_EPOCH);
    run.goes_well();
    let entered = run.now;
    assert_eq!(run.machine.since(), entered);
    run.take(fault(true));
    assert_ne!(run.now, entered);
    assert_eq!(run.machine.since(), entered, "a fault noted in a state does not enter it again");
}

#[test]
fn states_wait_for_what_they_follow_and_for_nothing_else() {
    for scenario in [
        Scenario::staging().with_database().with_baseline().with_previous(),
        Scenario::production().with_previous(),
    ] {
        let mut run = Run::of(scenario);
        while let Some(effect) = run.machine.effect().unwrap() {
            let follows = matches!(
                effect,
                Effect::FollowBuild { .. }
                    | Effect::FollowDrain
                    | Effect::FollowRollout { .. }
                    | Effect::Verify { .. }
            );
            assert_eq!(run.machine.state().is_waiting(), follows, "{}", run.machine.state());
            run.goes_well();
        }
    }
}

#[test]
fn the_ceiling_of_a_retry_doubles_up_to_the_cap() {
    let retry = policy().retry;
    let seconds = |faults| retry.ceiling(faults).as_secs();
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(seconds), [1, 2, 4, 8, 16, 30, 30]);
    assert_eq!([0, u32::MAX].map(seconds), [1, 30]);
}

#[test]
fn a_wait_beyond_the_end_of_time_lasts_to_the_deadline() {
    let mut run = Run::of(Scenario::staging()).up_to(State::MovingTags);
    let for_ever = FaultReport {
        service: "GitHub".to_owned(),
        message: "come back later".to_owned(),
        transient: true,
        ambiguous: false,
        wait: SignedDuration::MAX,
    };
    run.take(Event::Fault(for_ever));
    assert_eq!(run.machine.not_before(), run.machine.deadline());
}

#[test]
fn an_end_waits_for_what_may_still_happen() {
    let may_have_happened = |service: &str| {
        Event::Fault(FaultReport {
            service: service.to_owned(),
            message: "no answer in time".to_owned(),
            transient: false,
            ambiguous: true,
            wait: SignedDuration::from_secs(2),
        })
    };
    let mut run = Run::of(Scenario::staging()).up_to(State::DispatchingBuild);
    run.take(may_have_happened("GitHub"));
    assert_eq!(run.machine.state(), State::Settling);
    run.take(Event::Settled);
    assert_eq!(run.machine.state(), State::Failed);

    let mut run = Run::of(Scenario::staging()).up_to(State::DispatchingBuild);
    run.take(fault(false));
    assert_eq!(run.machine.state(), State::Failed, "what certainly did not happen is not waited for");
}

#[test]
fn only_an_application_that_was_not_started_again_may_be_left_drained() {
    let drained = |run: &Run| run.ending().summary.contains("left drained (desired count 0, before: 2)");
    let scenario = || Scenario::staging().with_database().with_baseline();

    let mut run = Run::of(scenario()).up_to(State::RollingOut { leg: Leg::Database });
    run.take(breaker());
    assert!(drained(&run.finished()), "nothing was started after the database");

    let mut run = Run::of(scenario()).up_to(State::RollingOut { leg: Leg::Baseline });
    run.take(breaker());
    assert!(!drained(&run.finished()), "the baseline was started, whatever became of it");
}
