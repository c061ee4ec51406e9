//! Which items of a history are worth telling. Pure; must never take two items for the same occasion of a deployment.

use crate::config::Occasion;
use crate::ports::Entry;

/// The steps of the phase `rolling-back` that put nothing back: they also come before an end at which nothing had been
/// deployed.
const PUTS_NOTHING_BACK: [&str; 3] = [
    "rolling-back/restoring-references",
    "rolling-back/retiring-revisions",
    "rolling-back/settling-last-call",
];

/// What there is to tell of this item, if anything.
pub(super) fn of(item: &Entry) -> Option<Occasion> {
    match item.to.as_str() {
        "healthy" => Some(Occasion::Healthy),
        "rejected" => Some(Occasion::Rejected),
        "failed" => Some(Occasion::Failed),
        "rolled-back" => Some(Occasion::RolledBack),
        "cancelled" => Some(Occasion::Cancelled),
        _ if item.seq == 1 => Some(Occasion::Started),
        to if puts_back(to) && !puts_back(&item.from) => Some(Occasion::RollingBack),
        _ => None,
    }
}

fn puts_back(state: &str) -> bool {
    state.starts_with("rolling-back/") && !PUTS_NOTHING_BACK.contains(&state)
}

#[cfg(test)]
mod tests {
    use lockstep_state_machines::{Leg, State};

    use super::*;

    fn item(seq: u64, from: &str, to: &str) -> Entry {
        Entry {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            seq,
            at: "2026-11-23T09:30:00Z".parse().unwrap(),
            worker: String::new(),
            write_id: String::new(),
            from: from.to_owned(),
            to: to.to_owned(),
            event: String::new(),
            detail: String::new(),
            wake: 0,
            claim: None,
            terminal: false,
            snapshot: String::new(),
        }
    }

    #[test]
    fn the_states_are_named_as_the_machine_names_them() {
        let quiet =
            [State::RestoringReferences, State::Retiring, State::Settling].map(|state| state.to_string());
        assert_eq!(quiet, PUTS_NOTHING_BACK);
        let ends = [
            (State::Healthy, Occasion::Healthy),
            (State::Rejected, Occasion::Rejected),
            (State::Failed, Occasion::Failed),
            (State::RolledBack, Occasion::RolledBack),
            (State::Cancelled, Occasion::Cancelled),
        ];
        for (state, occasion) in ends {
            assert_eq!(of(&item(9, "x", &state.to_string())), Some(occasion));
        }
    }

    #[test]
    fn a_way_back_is_told_once_and_only_when_something_is_put_back() {
        let restored = |state: State| state.to_string();
        let (starting, rolling) = (
            restored(State::Starting { leg: Leg::Restored }),
            restored(State::RollingOut { leg: Leg::Restored }),
        );
        assert_eq!(of(&item(9, "deploying/rolling-out-candidate", &starting)), Some(Occasion::RollingBack));
        assert_eq!(of(&item(10, &starting, &starting)), None, "claimed again");
        assert_eq!(of(&item(11, &starting, &rolling)), None);
        assert_eq!(of(&item(12, &rolling, "rolling-back/restoring-references")), None);
        assert_eq!(of(&item(9, "locked/dispatching-build", "rolling-back/settling-last-call")), None);
    }

    #[test]
    fn the_first_item_is_the_start_unless_it_is_the_end() {
        assert_eq!(of(&item(1, "requested", "locked/checking-source")), Some(Occasion::Started));
        assert_eq!(of(&item(1, "requested", "rejected")), Some(Occasion::Rejected));
        assert_eq!(of(&item(2, "locked/checking-source", "locked/inspecting-environment")), None);
    }
}
