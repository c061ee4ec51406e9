//! The flows: where each begins, what is asked for, what goes wrong on the way, and how it must end.

use lockstep_events::{
    CancelRequested, DeployRequested, DeploymentId, Message, Overrides, Requester, Target, encode,
};

use crate::town::{Conduct, Conducts, Pace, Town};
use crate::worker;

/// What has been deployed before a flow begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Empty,
    /// 0.1.0, in staging and in production.
    Released,
    /// As `Released`, and the beta of 0.2.0 is healthy in staging.
    Validated,
    /// As `Validated`, and 0.2.0 is in production too.
    ReleasedTwice,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Push this version and deploy it to staging.
    Deploy(&'static str),
    /// Promote the beta of this version.
    Promote(&'static str),
    /// Nothing, for this long, in milliseconds.
    Nothing(i64),
}

/// A flow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    pub(crate) base: Base,
    pub(crate) ask: Ask,
    pub(crate) conducts: Conducts,
    /// The state whose first commit is followed by a cancellation, which a second worker takes up while the
    /// first is still waiting for that commit's answer.
    pub(crate) cancelled_at: Option<&'static str>,
    /// The terminal state.
    pub(crate) ends: &'static str,
    /// How fast things happen.
    pub(crate) pace: Pace,
}

const fn flow(name: &'static str, base: Base, ask: Ask, ends: &'static str) -> Flow {
    Flow { name, base, ask, conducts: Conducts::good(), cancelled_at: None, ends, pace: Pace::Quick }
}

const fn cancelled(name: &'static str, base: Base, ask: Ask, at: &'static str, ends: &'static str) -> Flow {
    Flow { cancelled_at: Some(at), ..flow(name, base, ask, ends) }
}

const SECOND: Ask = Ask::Deploy("0.2.0");
const PROMOTE: Ask = Ask::Promote("0.2.0");
const CRASHES: Conducts = Conducts::but("production", "0.2.0", Conduct::Crashes);

/// Every flow.
pub(crate) const FLOWS: [Flow; 17] = [
    flow("first-staging", Base::Empty, Ask::Deploy("0.1.0"), "healthy"),
    flow("staging-with-baseline", Base::Released, SECOND, "healthy"),
    flow("promotion", Base::Validated, PROMOTE, "healthy"),
    Flow { conducts: CRASHES, ..flow("breaker-rollback", Base::Validated, PROMOTE, "rolled-back") },
    Flow {
        conducts: Conducts::but("staging", "0.2.0", Conduct::NeverReady),
        ..flow("readiness-rollback", Base::Released, SECOND, "rolled-back")
    },
    flow("promotion-again", Base::ReleasedTwice, PROMOTE, "healthy"),
    flow("promotion-of-an-earlier-beta", Base::ReleasedTwice, Ask::Promote("0.1.0"), "healthy"),
    cancelled("cancel-in-locked", Base::Released, SECOND, "locked/checking-source", "cancelled"),
    cancelled("cancel-while-building", Base::Released, SECOND, "locked/awaiting-build", "cancelled"),
    cancelled("cancel-in-built", Base::Validated, PROMOTE, "built/moving-tags", "cancelled"),
    cancelled("cancel-in-retagged", Base::Validated, PROMOTE, "retagged/registering-candidate", "cancelled"),
    cancelled("cancel-while-draining", Base::Released, SECOND, "deploying/draining", "rolled-back"),
    cancelled(
        "cancel-before-update",
        Base::Validated,
        PROMOTE,
        "deploying/starting-candidate",
        "rolled-back",
    ),
    cancelled(
        "cancel-in-rollout",
        Base::Validated,
        PROMOTE,
        "deploying/rolling-out-candidate",
        "rolled-back",
    ),
    cancelled("cancel-in-checks", Base::Validated, PROMOTE, "deploying/checking-readiness", "rolled-back"),
    Flow {
        conducts: CRASHES,
        ..cancelled(
            "cancel-while-rolling-back",
            Base::Validated,
            PROMOTE,
            "rolling-back/rolling-out-restored",
            "rolled-back",
        )
    },
    cancelled("cancel-too-late", Base::Validated, PROMOTE, "healthy", "healthy"),
];

impl Base {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Released => "released",
            Self::Validated => "validated",
            Self::ReleasedTwice => "released twice",
        }
    }

    /// The base that this one is made from, and what is asked for to get here, in order.
    pub(crate) fn made_of(self) -> Option<(Self, &'static [Ask])> {
        match self {
            Self::Empty => None,
            Self::Released => Some((Self::Empty, &[Ask::Deploy("0.1.0"), Ask::Promote("0.1.0")])),
            Self::Validated => Some((Self::Released, &[SECOND])),
            Self::ReleasedTwice => Some((Self::Validated, &[PROMOTE])),
        }
    }
}

impl Ask {
    /// Puts the request into the town's queue; its deployment's id.
    pub(crate) fn put(self, town: &Town) -> DeploymentId {
        let number = town.timeline.millis().unsigned_abs();
        let id: DeploymentId = worker::id(number).try_into().expect("a UUIDv7");
        let (environment, target) = match self {
            Self::Nothing(while_) => {
                town.stay_until(town.timeline.millis() + while_);
                return id;
            }
            Self::Deploy(version) => {
                town.push(version);
                ("staging", Target::Commit { reference: None })
            }
            Self::Promote(version) => {
                let tag = town.beta_of(version).parse().expect("a beta's tag");
                ("production", Target::Beta { tag })
            }
        };
        let request = DeployRequested {
            id,
            application: "sample".parse().expect("a name"),
            environment: environment.parse().expect("a name"),
            target,
            requester: requester("alice"),
            requested_at: town.timeline.timestamp(),
            overrides: Overrides::default(),
        };
        town.queue.put(encode(&Message::DeployRequested(Box::new(request))), town.timeline.millis());
        id
    }
}

/// Asks for the end of a deployment, in a message that is delivered before anything else; its number.
pub(crate) fn cancel(town: &Town, id: DeploymentId) -> u64 {
    let cancel = CancelRequested { id, requester: requester("bob"), reason: None };
    town.queue.put(encode(&Message::CancelRequested(cancel)), 0)
}

fn requester(actor: &str) -> Requester {
    Requester { actor: actor.to_owned(), workflow_run_id: None, workflow_run_attempt: None }
}
