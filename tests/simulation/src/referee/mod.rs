//! The referee: judges the universe after every step that changed something. Must never know what a worker had
//! in mind, only what is there to be seen.

mod seen;
mod verdicts;

use std::collections::BTreeSet;

use invariants::{Violation, check_all, everything_settled};
use lockstep_events::DeploymentId;

use crate::universe::Universe;
use seen::Seen;

/// Remembers which ends have been judged.
#[derive(Default)]
pub(crate) struct Referee {
    judged: BTreeSet<DeploymentId>,
}

impl Referee {
    /// Everything that must hold at every moment, and each end when it is written.
    ///
    /// # Errors
    /// The first violation.
    pub(crate) fn judge(&mut self, universe: &mut Universe) -> Result<(), Violation> {
        check_all(&Seen(universe))?;
        let ended = universe.table.lives.iter().filter(|(_, life)| life.is_terminal());
        let new: Vec<_> = ended.map(|(id, _)| *id).filter(|id| !self.judged.contains(id)).collect();
        for id in new {
            self.judged.insert(id);
            verdicts::judge(universe, id)?;
            let outcome = universe.table.newest(id).map(|entry| entry.to.clone()).unwrap_or_default();
            universe.counts.one(match outcome.as_str() {
                "healthy" => "healthy",
                "rolled-back" => "rolled back",
                "failed" => "failed",
                "cancelled" => "cancelled",
                _ => "rejected",
            });
        }
        Ok(())
    }

    /// What must hold when nothing is under way any more.
    ///
    /// # Errors
    /// The first violation.
    pub(crate) fn judge_the_end(&mut self, universe: &mut Universe) -> Result<(), Violation> {
        everything_settled(&Seen(universe))?;
        for id in &self.judged {
            verdicts::nothing_was_touched(universe, *id)?;
        }
        Ok(())
    }

    /// Whether every accepted request has ended.
    pub(crate) fn is_settled(universe: &Universe) -> bool {
        everything_settled(&Seen(universe)).is_ok()
    }
}
