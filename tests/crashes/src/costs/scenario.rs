//! What is counted: a few flows, at an account's own pace. Must never differ from a flow but in that.

use crate::flow::{Ask, Base, Flow};
use crate::town::{Conduct, Conducts, Pace};

/// Something whose cost is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) flow: Flow,
}

/// Two rollouts: the latest release, then the beta.
const PLAIN: Pace = Pace::Real { database: false };
/// Three: the database first.
const WITH_DATABASE: Pace = Pace::Real { database: true };

/// How long an idle worker is watched, in milliseconds.
pub(crate) const IDLE: i64 = 3_600_000;

const fn scenario(name: &'static str, base: Base, ask: Ask, pace: Pace, ends: &'static str) -> Scenario {
    let conducts = Conducts::good();
    Scenario { flow: Flow { name, base, ask, conducts, cancelled_at: None, ends, pace } }
}

const fn with(conducts: Conducts, scenario: Scenario) -> Scenario {
    Scenario { flow: Flow { conducts, ..scenario.flow } }
}

const DEPLOY: Ask = Ask::Deploy("0.2.0");
const PROMOTE: Ask = Ask::Promote("0.2.0");

/// Every scenario.
pub(crate) const SCENARIOS: [Scenario; 6] = [
    scenario("staging, healthy", Base::Released, DEPLOY, PLAIN, "healthy"),
    scenario("staging with a fresh database, healthy", Base::Released, DEPLOY, WITH_DATABASE, "healthy"),
    with(
        Conducts::but("staging", "0.2.0", Conduct::NeverReady),
        scenario(
            "staging with a fresh database, rolled back",
            Base::Released,
            DEPLOY,
            WITH_DATABASE,
            "rolled-back",
        ),
    ),
    scenario("production, healthy", Base::Validated, PROMOTE, PLAIN, "healthy"),
    with(
        Conducts::but("production", "0.2.0", Conduct::Crashes),
        scenario("production, rolled back by ECS", Base::Validated, PROMOTE, PLAIN, "rolled-back"),
    ),
    scenario("an hour without a deployment", Base::Released, Ask::Nothing(IDLE), PLAIN, ""),
];

impl Scenario {
    /// Whether nothing is deployed.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.flow.ask, Ask::Nothing(_))
    }
}
