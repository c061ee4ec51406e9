//! How often a waiting state is looked at: rarer the longer it lasts, never past its deadline.

use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::{Scenario, policy};
use lockstep_state_machines::{BuildOutcome, Event, Leg, Machine, Policy, State, Step};

use crate::run::Run;

const BUILD: State = State::AwaitingBuild;
const ROLLOUT: State = State::RollingOut { leg: Leg::Candidate };
const READINESS: State = State::Verifying { leg: Leg::Candidate };

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// When a state that lasts this long is looked at, in seconds since it was entered.
fn looks(policy: &Policy, state: State, lasts: i64, deadline: Option<i64>) -> Vec<i64> {
    let (mut now, mut looks) = (SignedDuration::ZERO, Vec::new());
    loop {
        let left = deadline.map(|deadline| seconds(deadline) - now);
        now += policy.pause(state, now, left);
        looks.push(now.as_secs());
        if now >= seconds(lasts) {
            return looks;
        }
    }
}

#[test]
fn a_wait_whose_end_is_announced_is_looked_at_when_thrice_the_time_has_passed() {
    let policy = policy();
    assert_eq!(looks(&policy, BUILD, 600, None), [30, 90, 210, 330, 450, 570, 690]);
    assert_eq!(looks(&policy, ROLLOUT, 180, None), [30, 90, 210]);
    assert_eq!(looks(&policy, ROLLOUT, 25, None), [30], "a short wait is seen soon");
}

#[test]
fn a_wait_whose_end_nobody_announces_is_seen_to_end_at_most_a_quarter_late() {
    let policy = policy();
    for state in [READINESS, State::CheckingSource, State::AwaitingDrain { restoring: false }] {
        for lasts in 1..900 {
            let seen = *looks(&policy, state, lasts, None).last().unwrap();
            let late = (lasts / 4 + 1).clamp(10, 120);
            assert!(seen - lasts <= late, "{state} that lasts {lasts} s is seen to end after {seen} s");
        }
    }
    assert_eq!(looks(&policy, READINESS, 60, None), [10, 20, 30, 40, 50, 62]);
}

#[test]
fn no_pause_is_longer_than_the_cap_and_none_reaches_beyond_the_deadline() {
    let policy = policy();
    for state in [BUILD, ROLLOUT, READINESS] {
        for deadline in 1..1000 {
            let looks = looks(&policy, state, deadline, Some(deadline));
            assert_eq!(looks.last(), Some(&deadline), "the last look of {state} is at its deadline");
            assert!(looks.windows(2).all(|pair| pair[1] - pair[0] <= 120), "{looks:?}");
        }
    }
}

#[test]
fn a_cap_at_the_poll_looks_as_often_all_the_time() {
    let often = Policy { poll_cap: policy().poll, ..policy() };
    let every_ten_seconds: Vec<i64> = (1..=60).map(|n| n * 10).collect();
    assert_eq!(looks(&often, BUILD, 600, None), every_ten_seconds);
    let below = Policy { poll_cap: seconds(1), ..policy() };
    assert_eq!(below.pause(BUILD, seconds(500), None), policy().poll, "the poll is the least");
}

#[test]
fn clocks_that_disagree_make_no_pause_wild() {
    let policy = policy();
    assert_eq!(policy.pause(BUILD, seconds(-7200), None), seconds(30), "entered in the future");
    assert_eq!(policy.pause(BUILD, SignedDuration::MAX, None), policy.poll_cap);
    assert_eq!(policy.pause(READINESS, SignedDuration::MIN, None), policy.poll);
    let over = policy.pause(READINESS, seconds(0), Some(seconds(-1)));
    assert_eq!(over, policy.poll, "what is overdue is ended by the look, not by a pause");
}

#[test]
fn the_machine_tells_the_pause_by_how_long_its_state_has_lasted() {
    let mut run = Run::of(Scenario::staging()).up_to(BUILD);
    let entered = run.machine.since();
    assert_eq!(run.machine.pause(entered, &run.policy), seconds(30), "entering it");
    for (after, pause) in [(29, 58), (200, 120)] {
        assert_eq!(look(&mut run.machine, &run.policy, entered + seconds(after)), seconds(pause));
    }
    let last = run.machine.deadline().unwrap() - seconds(7);
    assert_eq!(look(&mut run.machine, &run.policy, last), seconds(7), "up to the deadline and no further");
}

#[test]
fn after_news_that_came_too_early_looks_begin_anew_and_further_news_waits() {
    let mut run = Run::of(Scenario::staging()).up_to(BUILD);
    let policy = run.policy.clone();
    let told = run.machine.since() + seconds(1000);
    assert!(run.machine.is_open_to_news(told, &policy));
    for (times, spacing) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 120), (70, 120)] {
        while run.machine.deployment().early_news.is_none_or(|news| news.times < times) {
            let noted = run.machine.news_came_early(told);
            assert_eq!((noted.event, noted.from), ("news-too-early", noted.to));
        }
        for (after, open) in [(spacing - 1, false), (spacing, true), (-1, true)] {
            assert_eq!(run.machine.is_open_to_news(told + seconds(after), &policy), open, "{times}: {after}");
        }
    }
    for (after, pause) in [(0, 5), (5, 5), (12, 12), (500, 120), (-7200, 5)] {
        assert_eq!(run.machine.pause(told + seconds(after), &policy), seconds(pause), "{after}");
    }
}

/// A look at a build that runs: the pause until the next.
fn look(machine: &mut Machine, policy: &Policy, now: Timestamp) -> SignedDuration {
    match machine.handle(&Event::Build(BuildOutcome::Running), now, policy).unwrap() {
        Step::Stay { pause } => pause,
        Step::Moved(moved) => panic!("{moved:?}"),
    }
}
