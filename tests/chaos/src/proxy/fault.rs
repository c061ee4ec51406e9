//! What can go wrong on the way to a service and back, and how often.

use std::fmt;
use std::time::Duration;

use crate::chance::Chance;

/// One way in which a connection fails its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Part of an answer comes late.
    Latency,
    /// The connection is reset before the request is forwarded: it had no effect.
    ResetBefore,
    /// The connection is reset when the answer comes: the request took effect.
    ResetAfter,
    /// The connection is accepted and then nothing is ever read or written.
    HalfOpen,
    /// The answer ends in the middle, and the connection with it.
    Truncated,
    /// The request is forwarded and its answer swallowed, the connection left open.
    AnswerLost,
}

/// How often each fault comes, of a thousand connections, requests or answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Odds {
    half_open: usize,
    reset_before: usize,
    late: usize,
    /// The longest delay, in milliseconds.
    latest: u64,
    reset_after: usize,
    truncated: usize,
    lost: usize,
}

impl Odds {
    /// A service next door.
    const NEAR: Self =
        Self { half_open: 0, reset_before: 0, late: 0, latest: 0, reset_after: 0, truncated: 0, lost: 0 };
    /// A service that takes its time.
    const DISTANT: Self = Self { late: 600, latest: 500, ..Self::NEAR };
    /// A bad network.
    const ROUGH: Self = Self {
        half_open: 20,
        reset_before: 5,
        late: 20,
        latest: 1_500,
        reset_after: 6,
        truncated: 6,
        lost: 4,
    };

    /// What becomes of a new connection.
    pub(super) fn of_connection(&self, chance: &mut Chance) -> Option<Fault> {
        (chance.below(1000) < self.half_open).then_some(Fault::HalfOpen)
    }

    /// What becomes of a request on its way to the service.
    pub(super) fn of_request(&self, chance: &mut Chance) -> Option<Fault> {
        (chance.below(1000) < self.reset_before).then_some(Fault::ResetBefore)
    }

    /// What becomes of an answer.
    pub(super) fn of_answer(&self, chance: &mut Chance) -> Option<Fault> {
        let mut drawn = chance.below(1000);
        let faults = [
            (Fault::Latency, self.late),
            (Fault::ResetAfter, self.reset_after),
            (Fault::Truncated, self.truncated),
            (Fault::AnswerLost, self.lost),
        ];
        for (fault, odds) in faults {
            if drawn < odds {
                return Some(fault);
            }
            drawn -= odds;
        }
        None
    }

    /// How late an answer is that is.
    pub(super) fn delay(&self, chance: &mut Chance) -> Duration {
        chance.millis(self.latest / 20, self.latest)
    }
}

/// What it is like between workers and services.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weather {
    /// Calls that may change something take a while, so that what befalls a worker often befalls it in one.
    Distant,
    /// Every service is behind a bad network.
    Rough,
}

impl Weather {
    /// The odds on the way to a service.
    pub(super) fn odds(self, service: &str) -> Odds {
        match (self, service) {
            (Self::Distant, "DynamoDB" | "SQS") => Odds::NEAR,
            (Self::Distant, _) => Odds::DISTANT,
            (Self::Rough, _) => Odds::ROUGH,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Latency => "late",
            Self::ResetBefore => "reset before",
            Self::ResetAfter => "reset after",
            Self::HalfOpen => "half-open",
            Self::Truncated => "truncated",
            Self::AnswerLost => "answers lost",
        })
    }
}
