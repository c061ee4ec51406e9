//! What must hold in every state of Lockstep, as code that is written once: the model checker asks it of every
//! state of the protocol's model, the deterministic simulation after every step of the real loop. Must never
//! depend on anything, not even on Lockstep's own types: what is judged is what an observer sees, through
//! [`Observed`], with identifiers of whatever type the observer has.

mod effects;
mod history;
mod lock;
mod observed;
mod release;
mod settled;
mod violation;

pub use effects::{no_effect_after_the_end, no_effect_twice};
pub use history::{gapless_history, record_written_only_at_the_end};
pub use lock::{one_holder, rising_tokens, turned_away_by_a_holder};
pub use observed::{Item, Lock, Observed, Opening, Trace};
pub use release::staging_before_production;
pub use settled::everything_settled;
pub use violation::Violation;

/// An invariant: its name, and the question.
pub struct Invariant<O> {
    /// What a violation of it is called.
    pub name: &'static str,
    /// Whether it holds.
    pub check: fn(&O) -> Result<(), Violation>,
}

/// Everything that must hold in every state. [`everything_settled`] is not among it: that must hold only once
/// faults have stopped and nothing moves any more.
#[must_use]
pub fn safety<O: Observed>() -> [Invariant<O>; 8] {
    [
        Invariant { name: lock::ONE_HOLDER, check: one_holder },
        Invariant { name: lock::RISING_TOKENS, check: rising_tokens },
        Invariant { name: lock::ONLY_A_HOLDER, check: turned_away_by_a_holder },
        Invariant { name: history::GAPLESS_HISTORY, check: gapless_history },
        Invariant { name: history::RECORD_AT_THE_END, check: record_written_only_at_the_end },
        Invariant { name: effects::NO_EFFECT_TWICE, check: no_effect_twice },
        Invariant { name: effects::NO_EFFECT_AFTER_THE_END, check: no_effect_after_the_end },
        Invariant { name: release::STAGING_BEFORE_PRODUCTION, check: staging_before_production },
    ]
}

/// Checks everything that must hold in every state.
///
/// # Errors
/// The first [`Violation`], in the order of [`safety`].
pub fn check_all<O: Observed>(observed: &O) -> Result<(), Violation> {
    safety().iter().try_for_each(|invariant| (invariant.check)(observed))
}
