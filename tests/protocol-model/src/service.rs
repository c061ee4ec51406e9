//! The service outside, which cannot check a token, and time: calls that are under way, may take effect late,
//! and are listed with a lag; and a lease that passes. Must let a call do everything that a call may do until a
//! lease has passed over it, and nothing after that: the bound that the permit and the call time-out give.

use crate::model::Protocol;
use crate::state::{Effect, State, Step};

impl Protocol {
    /// A call goes out under this claim; false when there is no room for one more in the model.
    pub(crate) fn call(effect: &mut Effect, claim: u8) -> bool {
        let Some(free) = effect.flying.iter_mut().find(|call| **call == 0) else { return false };
        *free = claim;
        effect.flying.sort_unstable();
        true
    }

    /// The call that was sent under this claim takes effect.
    pub(crate) fn land(state: &mut State, name: u8, which: usize, claim: u8) -> bool {
        let holds = state.lock_of(name).holder == name;
        let effect = &mut state.deployment_mut(name).effects[which];
        let Some(call) = effect.flying.iter_mut().find(|call| **call == claim) else { return false };
        *call = 0;
        effect.flying.sort_unstable();
        effect.applied = (effect.applied + 1).min(2);
        effect.unlisted = effect.unlisted.max(claim);
        if !holds {
            effect.late = 1;
        }
        true
    }

    /// What a lease is long enough for: every claim that was made in item `until` or before it has run out on
    /// its holder's clock, every call under such a claim has taken effect or never will, and its result is
    /// listed. Each bit of `landed` says of one such call that it took effect.
    pub(crate) fn lease_passes(state: &mut State, name: u8, until: u8, landed: u8) {
        let mut calls = 0;
        for which in 0..2 {
            for claim in state.deployment(name).effects[which].flying {
                if claim == 0 || claim > until {
                    continue;
                }
                let lands = landed & (1 << calls) != 0;
                calls += 1;
                let caller = state.workers.iter_mut().find(|worker| {
                    worker.deployment == name && worker.mine == claim && worker.at == Step::Calling
                });
                if let Some(caller) = caller {
                    caller.at = if lands { Step::Landed } else { Step::Silent };
                }
                if lands {
                    Self::land(state, name, which, claim);
                } else {
                    let flying = &mut state.deployment_mut(name).effects[which].flying;
                    if let Some(call) = flying.iter_mut().find(|call| **call == claim) {
                        *call = 0;
                    }
                    flying.sort_unstable();
                }
            }
            let effect = &mut state.deployment_mut(name).effects[which];
            if effect.unlisted <= until {
                effect.unlisted = 0;
            }
        }
        for worker in state.workers.iter_mut().filter(|worker| worker.deployment == name) {
            if worker.mine <= until {
                worker.permit = false;
            }
        }
    }

    /// How many calls [`lease_passes`](Self::lease_passes) would decide about.
    pub(crate) fn undecided(state: &State, name: u8, until: u8) -> u8 {
        let effects = state.deployment(name).effects;
        let calls =
            effects.iter().flat_map(|effect| effect.flying).filter(|call| *call != 0 && *call <= until);
        u8::try_from(calls.count()).unwrap_or(u8::MAX)
    }

    /// Whether a worker that is still at work holds the claim, so that a lease passes over it only if it is
    /// paused.
    pub(crate) fn holder_is_alive(state: &State, name: u8) -> bool {
        let claim = state.deployment(name).item.claim;
        state.workers.iter().any(|worker| worker.deployment == name && claim != 0 && worker.mine == claim)
    }
}
