//! How much happens in a run of the model, and how much goes wrong. Everything within the bounds is explored.

use clap::Args;

/// How many workers, which requests, and what may go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Messages that can be under way at once: one a worker.
    pub workers: usize,
    /// The environment of each request. Number 0 is staging, the others are production and promote what was
    /// healthy in staging.
    pub requests: Vec<u8>,
    /// What may go wrong.
    pub faults: Faults,
    /// Whether reconcilers look after deployments that nobody wakes.
    pub reconciler: bool,
}

impl Bounds {
    /// Two environments, three workers, three requests, two of them for the same environment; and reconcilers.
    #[must_use]
    pub fn two_three_three(faults: Faults) -> Self {
        Self { workers: 3, requests: vec![0, 0, 1], faults, reconciler: true }
    }
}

/// How often each thing may go wrong in one run, at any moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Args)]
pub struct Faults {
    /// A worker dies, or gives a message up with an error: it comes back.
    #[arg(long, default_value_t = 0)]
    pub crashes: u8,
    /// A worker stands still for longer than its claim, and then goes on.
    #[arg(long, default_value_t = 0)]
    pub pauses: u8,
    /// A message is delivered once more.
    #[arg(long, default_value_t = 0)]
    pub duplicates: u8,
    /// A wake-up is lost.
    #[arg(long, default_value_t = 0)]
    pub losses: u8,
    /// A call to a service has no answer: it may take effect until the lease is over, or never.
    #[arg(long, default_value_t = 0)]
    pub timeouts: u8,
    /// A service refuses a call for now: it has certainly not taken effect.
    #[arg(long, default_value_t = 0)]
    pub throttles: u8,
    /// Somebody wants a deployment to be cancelled.
    #[arg(long, default_value_t = 0)]
    pub cancels: u8,
    /// A rollout fails, so that there is a way back.
    #[arg(long, default_value_t = 0)]
    pub failures: u8,
    /// A reconciler, or a hint, looks at a deployment that somebody else is looking after.
    #[arg(long, default_value_t = 0)]
    pub scans: u8,
}
