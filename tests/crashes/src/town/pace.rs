//! How fast things happen in a town, and how the worker is configured for it. Must never change what happens, only when.

use std::time::Duration;

use ecs_sim::Timing;

/// The pace of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Seconds, looked at every fifteen: every crash point is a run of its own, and each look is a point.
    Quick,
    /// As in an account: a build of ten minutes, rollouts of three, the worker as it is shipped, events that arrive.
    Real {
        /// Whether staging's deployments get a fresh database, which is a third rollout.
        database: bool,
    },
}

impl Pace {
    /// How long a build takes, in milliseconds.
    pub(crate) fn build(self) -> i64 {
        match self {
            Self::Quick => 20_000,
            Self::Real { .. } => 600_000,
        }
    }

    /// When the build workflow's message about its end is there, in milliseconds after the end: it is sent in the last step, a
    /// few seconds before the run is over, with a delay of twenty (infra/github/workflows/build-image.yml). `None`: it is not sent.
    pub(crate) fn notice(self) -> Option<i64> {
        (self != Self::Quick).then_some(12_000)
    }

    /// How long EventBridge takes with ECS's events, in milliseconds. `None`: they are never delivered.
    pub(crate) fn event(self) -> Option<i64> {
        (self != Self::Quick).then_some(2_000)
    }

    /// How long what ECS does takes. A rollout's three minutes: 45 s to provision, 15 to start, 30 to be steady, then 60 out of
    /// the load balancer and 30 to stop.
    pub(crate) fn ecs(self) -> Timing {
        let seconds = Duration::from_secs;
        match self {
            Self::Quick => Timing {
                provisioning: seconds(1),
                start_grace: seconds(2),
                steady: seconds(3),
                drain: seconds(1),
                stop_timeout: seconds(5),
                relaunch: seconds(1),
                tick: seconds(1),
            },
            Self::Real { .. } => Timing {
                provisioning: seconds(45),
                start_grace: seconds(15),
                steady: seconds(30),
                drain: seconds(60),
                stop_timeout: seconds(30),
                relaunch: seconds(5),
                tick: seconds(1),
            },
        }
    }

    /// The worker's timings that the configuration names; what is not there is as shipped. One message at a time: who
    /// asks for another moves the clock.
    pub(crate) fn worker(self, visibility: i64) -> String {
        match self {
            Self::Quick => format!(
                "[worker]\nconcurrency = 1\nvisibility_seconds = {visibility}\nclaim_lease_seconds = 90\ncall_timeout_seconds = 30\n\
                 poll_seconds = 15\npoll_cap_seconds = 15\nreconcile_seconds = 3600\n[deadlines]\nreadiness_seconds = 60\n"
            ),
            Self::Real { .. } => "[worker]\nconcurrency = 1\n".to_owned(),
        }
    }

    /// Whether staging's database is configured.
    pub(crate) fn has_database(self) -> bool {
        self != Self::Real { database: false }
    }
}
