//! A point of a flow: one of its calls, and on which side of it something goes wrong.

use std::fmt;

use clap::ValueEnum;

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Side {
    /// The worker is killed just before: the request never reaches its service.
    Before,
    /// The worker is killed just after: the request took effect, and its answer reaches nobody.
    After,
    /// The request took effect, the connection breaks, the worker lives.
    AnswerLost,
}

impl Side {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::After, Self::AnswerLost];
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
            Self::AnswerLost => "answer-lost",
        })
    }
}

/// Where something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// The number of the call, from 1.
    pub(crate) call: usize,
    pub(crate) side: Side,
}
