//! Which news from outside is worth a look now. News may be late, doubled, out of order or made up: it never
//! says what happened, only that somebody should look, and what is not heeded is seen at the next poll. So a
//! wrong answer here costs a call or some time, and must never cost more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Deployment, Leg, Machine, Policy, State, Transition};

/// News of the present state that was looked after, and nothing of it was to be seen yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyNews {
    /// When, the last time.
    pub at: Timestamp,
    /// How often.
    pub times: u32,
}

/// News of a rollout of one of the environment's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutNews<'a> {
    /// Whether it is about the database's service, and not the application's.
    pub of_database: bool,
    /// The rollout that it names (`ecs-svc/…`), if it names one.
    pub rollout: Option<&'a str>,
    /// What it says of it.
    pub says: RolloutSays,
}

/// What news says of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutSays {
    /// It is under way.
    UnderWay,
    /// It came to an end, well or badly.
    Ended,
    /// Something that this build does not know.
    Unknown,
}

impl Machine {
    /// Whether news of a rollout is worth a look: the state waits for that service, and the news is not known to
    /// be old. `lag` is how long a service may take to show what it was told; news of our own rollout's
    /// beginning comes within it.
    #[must_use]
    pub fn heeds_rollout(&self, news: &RolloutNews<'_>, lag: SignedDuration, now: Timestamp) -> bool {
        let (State::RollingOut { leg } | State::Verifying { leg }) = self.state() else {
            return matches!(self.state(), State::AwaitingDrain { .. }) && !news.of_database;
        };
        if leg.is_database() != news.of_database {
            return false;
        }
        let Some(rollout) = news.rollout else { return true };
        // Under which id ECS reports the way back that it began itself is not documented: everything counts.
        if leg.is_restoring() {
            return true;
        }
        let deployment = self.deployment();
        let ours = deployment.rollouts.get(&leg).is_some_and(|ours| ours == rollout);
        match news.says {
            // That ours has begun is known. Later the same words may announce that ECS goes back from it.
            RolloutSays::UnderWay if ours => now.duration_since(self.since()) >= lag,
            // What ours replaced is over, whatever came of it. Under way again, it is being gone back to.
            RolloutSays::Ended => ours || !deployment.is_older(leg, rollout),
            RolloutSays::UnderWay | RolloutSays::Unknown => true,
        }
    }

    /// Whether news of this run's end is worth a look: the state waits for a build, and for no other.
    #[must_use]
    pub fn heeds_build(&self, run: u64) -> bool {
        let known = self.deployment().build.as_ref().and_then(|build| build.run);
        self.state() == State::AwaitingBuild && known.is_none_or(|known| known == run)
    }
}

impl Machine {
    /// Whether it is time to look after news once more: after some that came too early, looks come by themselves, and
    /// whoever sends the same again and again is not looked after each time.
    #[must_use]
    pub fn is_open_to_news(&self, now: Timestamp, policy: &Policy) -> bool {
        self.deployment.early_news.is_none_or(|news| {
            let passed = now.duration_since(news.at);
            passed.is_negative() || passed >= policy.spacing(news.times)
        })
    }

    /// Takes in that news was looked after and nothing of it is to be seen yet. Who sends it may well know before the
    /// service shows it, so looks come soon again from here on ([`Policy::pause_after_news`]).
    pub fn news_came_early(&mut self, now: Timestamp) -> Transition {
        let times = self.deployment.early_news.map_or(0, |news| news.times).saturating_add(1);
        self.deployment.early_news = Some(EarlyNews { at: now, times });
        let detail = "news came of which nothing is to be seen yet: looked at again soon".to_owned();
        Transition { from: self.state, to: self.state, event: "news-too-early", detail }
    }
}

impl Deployment {
    /// Whether a rollout of a leg's service is known to have come before the leg's own.
    fn is_older(&self, leg: Leg, rollout: &str) -> bool {
        let replaced = self.replaced.get(&leg).is_some_and(|replaced| replaced == rollout);
        let earlier = |(other, id): (&Leg, &String)| {
            *other < leg && other.is_database() == leg.is_database() && id == rollout
        };
        replaced || self.rollouts.iter().any(earlier)
    }
}
