//! What a deployment costs: the requests that leave the worker, counted where they pass, in an account's own pace. The same town
//! and door as for the crashes, so no request escapes. Must never estimate: what is not counted is not told.

mod ledger;
mod scenario;

use jiff::Timestamp;
use lockstep_events::DeploymentId;
use serde_json::Value;

use crate::outcome::{Outcomes, story};
use crate::recorder::Door;
use crate::report;
use crate::run::Run;

pub(crate) use ledger::Ledger;

/// Prints what each scenario cost; whether all of them ended as they should.
pub(crate) async fn run() -> bool {
    let door = Door::open(None).await.expect("a free port on 127.0.0.1");
    let mut bases = crate::bases::Bases::new(&door);
    let mut passed = true;
    for scenario in scenario::SCENARIOS {
        let from = bases.get(scenario.flow.base).await;
        let began = from.now();
        let finished = Run::of(scenario.flow, &from, &door, None).await;
        let ended = match (&finished.failure, scenario.is_idle()) {
            (Some(problem), _) => Err(problem.clone()),
            (None, true) => Ok(String::new()),
            (None, false) => Outcomes::of(&finished).await.map(|outcomes| outcomes.state),
        };
        match ended {
            Ok(state) if state == scenario.flow.ends => {
                let ended = ended_at(&finished.town.table.items(), finished.id);
                let seconds = ended.map_or(scenario::IDLE, |at| at.as_millisecond() - began) / 1000;
                report::line(&finished.ledger.told(scenario.flow.name, seconds).to_string());
            }
            otherwise => {
                let story = story(&finished.town.table.items(), finished.id);
                report::line(&format!("FAILED {}: {otherwise:?}\n{story}", scenario.flow.name));
                passed = false;
            }
        }
    }
    passed
}

/// When a deployment ended, by the last item of its history.
fn ended_at(items: &[Value], id: DeploymentId) -> Option<Timestamp> {
    let partition = format!("deployment#{id}");
    let last = items
        .iter()
        .find(|item| item["pk"]["S"] == partition.as_str() && item["terminal"]["BOOL"] == true)?;
    last["at"]["S"].as_str()?.parse().ok()
}
