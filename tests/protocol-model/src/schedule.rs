//! What happens once faults have stopped: every worker goes on, every message arrives, every call is answered.
//! Must never choose a step that a fault would be needed for.

use invariants::everything_settled;
use stateright::Model;

use crate::Faults;
use crate::model::{Action, Protocol, Way};
use crate::state::State;

/// More steps than any run of the bounds takes to settle.
const STEPS: usize = 400;

/// Whether everything settles from here, when faults stop and everybody goes on in turn. The schedule is fair
/// and one of many. That each state is asked means that no order of steps before leads into a dead end or
/// into a circle that this schedule does not leave.
pub(crate) fn settles(model: &Protocol, state: &State) -> bool {
    let mut state = State { left: Faults::default(), ..state.clone() };
    let mut actions = Vec::new();
    for _ in 0..STEPS {
        if everything_settled(&state).is_ok() {
            return true;
        }
        actions.clear();
        model.offer(&state, &mut actions);
        actions.sort_by_key(rank);
        let next = actions.iter().find_map(|action| model.next_state(&state, *action));
        let Some(next) = next else { return false };
        state = next;
    }
    false
}

/// Those who are at work first, as well as they can; then messages; then reconcilers.
fn rank(action: &Action) -> u8 {
    match action {
        Action::Step { way: Way::Well, .. } => 0,
        Action::Step { .. } => 1,
        Action::Deliver { way: Way::Well, .. } => 2,
        Action::Reconcile { .. } => 3,
        Action::Deliver { .. } => 4,
        Action::Land { .. } => 5,
        Action::Cancel { .. }
        | Action::Crash { .. }
        | Action::Pause { .. }
        | Action::Duplicate { .. }
        | Action::Lose { .. } => 6,
    }
}
