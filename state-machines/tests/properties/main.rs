//! What must hold whatever happens: any events, expected or not, at any times, in any environment, also in
//! environments that a faulty shell describes wrongly. `watch` holds the rules, `arbitrary` makes the input.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod arbitrary;
mod watch;

use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::{Scenario, outcomes, policy, refusal};
use lockstep_state_machines::{Event, FaultReport, Machine, Phase, RefusalCode, State, Step};
use proptest::prelude::*;

use arbitrary::{Move, moves, scenario};
use watch::Watch;

/// Plays the moves and checks every rule after each.
fn play(scenario: &Scenario, moves: &[Move]) -> (Machine, Timestamp) {
    let mut now = Timestamp::UNIX_EPOCH;
    let mut machine = scenario.begin(&policy(), now);
    let mut watch = Watch::new(scenario.plan, &machine);
    for one in moves {
        now += one.after;
        let event = one.event(&machine, scenario);
        watch.step(&mut machine, &event, now);
    }
    (machine, now)
}

fn fault() -> Event {
    Event::Fault(FaultReport {
        service: "ECS".to_owned(),
        message: "throttled".to_owned(),
        transient: true,
        wait: SignedDuration::from_secs(1),
        ambiguous: false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_sequence_of_events_breaks_a_rule(scenario in scenario(), moves in moves(70)) {
        play(&scenario, &moves);
    }

    #[test]
    fn every_path_begins_in_locked_and_a_rejected_request_does_nothing(scenario in scenario()) {
        let now = Timestamp::UNIX_EPOCH;
        let machine = scenario.begin(&policy(), now);
        prop_assert_eq!(machine.state().phase(), Phase::Locked);
        let effect = machine.effect().unwrap().unwrap();
        prop_assert!(!effect.is_action(), "the first effect only reads");

        let refusal = refusal(RefusalCode::LockHeld);
        let rejected = Machine::rejected(scenario.request(), scenario.plan, refusal.clone(), now);
        prop_assert_eq!(rejected.state(), State::Rejected);
        prop_assert_eq!(rejected.effect().unwrap(), None);
        prop_assert_eq!(rejected.ending().unwrap().summary, refusal.message);
    }

    #[test]
    fn any_look_after_the_deadline_leaves_the_state(scenario in scenario(), moves in moves(50)) {
        let (machine, now) = play(&scenario, &moves);
        let Some(deadline) = machine.deadline() else { return Ok(()) };
        let effect = machine.effect().unwrap().unwrap();
        for event in outcomes(&effect, &scenario).into_iter().chain([fault()]) {
            let mut overdue = machine.clone();
            let step = overdue.handle(&event, deadline.max(now), &policy());
            prop_assert!(step.is_ok(), "{} is an outcome of {effect:?}", event.name());
            prop_assert_ne!(overdue.state(), machine.state(), "stays after {}", event.name());
        }
    }

    #[test]
    fn if_nothing_is_ever_answered_the_deadlines_lead_to_an_end(scenario in scenario(), moves in moves(50)) {
        let (mut machine, mut now) = play(&scenario, &moves);
        let mut states = 0;
        while let Some(deadline) = machine.deadline() {
            now = now.max(deadline);
            machine.handle(&fault(), now, &policy()).unwrap();
            states += 1;
            prop_assert!(states < 20, "goes in circles in {}", machine.state());
        }
        prop_assert!(machine.state().is_terminal());
    }

    #[test]
    fn if_everything_goes_well_from_now_on_an_end_is_reached(scenario in scenario(), moves in moves(50)) {
        let (mut machine, now) = play(&scenario, &moves);
        let mut states = 0;
        while let Some(effect) = machine.effect().unwrap() {
            let event = outcomes(&effect, &scenario).swap_remove(0);
            let step = machine.handle(&event, now, &policy()).unwrap();
            prop_assert!(matches!(step, Step::Moved(_)), "{} does not lead on", event.name());
            states += 1;
            prop_assert!(states < 40, "goes in circles in {}", machine.state());
        }
        prop_assert!(machine.ending().is_some());
    }
}
