//! Arbitrary input for the properties: environments (also impossible ones) and moves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::SignedDuration;
use lockstep_state_machines::table::{Scenario, digest, outcomes, policy};
use lockstep_state_machines::{Effect, Event, FaultReport, ImageOutcome, Kind, Machine, Plan};
use proptest::prelude::*;
use proptest::sample::Index;

/// Every event there is, by name: an outcome that a state did not ask for is taken from here.
static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    let mut events = BTreeMap::new();
    for scenario in Scenario::all() {
        for troubled in [false, true] {
            collect(&scenario, troubled, &mut events);
        }
    }
    assert_eq!(events.len(), 40, "the sample scenarios meet every outcome: {:?}", events.keys());
    events.into_values().collect()
});

/// Collects what can happen on the way to healthy, or on the way there and back.
fn collect(scenario: &Scenario, troubled: bool, events: &mut BTreeMap<&'static str, Event>) {
    let (policy, now) = (policy(), jiff::Timestamp::UNIX_EPOCH);
    let mut machine = scenario.begin(&policy, now);
    events.insert(Event::Settled.name(), Event::Settled);
    while let Some(effect) = machine.effect().unwrap() {
        let all = outcomes(&effect, scenario);
        events.extend(all.iter().map(|event| (event.name(), event.clone())));
        let next = if troubled && all[0].name() == "verified" { fault(false, false) } else { all[0].clone() };
        machine.handle(&next, now, &policy).unwrap();
    }
}

fn fault(transient: bool, ambiguous: bool) -> Event {
    Event::Fault(FaultReport {
        service: "ECS".to_owned(),
        message: "it failed".to_owned(),
        transient,
        wait: SignedDuration::from_secs(2),
        ambiguous,
    })
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    /// How long after the one before.
    pub(crate) after: SignedDuration,
    what: What,
    /// Which image a build turns out to have made.
    image: u8,
}

#[derive(Debug, Clone)]
enum What {
    /// The outcome that leads on.
    LeadOn,
    /// Any outcome of the effect.
    Outcome(Index),
    /// Any event, mostly one that is not expected.
    Any(Index),
    Fault {
        transient: bool,
        /// Of a change only: a read took no effect.
        ambiguous: bool,
    },
    Cancel,
    Unlock,
}

impl Move {
    /// The event that this move is for a machine in this state.
    pub(crate) fn event(&self, machine: &Machine, scenario: &Scenario) -> Event {
        let effect = machine.effect().unwrap();
        let acts = effect.as_ref().is_some_and(Effect::is_action);
        let own = effect.map(|effect| outcomes(&effect, scenario)).unwrap_or_default();
        let event = match &self.what {
            What::LeadOn => own.first().unwrap_or(&EVENTS[0]).clone(),
            What::Outcome(index) if !own.is_empty() => index.get(&own).clone(),
            What::Outcome(index) | What::Any(index) => index.get(&EVENTS).clone(),
            What::Fault { transient, ambiguous } => fault(*transient, *ambiguous && acts),
            What::Cancel => Event::Cancel { actor: "ben".to_owned(), sender: None, reason: None },
            What::Unlock => Event::Unlock { actor: "ben".to_owned(), reason: "it hangs".parse().unwrap() },
        };
        match event {
            Event::Image(ImageOutcome::Recorded { adopted, .. }) => {
                Event::Image(ImageOutcome::Recorded { digest: digest(self.image), adopted })
            }
            other => other,
        }
    }
}

/// Up to `most` moves; most of them lead on, so that the later states are met too.
pub(crate) fn moves(most: usize) -> impl Strategy<Value = Vec<Move>> {
    let what = prop_oneof![
        40 => Just(What::LeadOn),
        8 => any::<Index>().prop_map(What::Outcome),
        4 => any::<Index>().prop_map(What::Any),
        4 => (prop::bool::weighted(0.8), any::<bool>())
            .prop_map(|(transient, ambiguous)| What::Fault { transient, ambiguous }),
        1 => Just(What::Cancel),
        1 => Just(What::Unlock),
    ];
    let after = prop_oneof![9 => 0..30_i64, 1 => 30..4000_i64].prop_map(SignedDuration::from_secs);
    let one = (after, what, 0..4_u8).prop_map(|(after, what, image)| Move { after, what, image });
    prop::collection::vec(one, 0..most)
}

/// Any environment: also a production that is said to have a database of its own or a baseline, a staging
/// that is said to run the image already, and a database without a task definition.
pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let images = (prop::option::weighted(0.7, 0..4_u8), 0..4_u8, 0..4_u8);
    let wishes = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.9));
    let found = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), 0..4_u32);
    (wishes, found, images).prop_map(|(wishes, found, images)| {
        let (production, with_database, database_known) = wishes;
        let (baseline, previous, already, desired) = found;
        let (image, baseline_image, previous_image) = images;
        let mut scenario = Scenario::staging().with_database();
        let kind = if production { Kind::Production } else { Kind::Staging };
        scenario.plan = Plan { kind, with_database };
        if baseline {
            scenario = scenario.with_baseline();
        }
        if previous {
            scenario = scenario.with_previous();
        }
        if already {
            scenario = scenario.running_already();
        }
        if !database_known {
            scenario.inspection.database_base = None;
        }
        scenario.inspection.desired = desired;
        scenario.source.digest = image.map(digest);
        scenario.source.baseline.iter_mut().for_each(|b| b.digest = digest(baseline_image));
        scenario.inspection.previous.iter_mut().for_each(|p| p.digest = digest(previous_image));
        scenario
    })
}
