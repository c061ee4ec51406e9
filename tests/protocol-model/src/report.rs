//! Runs a check and says what it explored. Must never call something checked that was cut short.

use std::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::model::Protocol;

/// What a check found.
#[derive(Debug, Clone)]
pub struct Report {
    /// States that differ, up to the names of workers and of like requests.
    pub states: usize,
    /// Steps of the longest shortest way to a state.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The properties that were asked of each state.
    pub properties: usize,
    /// The first counterexample found of each violated property: its name, and the way there, a step a line.
    pub violated: Vec<(&'static str, String)>,
    /// Properties that should have been seen at least once and were not.
    pub never_seen: Vec<&'static str>,
}

/// Explores every state within the model's bounds; stops at the first violation.
#[must_use]
pub fn check(model: Protocol) -> Report {
    explore(model, HasDiscoveries::AnyFailures)
}

/// Explores until this invariant is violated, past violations of others.
#[must_use]
pub fn find(model: Protocol, invariant: &'static str) -> Report {
    explore(model, HasDiscoveries::AnyOf([invariant].into()))
}

fn explore(model: Protocol, until: HasDiscoveries) -> Report {
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let properties = model.properties();
    let checker = model.checker().threads(threads).finish_when(until).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let fails =
        |name: &str| properties.iter().any(|p| p.name == name && p.expectation.discovery_is_failure());
    let violated = discoveries.iter().filter(|(name, _)| fails(name)).map(|(name, path)| {
        let steps: Vec<_> = path.clone().into_vec();
        let lines = steps.iter().map(|(state, action)| match action {
            Some(action) => format!("{action:?}\n"),
            None => format!("=> {state:?}\n"),
        });
        (*name, lines.collect::<String>())
    });
    Report {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: begun.elapsed(),
        properties: properties.len(),
        violated: violated.collect(),
        never_seen: properties
            .iter()
            .filter(|p| !p.expectation.discovery_is_failure() && !discoveries.contains_key(p.name))
            .map(|p| p.name)
            .collect(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, depth, took, properties, violated, .. } = self;
        write!(f, "{states} states, depth {depth}, {properties} properties, {:.1} s", took.as_secs_f64())?;
        match violated.first() {
            None => f.write_str(", no violation"),
            Some((name, _)) => write!(f, ", VIOLATED: {name}"),
        }
    }
}
