//! A state of the model: the table, the queue, the workers, the services, and what may still go wrong. Must
//! stay small and plain: millions of them are held. States that differ only in which worker or which of two
//! like requests is which are one state ([`State::canonical`]).

use crate::Faults;

/// The most requests that a state has room for.
pub(crate) const REQUESTS: usize = 4;
/// The most environments.
pub(crate) const ENVIRONMENTS: usize = 2;
/// The most calls of one effect under way at once.
pub(crate) const CALLS: usize = 3;
/// No deployment, no number.
pub(crate) const NONE: u8 = u8::MAX;

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    pub(crate) locks: [Lock; ENVIRONMENTS],
    pub(crate) deployments: [Deployment; REQUESTS],
    pub(crate) messages: Vec<Message>,
    /// The workers that are at something; the others are alike.
    pub(crate) workers: Vec<Handle>,
    pub(crate) left: Faults,
}

/// An environment's lock item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lock {
    pub(crate) holder: u8,
    pub(crate) token: u8,
    /// How many have taken it, and how many have written the environment's record.
    pub(crate) openings: u8,
    pub(crate) records: u8,
}

/// Where a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// There is no record.
    Unknown,
    /// An unclaimed step that reads: the source is checked.
    Checking,
    /// A claimed action.
    Acting,
    /// Unclaimed, woken now and then.
    Waiting,
    /// A claimed action of the way back.
    Undoing,
    Healthy,
    Failed,
    Rejected,
}

impl Phase {
    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Self::Healthy | Self::Failed | Self::Rejected)
    }

    /// Which of the deployment's effects belongs to it.
    pub(crate) fn effect(self) -> Option<usize> {
        match self {
            Self::Acting => Some(0),
            Self::Undoing => Some(1),
            Self::Unknown
            | Self::Checking
            | Self::Waiting
            | Self::Healthy
            | Self::Failed
            | Self::Rejected => None,
        }
    }
}

/// A deployment: its newest history item, and what the services know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Deployment {
    pub(crate) environment: u8,
    pub(crate) item: Item,
    pub(crate) token: u8,
    /// The place in the order in which the lock was taken and the record written; 0 for never.
    pub(crate) opened: u8,
    pub(crate) recorded: u8,
    /// A number that was written twice; 0 for none.
    pub(crate) rewritten: u8,
    /// Whether it was rejected because of a lock that was not held.
    pub(crate) misled: bool,
    pub(crate) effects: [Effect; 2],
}

/// A history item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Item {
    pub(crate) seq: u8,
    pub(crate) phase: Phase,
    /// The number of the item in which the claim was made; 0 for unclaimed. It stands for the nonce: no two
    /// drives make a claim in the same item.
    pub(crate) claim: u8,
    pub(crate) wake: u8,
    pub(crate) cancelled: bool,
}

/// What a service knows about one effect of a deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Effect {
    /// Calls under way, by the claim under which they were sent; 0 for none. In order.
    pub(crate) flying: [u8; CALLS],
    /// How often it was done, and how often of that too late.
    pub(crate) applied: u8,
    pub(crate) late: u8,
    /// The claim of a call whose result the service does not list yet; 0 for none.
    pub(crate) unlisted: u8,
}

/// A message in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Message {
    pub(crate) deployment: u8,
    pub(crate) wake: Option<Wake>,
}

/// A wake-up. A message without one is the request itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Wake {
    pub(crate) number: u8,
    /// The item whose claim may be taken over, a lease after this was sent; 0 for none.
    pub(crate) names: u8,
    /// Sent before the item that it names was there, for a commit that its sender has not made (yet).
    pub(crate) early: bool,
}

/// A worker at work: what it remembers between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handle {
    pub(crate) deployment: u8,
    /// What comes back if the worker dies.
    pub(crate) message: Option<Message>,
    /// The wake-up's number; `NONE` for a reconciler, which is never stale.
    pub(crate) number: u8,
    /// The item of which it may take the claim; 0 for none.
    pub(crate) takeover: u8,
    pub(crate) keeps_chain: bool,
    /// The newest item when it was read.
    pub(crate) view: Item,
    /// The item in which this drive made its newest claim; 0 for never.
    pub(crate) mine: u8,
    pub(crate) fresh: bool,
    /// Whether the claim has time left for a call.
    pub(crate) permit: bool,
    pub(crate) at: Step,
}

/// What a worker does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// Taking the lock, whose token it has read.
    Opening { token: u8 },
    /// Recording the request as rejected because of this holder.
    Rejecting { holder: u8 },
    /// Recording the wish to cancel.
    Cancelling,
    /// Doing what the item that it has read asks for.
    Deciding,
    /// Looking for the action of the claim that it has just made.
    Resuming,
    /// Waiting for the answer of a call that is under way.
    Calling,
    /// The same, after the call has taken effect.
    Landed,
    /// The same, after the call has died.
    Silent,
    /// Sending the next wake-up, if the outcome needs one.
    Settling(Outcome),
    /// Committing what follows from the outcome.
    Committing(Outcome),
    /// Sending the wake-up after the commit (only without [`crate::Condition::WakeBeforeCommit`]).
    WakingLate(Wake),
}

/// What an action came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    Done,
    /// No answer; to be tried again.
    Ambiguous,
    /// No answer, and the retry budget is spent.
    GivenUp,
    /// It has certainly not happened.
    Refused,
}

impl State {
    /// The same state with workers and like requests in a fixed order.
    pub(crate) fn canonical(mut self, requests: usize) -> Self {
        for first in 0..requests {
            for second in first + 1..requests {
                if self.deployments[second] < self.deployments[first]
                    && self.deployments[second].environment == self.deployments[first].environment
                {
                    self.swap(first, second);
                }
            }
        }
        self.messages.sort_unstable();
        self.workers.sort_unstable();
        self
    }

    fn swap(&mut self, first: usize, second: usize) {
        self.deployments.swap(first, second);
        let renamed = |name: u8| match usize::from(name) {
            n if n == first => second,
            n if n == second => first,
            n => n,
        };
        let rename = |name: &mut u8| {
            *name = u8::try_from(renamed(*name)).unwrap_or(NONE);
        };
        self.locks.iter_mut().for_each(|lock| rename(&mut lock.holder));
        self.messages.iter_mut().for_each(|message| rename(&mut message.deployment));
        for worker in &mut self.workers {
            rename(&mut worker.deployment);
            if let Some(message) = &mut worker.message {
                rename(&mut message.deployment);
            }
            if let Step::Rejecting { holder } = &mut worker.at {
                rename(holder);
            }
        }
    }

    pub(crate) fn deployment(&self, name: u8) -> &Deployment {
        &self.deployments[usize::from(name)]
    }

    pub(crate) fn deployment_mut(&mut self, name: u8) -> &mut Deployment {
        &mut self.deployments[usize::from(name)]
    }

    pub(crate) fn lock_of(&mut self, name: u8) -> &mut Lock {
        let environment = self.deployment(name).environment;
        &mut self.locks[usize::from(environment)]
    }
}
