//! What the suite can be told. Must never change what a point means, only which of them are run.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

use crate::point::Side;

/// Kills a worker at every external call of every flow.
#[derive(Debug, Parser)]
#[command(name = "crashes")]
pub(crate) struct Arguments {
    /// List the flows and do nothing else.
    #[arg(long)]
    pub(crate) list: bool,
    /// Only this flow.
    #[arg(long)]
    pub(crate) flow: Option<String>,
    /// Only every n-th point from the i-th on, written i/n, i from 1.
    #[arg(long, default_value = "1/1")]
    pub(crate) shard: Shard,
    /// Only this call, by its number in the undisturbed run.
    #[arg(long)]
    pub(crate) call: Option<usize>,
    /// Only this side of each call.
    #[arg(long)]
    pub(crate) side: Option<Side>,
    /// Only the calls that would do something twice if no trace of the first were looked for.
    #[arg(long)]
    pub(crate) recognised: bool,
    /// Keep what was said to and by GitHub and ECS in this file, one exchange a line; an older one is replaced.
    #[arg(long)]
    pub(crate) record: Option<PathBuf>,
    /// Show every call of the undisturbed runs.
    #[arg(long)]
    pub(crate) calls: bool,
    /// Where to leave the numbers; a folder.
    #[arg(long)]
    pub(crate) proof: Option<PathBuf>,
}

/// A part of the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Whether the point at this position, from 0, belongs to it.
    pub(crate) fn has(self, position: usize) -> bool {
        position % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(format!("{text:?} is no shard: expected i/n with i from 1 to n, such as 1/4")),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-of-{}", self.number, self.of)
    }
}
