//! Drives a machine through a scenario and writes down the states that it passes.

use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::{Scenario, outcomes, policy};
use lockstep_state_machines::{
    Ending, Event, Evidence, FaultReport, Machine, Policy, RolloutOutcome, State, Step, Transition,
    VerificationOutcome,
};

/// One deployment under way.
pub(crate) struct Run {
    scenario: Scenario,
    pub(crate) policy: Policy,
    pub(crate) machine: Machine,
    pub(crate) now: Timestamp,
    path: Vec<String>,
    /// How many events it has taken.
    taken: u32,
}

/// More events than any flow takes: a machine that goes round in circles is to fail and not to hang.
const MOST_EVENTS: u32 = 500;

impl Run {
    /// A deployment that has just taken the lock.
    pub(crate) fn of(scenario: Scenario) -> Self {
        let (policy, now) = (policy(), Timestamp::UNIX_EPOCH);
        let machine = scenario.begin(&policy, now);
        let path = vec![machine.state().to_string()];
        Self { scenario, policy, machine, now, path, taken: 0 }
    }

    /// Ten seconds later, this happens.
    pub(crate) fn take(&mut self, event: Event) -> Option<Transition> {
        self.now += SignedDuration::from_secs(10);
        self.take_now(&event)
    }

    /// This happens as soon as the state's deadline has passed.
    pub(crate) fn take_after_the_deadline(&mut self, event: Event) -> Option<Transition> {
        self.now = self.machine.deadline().unwrap();
        self.take_now(&event)
    }

    fn take_now(&mut self, event: &Event) -> Option<Transition> {
        self.taken += 1;
        assert!(self.taken < MOST_EVENTS, "it goes round in circles through {}", self.machine.state());
        match self.machine.handle(event, self.now, &self.policy).unwrap() {
            Step::Stay { .. } => None,
            Step::Moved(moved) => {
                if moved.from != moved.to {
                    self.path.push(moved.to.to_string());
                }
                Some(moved)
            }
        }
    }

    /// What the present state asked for goes well.
    pub(crate) fn goes_well(&mut self) {
        let effect = self.machine.effect().unwrap().unwrap();
        self.take(outcomes(&effect, &self.scenario).swap_remove(0));
    }

    /// Everything goes well until this state is entered; only what comes after it is on the path.
    pub(crate) fn up_to(mut self, state: State) -> Self {
        while self.machine.state() != state {
            self.goes_well();
        }
        self.path.clear();
        self
    }

    /// Everything goes well from here to the end.
    pub(crate) fn finished(mut self) -> Self {
        while !self.machine.state().is_terminal() {
            self.goes_well();
        }
        self
    }

    /// The states passed, as stored and shown.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(crate) fn ending(&self) -> Ending {
        self.machine.ending().unwrap()
    }
}

/// ECS gave the rollout up.
pub(crate) fn breaker() -> Event {
    Event::Rollout(RolloutOutcome::Failed {
        message: "the circuit breaker tripped".to_owned(),
        evidence: Evidence {
            stopped_tasks: vec!["task-7: essential container exited, exit code 101".to_owned()],
            ..Evidence::default()
        },
    })
}

pub(crate) fn superseded() -> Event {
    Event::Rollout(RolloutOutcome::Superseded { message: "app:77 is being rolled out".to_owned() })
}

pub(crate) fn not_ready() -> Event {
    Event::Verification(VerificationOutcome::NotReady { evidence: Evidence::default() })
}

pub(crate) fn cancel() -> Event {
    Event::Cancel { actor: "ben".to_owned(), sender: None, reason: Some("wrong commit".parse().unwrap()) }
}

pub(crate) fn unlock() -> Event {
    Event::Unlock { actor: "eve".to_owned(), reason: "ECS is down".parse().unwrap() }
}

pub(crate) fn fault(transient: bool) -> Event {
    Event::Fault(FaultReport {
        service: "Amazon ECS".to_owned(),
        message: if transient { "throttled" } else { "access denied" }.to_owned(),
        transient,
        wait: SignedDuration::from_secs(2),
        ambiguous: false,
    })
}
