//! A deployment told by the machine itself: each event that it takes in becomes a history item, ten seconds after the
//! one before.

use jiff::{SignedDuration, Timestamp};
use lockstep::ports::Recorded;
use lockstep::timeline::Timeline;
use lockstep_state_machines::table::{Scenario, outcomes, policy};
use lockstep_state_machines::{Event, FaultReport, Machine, State, Step};

pub(crate) struct Story {
    scenario: Scenario,
    pub(crate) machine: Machine,
    pub(crate) items: Vec<Recorded>,
    pub(crate) now: Timestamp,
}

impl Story {
    pub(crate) fn begin(scenario: Scenario) -> Self {
        let now = "2026-11-23T09:30:00Z".parse().unwrap();
        let machine = scenario.begin(&policy(), now);
        let mut story = Self { scenario, machine, items: Vec::new(), now };
        story.record("requested", "lock-taken", "the lock is this deployment's");
        story
    }

    fn record(&mut self, from: &str, event: &str, detail: &str) {
        let to = self.machine.state();
        self.items.push(Recorded {
            id: self.machine.deployment().request.id,
            seq: self.items.len() as u64 + 1,
            at: self.now,
            worker: "host:1".to_owned(),
            write_id: String::new(),
            from: from.to_owned(),
            to: to.to_string(),
            event: event.to_owned(),
            detail: detail.to_owned(),
            wake: 0,
            claim: None,
            terminal: to.is_terminal(),
            snapshot: self.machine.snapshot().unwrap(),
        });
    }

    /// Ten seconds later this happens.
    pub(crate) fn then(mut self, event: &Event) -> Self {
        self.now += SignedDuration::from_secs(10);
        match self.machine.handle(event, self.now, &policy()).unwrap() {
            Step::Moved(moved) => self.record(&moved.from.to_string(), moved.event, &moved.detail),
            Step::Stay { .. } => {}
        }
        self
    }

    /// Ten seconds later somebody takes the claim.
    pub(crate) fn claimed(mut self) -> Self {
        self.now += SignedDuration::from_secs(10);
        let state = self.machine.state().to_string();
        self.record(&state, "claimed", "claimed to try again");
        self
    }

    /// Goes on in the way that leads on until this state.
    pub(crate) fn until(mut self, state: State) -> Self {
        while self.machine.state() != state {
            let effect = self.machine.effect().unwrap().expect("not past it");
            let event = outcomes(&effect, &self.scenario).swap_remove(0);
            // The source's first outcome may be a look at who asks, which stays.
            self = self.then(&event);
        }
        self
    }

    /// The first outcome of the present effect that this is true of.
    pub(crate) fn outcome(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        let effect = self.machine.effect().unwrap().unwrap();
        outcomes(&effect, &self.scenario).into_iter().find(wanted).expect("there is such an outcome")
    }

    pub(crate) fn timeline(&self) -> Timeline {
        Timeline::of(&self.items, &self.machine)
    }
}

/// A fault that is tried again a minute later.
pub(crate) fn fault() -> Event {
    Event::Fault(FaultReport {
        service: "ECS".to_owned(),
        message: "ECS is throttling".to_owned(),
        transient: true,
        wait: SignedDuration::from_mins(1),
        ambiguous: false,
    })
}
