//! What a deployment changed outside the table, counted by the services that it changed: the proof of
//! "nothing was touched" and of "once, not twice". Never counts what the product says about itself.

use std::collections::BTreeMap;

use ecs_sim::CallOutcome;

use crate::stage::Stage;

/// The changing calls so far, refused ones included, by service and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traces {
    pub(crate) calls: BTreeMap<String, usize>,
    /// Manifests put to the registry since the sandbox was started.
    pub(crate) manifest_puts: u64,
}

impl Stage {
    /// What the services have counted until now.
    pub(crate) fn traces(&self) -> Traces {
        let mut calls = BTreeMap::new();
        for call in self.sandbox.github().control().log() {
            let refused = if call.status >= 300 { " refused" } else { "" };
            *calls.entry(format!("{:?}{refused}", call.kind)).or_default() += 1;
        }
        for call in self.sandbox.ecs().log() {
            let refused = if matches!(call.outcome, CallOutcome::Refused(_)) { " refused" } else { "" };
            *calls.entry(format!("{}{refused}", call.action)).or_default() += 1;
        }
        Traces { calls, manifest_puts: self.sandbox.registry().behaviour().manifest_puts() }
    }
}

impl Traces {
    /// Fails unless exactly these calls were made, each as often as said.
    #[track_caller]
    pub(crate) fn are(&self, expected: &[(&str, usize)]) {
        let expected: BTreeMap<String, usize> =
            expected.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        assert_eq!(self.calls, expected);
    }
}
