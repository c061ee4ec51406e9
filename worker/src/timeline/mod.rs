//! A deployment as people see it: its steps with their durations, what it waits for now, and how it ended. Pure: from
//! the record (and, where somebody has looked, what ECS says) and the time to a model, and from the model to lines. The
//! terminal and the page show the same one. Must never do I/O, read a clock, or say what the record does not.

mod draw;
mod gather;
mod line;
mod model;
mod rollout;
mod span;
mod words;

pub use draw::{finished, heading, live};
pub use line::{Line, Tone};
pub use model::{Current, End, Follows, Note, Retrying, Step, StepResult, Timeline};
pub use rollout::{Counts, Event, Rollout, Sight};
pub use span::{ago, span};
pub use words::{state_named, target, title};
