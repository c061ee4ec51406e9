//! What there is to show, as plain data. Texts in it may come from elsewhere: rendering must keep them text.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lockstep_events::DeploymentId;
use lockstep_state_machines::{Machine, Phase, State};

use super::chain::Chain;
use super::filter::Filter;
use super::place::Place;
use crate::ports::{EnvironmentRecord, Hold, Recorded, Summary};
use crate::timeline::{Timeline, state_named};

/// The first page.
pub(super) struct Overview {
    /// Every environment, whatever the filter.
    pub(super) environments: Vec<Environment>,
    /// The deployments that the filter lets through, newest first.
    pub(super) deployments: Vec<Listed>,
    /// How far back the list looks in each environment.
    pub(super) depth: u32,
    /// What was asked for.
    pub(super) filter: Filter,
    /// Its mark.
    pub(super) mark: String,
    /// When it was read.
    pub(super) now: Timestamp,
}

/// An environment.
pub(super) struct Environment {
    /// Where.
    pub(super) place: Place,
    /// What Lockstep has verified of it.
    pub(super) record: EnvironmentRecord,
    /// The hold that stands.
    pub(super) hold: Option<Hold>,
    /// The deployment that holds the lock.
    pub(super) under_way: Option<UnderWay>,
}

/// The deployment that holds an environment's lock.
pub(super) struct UnderWay {
    /// Which.
    pub(super) id: DeploymentId,
    /// Who asked.
    pub(super) actor: Option<String>,
    /// Since when it holds the lock.
    pub(super) since: Option<Timestamp>,
    /// Its state as recorded; `None` when the holder has no record.
    pub(super) state: Option<String>,
    /// Its course; `None` when this version cannot read it.
    pub(super) timeline: Option<Timeline>,
}

/// A line of the list.
pub(super) struct Listed {
    /// Where.
    pub(super) place: Place,
    /// What and who and how it ended.
    pub(super) summary: Summary,
}

/// A deployment's page.
pub(super) struct Deployment {
    /// Where; `None` when the environment is not configured here any more.
    pub(super) place: Option<Place>,
    /// The facts.
    pub(super) machine: Machine,
    /// Its course.
    pub(super) timeline: Timeline,
    /// Every item.
    pub(super) items: Vec<Recorded>,
    /// Commit, beta, release, what runs.
    pub(super) chain: Chain,
    /// Its mark.
    pub(super) mark: String,
    /// When it was read.
    pub(super) now: Timestamp,
}

/// A deployment's page, or what can be told without understanding its record.
pub(super) enum Found {
    /// All of it.
    Readable(Box<Deployment>),
    /// Its snapshot is of another version.
    Unreadable {
        /// Which.
        id: DeploymentId,
        /// Its items.
        items: Vec<Recorded>,
        /// Why.
        why: String,
    },
}

/// Where a deployment has been among the phases.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The phases, its present one included.
    pub(super) phases: BTreeSet<Phase>,
    /// From which to which it went.
    pub(super) taken: BTreeSet<(Phase, Phase)>,
}

/// The way that a deployment has come.
pub(super) fn way(timeline: &Timeline) -> Way {
    let end = timeline.end.as_ref().map(|end| end.state.phase());
    let steps = timeline.steps.iter().filter_map(|step| state_named(&step.name)).map(State::phase);
    let phases: Vec<Phase> = steps.chain(end).collect();
    let pairs = phases.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    Way { taken: pairs.filter(|(from, to)| from != to).collect(), phases: phases.into_iter().collect() }
}
