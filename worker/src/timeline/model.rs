//! The model: what there is to show of a deployment. Plain data; every text in it may come from elsewhere (a person, ECS,
//! GitHub), so whoever shows it must see to it that it stays text.

use jiff::{SignedDuration, Timestamp};
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use lockstep_state_machines::{Leg, State};

/// A deployment from its request to its end, or to where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Which deployment.
    pub id: DeploymentId,
    /// Of which application.
    pub application: ApplicationName,
    /// To which environment.
    pub environment: EnvironmentName,
    /// What was asked for, in words.
    pub what: String,
    /// Who asked.
    pub actor: String,
    /// When, by the asker's clock.
    pub requested_at: Timestamp,
    /// The steps in order; a step that is come to twice is there twice. The last one is under way unless there is an end.
    pub steps: Vec<Step>,
    /// The step that is under way; `None` after the end.
    pub current: Option<Current>,
    /// The end; `None` before it.
    pub end: Option<End>,
}

/// One stay in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The state as recorded, such as `deploying/rolling-out-candidate`.
    pub name: String,
    /// What is done in it, such as `roll out the candidate`. The name, where this build does not know it.
    pub title: String,
    /// The number of the history item that began it.
    pub began_with: u64,
    /// When it began, by the clock of the worker that recorded it.
    pub began: Timestamp,
    /// When it ended; `None` while it is under way.
    pub ended: Option<Timestamp>,
    /// What came of it.
    pub result: StepResult,
    /// What the record says about its end, one line; empty while it is under way.
    pub detail: String,
    /// What was recorded meanwhile: faults, claims, what is waited for.
    pub notes: Vec<Note>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// It goes on.
    UnderWay,
    /// It was done.
    Done,
    /// It was not: it failed, was refused, or was stopped by somebody.
    Stopped,
}

/// Something that was recorded during a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// What, such as `transient-fault`.
    pub event: String,
    /// One line about it.
    pub detail: String,
}

/// The step that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its state.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Until when it may last; then it is given up.
    pub until: Option<Timestamp>,
    /// What it waits for, in words.
    pub waits_for: String,
    /// Set after faults in a row.
    pub retrying: Option<Retrying>,
    /// Who wants it stopped, in words.
    pub cancel: Option<String>,
    /// On the way back: why.
    pub going_back: Option<String>,
    /// The rollout that a look at ECS would tell more about.
    pub follows: Option<Follows>,
}

/// Faults in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrying {
    /// How many.
    pub faults: u32,
    /// When it is tried again.
    pub next_at: Timestamp,
    /// What was recorded about the last one.
    pub last: String,
}

/// Which service is being changed, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follows {
    /// Whether it is the database's service and not the application's.
    pub database: bool,
    /// Which leg; `None` while the application is drained.
    pub leg: Option<Leg>,
    /// The task definition that it is brought to; `None` while it is drained.
    pub task_definition: Option<String>,
    /// Events of the service before this time are older than the rollout.
    pub since: Timestamp,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The terminal state.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The outcome and why, one line.
    pub summary: String,
    /// Whether somebody has to look at the environment.
    pub operator_needed: bool,
}

impl Step {
    /// The customer's state that this step belongs to, such as `deploying`.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// How long it took, or has taken by now. Two workers' clocks may disagree: never less than nothing.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> SignedDuration {
        self.ended.unwrap_or(now).duration_since(self.began).max(SignedDuration::ZERO)
    }

    /// How many faults it has met that were tried again.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.noted("transient-fault")
    }

    /// How often a worker began it again: after a fault, or instead of a worker that had died.
    #[must_use]
    pub fn resumed(&self) -> usize {
        self.noted("claimed")
    }

    fn noted(&self, event: &str) -> usize {
        self.notes.iter().filter(|note| note.event == event).count()
    }
}

impl Timeline {
    /// How long it took, or has taken by now: since a worker took it up.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> SignedDuration {
        let began = self.steps.first().map_or(self.requested_at, |step| step.began);
        let ended = self.end.as_ref().map_or(now, |end| end.at);
        ended.duration_since(began).max(SignedDuration::ZERO)
    }
}
