//! The transition table, found by running the machine and not written by hand: every situation that the
//! sample scenarios can reach, with everything that can happen in it. `docs/state-machine.md` is made of
//! it. Must never describe a transition that the machine does not make.

mod explore;
mod markdown;
mod mermaid;
mod outcomes;
mod samples;

pub use explore::{Row, When, rows};
pub use markdown::markdown;
pub use mermaid::mermaid;
pub use outcomes::outcomes;
pub use samples::{Scenario, commit, digest, policy, refusal};
