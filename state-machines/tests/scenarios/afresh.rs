//! A promotion whose image runs already, or seems to: verified where it runs, and rolled out afresh, once, when it
//! turns out not to. And what a wrong image means for which leg.

use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Event, Evidence, FailureCode, Leg, State, VerificationOutcome};

use crate::run::{Run, not_ready};

const VERIFYING: State = State::Verifying { leg: Leg::Candidate };

fn wrong_image() -> Event {
    let message = "a task runs another image".to_owned();
    Event::Verification(VerificationOutcome::WrongDigest { message, evidence: Evidence::default() })
}

#[test]
fn what_ran_already_and_is_not_right_is_rolled_out_afresh_once() {
    for not_right in [not_ready(), wrong_image()] {
        let mut run = Run::of(Scenario::production().with_previous().running_already()).up_to(VERIFYING);
        run.take(not_right);
        assert_eq!(run.machine.state(), State::Registering { leg: Leg::Candidate });
        let mut run = run.up_to(VERIFYING);
        assert_eq!(run.take(not_ready()), None, "its own rollout is waited for like any other");
        assert_eq!(run.machine.state(), VERIFYING);
    }
}

#[test]
fn staging_never_takes_what_runs_for_what_it_rolled_out() {
    let mut run = Run::of(Scenario::staging().running_already()).up_to(VERIFYING);
    assert_eq!(run.take(not_ready()), None);
    assert_eq!(run.machine.state(), VERIFYING);
}

#[test]
fn a_wrong_image_is_the_baseline_s_failure_or_a_lack_of_parity() {
    let scenario = || Scenario::staging().with_database().with_baseline();
    for (leg, code) in [(Leg::Baseline, FailureCode::Baseline), (Leg::Candidate, FailureCode::Parity)] {
        let mut run = Run::of(scenario()).up_to(State::Verifying { leg });
        run.take(wrong_image());
        assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, code);
    }
}
