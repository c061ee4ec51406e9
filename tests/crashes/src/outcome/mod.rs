//! What a run left behind, as far as two runs of one flow must agree: the verdict and what stands, and every
//! result with how often it was brought about. Read from the services' own records, never from what a worker
//! says about itself, but for the history. Must not hold a time of day or an id that differs between runs.

mod results;
mod standing;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recorder::Repeat;
use crate::run::Finished;

use results::Results;
pub(crate) use standing::story;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// The deployment's terminal state.
    pub(crate) state: String,
    /// Everything that stands, by what it is.
    standing: BTreeMap<String, Value>,
    results: Results,
    /// Calls that change something, by service and operation.
    pub(crate) changes: BTreeMap<String, usize>,
}

impl Outcomes {
    /// What this run left behind.
    ///
    /// # Errors
    /// In words: the run went wrong, or broke a rule that holds for every run.
    pub(crate) async fn of(run: &Finished) -> Result<Self, String> {
        if let Some(failure) = &run.failure {
            return Err(failure.clone());
        }
        let parked = run.town.queue.parked();
        if !parked.is_empty() {
            return Err(format!("messages were parked: {parked:?}"));
        }
        let items = run.town.table.items();
        let state = standing::end_of_history(&items, run.id)?;
        let standing = standing::all(&run.town, &items, run.id).await?;
        let mut changes = BTreeMap::new();
        let reached = (1..).zip(&run.calls).filter(|(number, _)| run.kept != Some(*number));
        for (_, call) in reached {
            let changes_something = matches!(call.known.repeat, Repeat::Converges | Repeat::Recognised);
            if changes_something && call.known.service != "SQS" {
                *changes.entry(format!("{} {}", call.known.service, call.known.operation)).or_default() += 1;
            }
        }
        Ok(Self { state, standing, results: Results::of(&run.town), changes })
    }

    /// Whether this run came to the same as the undisturbed one; else the first difference.
    ///
    /// # Errors
    /// The difference, in words.
    pub(crate) fn agrees_with(&self, undisturbed: &Self) -> Result<(), String> {
        if self.state != undisturbed.state {
            return Err(format!("it ended {} instead of {}", self.state, undisturbed.state));
        }
        self.results.agree_with(&undisturbed.results)?;
        let names = self.standing.keys().chain(undisturbed.standing.keys());
        for name in names {
            let (found, expected) = (self.standing.get(name), undisturbed.standing.get(name));
            if found != expected {
                let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
                return Err(format!("{name} is {} instead of {}", show(found), show(expected)));
            }
        }
        Ok(())
    }

    /// The changing calls that this run made beyond those of the undisturbed one: they converged.
    pub(crate) fn extra_over(&self, undisturbed: &Self) -> BTreeMap<String, usize> {
        let extra = self.changes.iter().filter_map(|(name, count)| {
            let usual = undisturbed.changes.get(name).copied().unwrap_or(0);
            (*count > usual).then(|| (name.clone(), count - usual))
        });
        extra.collect()
    }
}
