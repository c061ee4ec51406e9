//! The places where flows begin, each made by doing what led there, undisturbed, and kept as a copy. Must never
//! write a record by hand: a base is what the product itself leaves behind.

use std::collections::BTreeMap;

use crate::flow::{Ask, Base, Flow};
use crate::outcome::Outcomes;
use crate::recorder::Door;
use crate::run::Run;
use crate::town::{Conducts, Pace, Snapshot};

/// The bases made so far.
pub(crate) struct Bases<'a> {
    door: &'a Door,
    made: BTreeMap<&'static str, Snapshot>,
}

impl<'a> Bases<'a> {
    /// None yet; workers reach their town through this door.
    pub(crate) fn new(door: &'a Door) -> Self {
        Self { door, made: BTreeMap::new() }
    }

    /// A base, made if it is needed for the first time.
    pub(crate) async fn get(&mut self, base: Base) -> Snapshot {
        let mut missing = vec![base];
        while let Some((before, _)) = missing.last().and_then(|base| base.made_of()) {
            missing.push(before);
        }
        let mut snapshot = None;
        for base in missing.into_iter().rev() {
            let made = match (self.made.get(base.name()), base.made_of()) {
                (Some(made), _) => made.clone(),
                (None, None) => Snapshot::beginning(self.door.port()),
                (None, Some((_, asks))) => {
                    let mut present = snapshot.take().expect("what it is made of was made before it");
                    for ask in asks {
                        present = self.after(&present, *ask).await;
                    }
                    present
                }
            };
            self.made.insert(base.name(), made.clone());
            snapshot = Some(made);
        }
        snapshot.expect("at least the base itself was made")
    }

    async fn after(&self, from: &Snapshot, ask: Ask) -> Snapshot {
        let flow = Flow {
            name: "base",
            base: Base::Empty,
            ask,
            conducts: Conducts::good(),
            cancelled_at: None,
            ends: "healthy",
            pace: Pace::Quick,
        };
        let finished = Run::of(flow, from, self.door, None).await;
        let outcomes = Outcomes::of(&finished).await;
        let outcomes =
            outcomes.unwrap_or_else(|problem| panic!("a base cannot be made by {ask:?}: {problem}"));
        assert_eq!(outcomes.state, "healthy", "a base is made of what went well: {ask:?}");
        finished.town.snapshot()
    }
}
