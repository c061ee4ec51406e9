//! States are made one between which nobody can tell the difference: what the table and the services can come
//! to must be the same with and without that. Must never compare what only the model can see.

use std::collections::{BTreeSet, HashSet};

use invariants::Observed;
use protocol_model::{Bounds, Faults, Protocol, State};
use stateright::Model;

/// What an observer sees of a state, environment by environment: the lock's token, and of each deployment its
/// token, whether it holds the lock, wrote the record, has ended, and what was done, too often or too late.
/// (How many items a history has is one of the things that are merged, and which of two like requests is
/// which.)
type Seen = Vec<(u64, Vec<String>)>;

fn seen(state: &State) -> Seen {
    let environment = |environment| {
        let lock = state.lock(&environment);
        let writers: Vec<_> = state.record_writers(&environment).collect();
        let deployment = |deployment: u8| {
            let ended = state.is_terminal(&deployment);
            let traces = state.traces().filter(|trace| trace.deployment == deployment);
            let done: Vec<_> = traces
                .map(|trace| (trace.changes > u32::from(ended), trace.changes > 1, trace.late))
                .collect();
            let (holds, wrote) = (lock.holder == Some(deployment), writers.contains(&deployment));
            format!("{:?} holds {holds} wrote {wrote} ended {ended} {done:?}", state.token_of(&deployment))
        };
        let here = state.deployments().filter(|name| state.environment_of(name) == environment);
        let mut deployments: Vec<_> = here.map(deployment).collect();
        deployments.sort_unstable();
        (lock.token, deployments)
    };
    state.environments().map(environment).collect()
}

/// Everything that can be seen, in how many states.
fn reached(model: &Protocol) -> (BTreeSet<Seen>, usize) {
    let mut known: HashSet<State> = model.init_states().into_iter().collect();
    let mut pending: Vec<State> = known.iter().cloned().collect();
    let mut actions = Vec::new();
    while let Some(state) = pending.pop() {
        actions.clear();
        model.actions(&state, &mut actions);
        for next in actions.iter().filter_map(|action| model.next_state(&state, *action)) {
            if known.insert(next.clone()) {
                pending.push(next);
            }
        }
    }
    (known.iter().map(seen).collect(), known.len())
}

fn loses_nothing(requests: &[u8], faults: Faults) {
    let bounds = Bounds { requests: requests.to_vec(), ..Bounds::two_three_three(faults) };
    let merged = Protocol::new(bounds);
    let apart = Protocol { merged: false, ..merged.clone() };
    let ((merged, fewer), (apart, more)) = (reached(&merged), reached(&apart));
    assert!(fewer < more, "nothing was merged: {fewer} of {more}");
    let missing: Vec<_> = apart.difference(&merged).take(3).collect();
    assert_eq!(merged.len(), apart.len(), "{fewer} of {more} states; never seen: {missing:?}");
    assert_eq!(merged, apart);
}

#[test]
fn nothing_is_lost_with_two_requests() {
    loses_nothing(&[0, 0], Faults { crashes: 1, pauses: 1, ..Faults::default() });
}

#[test]
fn nothing_is_lost_with_two_environments() {
    loses_nothing(&[0, 1], Faults { duplicates: 1, timeouts: 1, ..Faults::default() });
}

#[test]
fn nothing_is_lost_with_many_faults() {
    let faults =
        Faults { crashes: 1, pauses: 1, duplicates: 1, timeouts: 1, failures: 1, ..Faults::default() };
    loses_nothing(&[0], faults);
}

#[test]
fn nothing_is_lost_with_a_wish_to_cancel() {
    loses_nothing(&[0], Faults { cancels: 1, crashes: 1, scans: 1, ..Faults::default() });
}
