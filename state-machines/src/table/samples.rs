//! Sample values and scenarios: what the machine is explored with, and what tests build on. Must never be
//! used by the worker: nothing here is true of a real environment.

use std::fmt::Debug;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use lockstep_events::{
    BetaTag, CommitSha, DeployRequested, DeploymentId, ImageDigest, Overrides, Reason, Requester, Target,
};

use crate::{
    Baseline, Deadlines, HealthyRelease, Inspection, Kind, Machine, Plan, Policy, Refusal, RefusalCode,
    RetryPolicy, Source,
};

/// One environment and one request: what the shell would answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// What the configuration says.
    pub plan: Plan,
    /// The source once it is accepted.
    pub source: Source,
    /// The environment as found.
    pub inspection: Inspection,
}

impl Scenario {
    /// The first staging deployment ever: no release, nothing to go back to, no database of its own, and an
    /// image that has to be built.
    #[must_use]
    pub fn staging() -> Self {
        Self {
            plan: Plan { kind: Kind::Staging, with_database: false },
            source: Source {
                commit: commit(1),
                version: literal("0.2.0"),
                beta: BetaTag::new(literal("0.2.0"), &commit(1)),
                digest: None,
                baseline: None,
                warnings: Vec::new(),
            },
            inspection: Inspection {
                base: "app:1".to_owned(),
                database_base: None,
                desired: 2,
                previous: None,
                already_running: None,
                latest: None,
                findings: Vec::new(),
            },
        }
    }

    /// The first promotion ever, of an image that is known.
    #[must_use]
    pub fn production() -> Self {
        let mut scenario = Self::staging().with_image();
        scenario.plan.kind = Kind::Production;
        scenario
    }

    /// With a database that is made fresh.
    #[must_use]
    pub fn with_database(mut self) -> Self {
        self.plan.with_database = true;
        self.inspection.database_base = Some("db:1".to_owned());
        self
    }

    /// With a release to deploy before the candidate.
    #[must_use]
    pub fn with_baseline(mut self) -> Self {
        self.source.baseline = Some(Baseline {
            version: literal("0.1.0"),
            commit: Some(commit(2)),
            digest: digest(2),
            found_in: "the latest release".to_owned(),
        });
        self
    }

    /// With a release to go back to.
    #[must_use]
    pub fn with_previous(mut self) -> Self {
        self.inspection.previous = Some(HealthyRelease {
            deployment: id("01890a5d-ac96-774b-bcce-b302099a8056"),
            version: literal("0.1.0"),
            image_tag: "0.1.0".to_owned(),
            commit: Some(commit(3)),
            digest: digest(3),
            task_definition: "app:1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        });
        self
    }

    /// With an image of the commit that is known already.
    #[must_use]
    pub fn with_image(mut self) -> Self {
        self.source.digest = Some(digest(1));
        self
    }

    /// With the wanted image running already.
    #[must_use]
    pub fn running_already(mut self) -> Self {
        self.inspection.already_running = Some("app:1".to_owned());
        self
    }

    /// Every combination that can occur, and the promotion without an image, which must be refused.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let both = |all: Vec<Self>, change: fn(Self) -> Self| {
            all.iter().cloned().chain(all.iter().cloned().map(change)).collect::<Vec<_>>()
        };
        let staging = both(vec![Self::staging()], Self::with_image);
        let staging =
            both(both(both(staging, Self::with_database), Self::with_baseline), Self::with_previous);
        let mut production = both(both(vec![Self::production()], Self::with_previous), Self::running_already);
        let mut without_image = Self::production();
        without_image.source.digest = None;
        production.push(without_image);
        staging.into_iter().chain(production).collect()
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> DeployRequested {
        let (environment, target) = match self.plan.kind {
            Kind::Staging => ("staging", Target::Commit { reference: None }),
            Kind::Production => ("production", Target::Beta { tag: self.source.beta.clone() }),
        };
        DeployRequested {
            id: id("01890a5d-ac96-774b-bcce-b302099a8057"),
            application: literal("shop"),
            environment: literal(environment),
            target,
            requester: Requester {
                actor: "ann".to_owned(),
                workflow_run_id: None,
                workflow_run_attempt: None,
            },
            requested_at: Timestamp::UNIX_EPOCH,
            overrides: Overrides::default(),
        }
    }

    /// The machine that has just taken the lock.
    #[must_use]
    pub fn begin(&self, policy: &Policy, now: Timestamp) -> Machine {
        Machine::begin(self.request(), self.plan, 1, policy, now)
    }
}

/// A policy in which every deadline is another one.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        deadlines: Deadlines {
            checks: SignedDuration::from_mins(60),
            build: SignedDuration::from_mins(45),
            rollout: SignedDuration::from_mins(30),
            readiness: SignedDuration::from_mins(5),
            action: SignedDuration::from_mins(10),
        },
        poll: SignedDuration::from_secs(10),
        poll_cap: SignedDuration::from_secs(120),
        retry: RetryPolicy {
            budget: 3,
            base: SignedDuration::from_secs(1),
            cap: SignedDuration::from_secs(30),
        },
    }
}

/// A digest; another for every number.
#[must_use]
pub fn digest(number: u8) -> ImageDigest {
    literal(&format!("sha256:{number:064x}"))
}

/// A commit; another for every number.
#[must_use]
pub fn commit(number: u8) -> CommitSha {
    literal(&format!("{number:02x}{number:038x}"))
}

/// A reason.
#[must_use]
pub(super) fn reason() -> Reason {
    literal("it hangs")
}

/// A refusal.
#[must_use]
pub fn refusal(code: RefusalCode) -> Refusal {
    Refusal { code, message: "refused".to_owned() }
}

fn id(text: &str) -> DeploymentId {
    literal(text)
}

#[expect(
    clippy::expect_used,
    reason = "parses what this file itself writes; the test of the table runs all of it"
)]
fn literal<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a sample is valid")
}
