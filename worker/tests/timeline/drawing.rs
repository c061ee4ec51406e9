//! From steps to lines: what somebody at a terminal reads.

use lockstep::ports::{ProgressEvent, RevisionProgress, ServiceProgress};
use lockstep::timeline::{Line, Rollout, Sight, Tone, finished, heading, live};
use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Event, Leg, RolloutOutcome, State};

use super::story::{Story, fault};

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(Line::text).collect()
}

fn rolling_out() -> Story {
    Story::begin(Scenario::production().with_previous()).until(State::RollingOut { leg: Leg::Candidate })
}

fn seen(story: &Story) -> Sight {
    let timeline = story.timeline();
    let follows = timeline.current.unwrap().follows.unwrap();
    let ours = RevisionProgress {
        task_definition: follows.task_definition.clone().unwrap(),
        desired: 2,
        running: 1,
        pending: 1,
        failed: 3,
    };
    let old = RevisionProgress {
        task_definition: "app:1".to_owned(),
        desired: 0,
        running: 2,
        pending: 0,
        failed: 0,
    };
    let event = |id: &str, seconds: i64, message: &str| ProgressEvent {
        id: id.to_owned(),
        at: story.now + jiff::SignedDuration::from_secs(seconds),
        message: message.to_owned(),
    };
    let events = vec![
        event("2", 4, "(service shop) has started 1 tasks."),
        event("1", 1, "(service shop) was unable to place a task."),
        event("0", -60, "from before"),
    ];
    let progress = ServiceProgress { revisions: vec![ours, old], events };
    Sight::Seen(Rollout::of("shop", &progress, &follows, story.now))
}

#[test]
fn a_rollout_under_way_is_understood_at_a_glance() {
    let story = rolling_out();
    let now = story.now + jiff::SignedDuration::from_secs(14);
    let lines = live(&story.timeline(), Some(&seen(&story)), now);
    assert_eq!(
        texts(&lines),
        [
            "▸        14 s  roll out the candidate",
            "               waits for ECS to roll out revision-of-candidate",
            "               until 2026-11-23T10:01:10Z at the latest: 29 min 46 s left",
            "               tasks: 1 of 2 running, 1 pending, 3 failed; 2 of other revisions",
            "                 13 s ago  (service shop) was unable to place a task.",
            "                 10 s ago  (service shop) has started 1 tasks.",
        ]
    );
    assert!(lines[3].parts.contains(&(Tone::Bad, "3 failed".to_owned())), "{:?}", lines[3]);
}

#[test]
fn what_could_not_be_seen_is_said_and_a_deadline_that_is_over() {
    let story = rolling_out();
    let now = story.now + jiff::SignedDuration::from_mins(31);
    let sight = Sight::Unseen("ECS may not be asked".to_owned());
    let lines = texts(&live(&story.timeline(), Some(&sight), now));
    assert_eq!(lines[2].trim_start(), "until 2026-11-23T10:01:10Z: over; the next look settles it");
    assert_eq!(lines[3].trim_start(), "tasks: ECS may not be asked");
}

#[test]
fn retries_show_their_next_time_and_a_wish_to_cancel_who_wants_it() {
    let cancel = Event::Cancel { actor: "bob".to_owned(), sender: None, reason: None };
    let story = Story::begin(Scenario::production()).until(State::MovingTags).then(&fault()).then(&cancel);
    let lines = texts(&live(&story.timeline(), None, story.now));
    let said: Vec<_> = lines.iter().map(|line| line.trim_start()).collect();
    assert_eq!(
        said[3..],
        [
            "1 fault(s) in a row, next try in 50 s, at 2026-11-23T09:31:40Z",
            "the last: ECS is throttling; fault 1 in a row, at most 3; next try at 2026-11-23T09:31:40Z",
            "to be cancelled by bob",
        ]
    );
    let later = story.now + jiff::SignedDuration::from_mins(2);
    let lines = texts(&live(&story.timeline(), None, later));
    assert!(lines[3].contains("next try due since 2026-11-23T09:31:40Z"), "{lines:?}");
}

#[test]
fn a_step_that_ended_is_one_line_and_a_second_one_for_what_it_met() {
    let story = rolling_out().then(&fault());
    let failed = story.outcome(|event| matches!(event, Event::Rollout(RolloutOutcome::Failed { .. })));
    let story = story.then(&failed);
    let timeline = story.timeline();
    let done = texts(&finished(&timeline.steps[1]));
    let [line] = &done[..] else { panic!("{done:?}") };
    assert!(line.starts_with("✓        10 s  inspect the environment: 2 task(s) desired;"), "{line}");
    let lines = finished(&timeline.steps[7]);
    assert!(lines[0].text().starts_with("✗        20 s  roll out the candidate: "), "{lines:?}");
    assert_eq!(lines[0].parts[0].0, Tone::Bad);
    assert_eq!(lines[1].text().trim_start(), "1 fault(s), tried again");
    let back = texts(&live(&timeline, None, story.now));
    assert!(back.last().unwrap().trim_start().starts_with("going back, because: "), "{back:?}");
}

#[test]
fn the_end_leaves_nothing_under_way() {
    let story = rolling_out().until(State::Healthy);
    assert!(live(&story.timeline(), None, story.now).is_empty());
    let line = heading(&story.timeline()).text();
    assert!(line.starts_with("0.2.0-0100000.beta to production of shop, asked for by ann at "), "{line}");
}
