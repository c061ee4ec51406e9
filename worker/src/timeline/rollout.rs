//! A rollout as ECS shows it to whoever looks. The record says that one is under way and what came of it; how far it is
//! nobody records, since every look would be a write.

use jiff::Timestamp;

use super::model::Follows;
use crate::ports::ServiceProgress;

/// How many events of the service are shown.
const EVENTS: usize = 4;

/// What a look at the service came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// This.
    Seen(Rollout),
    /// Nothing: why, in words.
    Unseen(String),
}

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The service's name.
    pub service: String,
    /// When ECS was asked.
    pub seen_at: Timestamp,
    /// The tasks of the revision that is being rolled out; `None` when ECS does not list it (yet, or any more), and
    /// while the service is drained.
    pub ours: Option<Counts>,
    /// How many tasks of other revisions run or start.
    pub others: u32,
    /// The newest events of the service since the step began, oldest first.
    pub events: Vec<Event>,
}

/// Tasks of one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// How many should run.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are starting.
    pub pending: u32,
    /// How many failed to start, as ECS counts them since the rollout began.
    pub failed: u32,
}

/// An event of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// ECS's name for it: the same event has the same one at every look.
    pub id: String,
    /// When, by ECS's clock.
    pub at: Timestamp,
    /// ECS's words.
    pub message: String,
}

impl Rollout {
    /// What this look tells about what is being followed.
    #[must_use]
    pub fn of(service: &str, seen: &ServiceProgress, follows: &Follows, now: Timestamp) -> Self {
        let is_ours = |task_definition: &String| follows.task_definition.as_ref() == Some(task_definition);
        let ours = seen.revisions.iter().find(|revision| is_ours(&revision.task_definition));
        let others = seen.revisions.iter().filter(|revision| !is_ours(&revision.task_definition));
        // The newest first, as ECS lists them: the newest few, then in the order in which they came.
        let mut events: Vec<_> = seen
            .events
            .iter()
            .filter(|event| event.at >= follows.since)
            .take(EVENTS)
            .map(|event| Event { id: event.id.clone(), at: event.at, message: event.message.clone() })
            .collect();
        events.reverse();
        Self {
            service: service.to_owned(),
            seen_at: now,
            ours: ours.map(|revision| Counts {
                desired: revision.desired,
                running: revision.running,
                pending: revision.pending,
                failed: revision.failed,
            }),
            others: others.map(|revision| revision.running + revision.pending).sum(),
            events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{ProgressEvent, RevisionProgress};

    fn at(second: u32) -> Timestamp {
        format!("2026-11-23T09:30:{second:02}Z").parse().unwrap()
    }

    fn revision(task_definition: &str, running: u32) -> RevisionProgress {
        let task_definition = task_definition.to_owned();
        RevisionProgress { task_definition, desired: 2, running, pending: 1, failed: 3 }
    }

    fn event(second: u32) -> ProgressEvent {
        ProgressEvent { id: format!("e{second}"), at: at(second), message: format!("event {second}") }
    }

    #[test]
    fn ours_is_told_from_the_others_and_old_events_are_left_out() {
        let seen = ServiceProgress {
            revisions: vec![revision("app:2", 1), revision("app:1", 2)],
            events: vec![event(29), event(20), event(10), event(9)],
        };
        let task_definition = Some("app:2".to_owned());
        let follows = Follows { database: false, leg: None, task_definition, since: at(10) };
        let rollout = Rollout::of("shop", &seen, &follows, at(30));
        assert_eq!(rollout.ours, Some(Counts { desired: 2, running: 1, pending: 1, failed: 3 }));
        assert_eq!(rollout.others, 3);
        let messages: Vec<_> = rollout.events.iter().map(|event| event.message.as_str()).collect();
        assert_eq!(messages, ["event 10", "event 20", "event 29"]);

        let drained = Follows { task_definition: None, ..follows };
        let rollout = Rollout::of("shop", &seen, &drained, at(30));
        assert_eq!((rollout.ours, rollout.others), (None, 5));
    }
}
