//! The counts: what this process has recorded and received since it began. Labels are names of the configuration, states, outcomes
//! and kinds of fault, of which there are few. Must never count what was not written, nor hold an id or a reason.

use lockstep_state_machines::Machine;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::faults::Fault;
use crate::ports::Entry;

/// Every metric: its name as it is exported, and what it counts. `docs/metrics.md` has them all.
pub const METRICS: [(&str, &str); 8] = [
    ("lockstep_transitions_total", "history items that this worker wrote, by the state that they lead to"),
    ("lockstep_deployments_ended_total", "deployments that this worker ended, by outcome"),
    ("lockstep_deployment_seconds", "how long those took, from the request by its sender's clock"),
    ("lockstep_retries_total", "transient faults that were recorded, each of which is tried again"),
    ("lockstep_takeovers_total", "deployments that were taken over from a worker that had gone"),
    ("lockstep_messages_total", "messages, by what was done with them"),
    ("lockstep_faults_total", "calls to the table and the queue that failed, by kind"),
    ("lockstep_worker_info", "the worker's version"),
];

/// From a refused promotion's seconds to a staging deployment's hours, in seconds.
const BOUNDS: [f64; 11] = [1.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0, 4800.0, 9600.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reached {
    application: String,
    environment: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    application: String,
    environment: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Where {
    application: String,
    environment: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Done {
    done: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    service: String,
    operation: &'static str,
    kind: String,
}

/// What was counted.
pub(super) struct Counts {
    registry: Registry,
    transitions: Family<Reached, Counter>,
    ended: Family<Ended, Counter>,
    seconds: Family<Ended, Histogram, fn() -> Histogram>,
    retries: Family<Where, Counter>,
    takeovers: Family<Where, Counter>,
    messages: Family<Done, Counter>,
    faults: Family<Failed, Counter>,
}

impl Counts {
    pub(super) fn new() -> Self {
        let seconds: Family<Ended, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BOUNDS));
        let mut counts = Self {
            registry: Registry::with_prefix("lockstep"),
            transitions: Family::default(),
            ended: Family::default(),
            seconds,
            retries: Family::default(),
            takeovers: Family::default(),
            messages: Family::default(),
            faults: Family::default(),
        };
        let help = |name: &str| METRICS.iter().find(|(known, _)| *known == name).map_or("", |(_, help)| help);
        let registry = &mut counts.registry;
        registry.register("transitions", help("lockstep_transitions_total"), counts.transitions.clone());
        registry.register(
            "deployments_ended",
            help("lockstep_deployments_ended_total"),
            counts.ended.clone(),
        );
        registry.register_with_unit(
            "deployment",
            help("lockstep_deployment_seconds"),
            Unit::Seconds,
            counts.seconds.clone(),
        );
        registry.register("retries", help("lockstep_retries_total"), counts.retries.clone());
        registry.register("takeovers", help("lockstep_takeovers_total"), counts.takeovers.clone());
        registry.register("messages", help("lockstep_messages_total"), counts.messages.clone());
        registry.register("faults", help("lockstep_faults_total"), counts.faults.clone());
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("worker", help("lockstep_worker_info"), version);
        counts
    }

    /// An item was written.
    pub(super) fn wrote(&self, entry: &Entry) {
        // Another version's snapshot does not say where it is.
        let Ok(machine) = Machine::restore(&entry.snapshot) else { return };
        let request = &machine.deployment().request;
        let (application, environment) = (request.application.to_string(), request.environment.to_string());
        let state = entry.to.clone();
        let place = Where { application: application.clone(), environment: environment.clone() };
        self.transitions
            .get_or_create(&Reached {
                application: application.clone(),
                environment: environment.clone(),
                state,
            })
            .inc();
        if entry.event == "transient-fault" {
            self.retries.get_or_create(&place).inc();
        }
        if entry.event == "claimed" && entry.detail.starts_with("taken over") {
            self.takeovers.get_or_create(&place).inc();
        }
        if entry.terminal {
            let ended = Ended { application, environment, outcome: entry.to.clone() };
            self.ended.get_or_create(&ended).inc();
            let took = entry.at.duration_since(request.requested_at).as_secs_f64();
            self.seconds.get_or_create(&ended).observe(took.max(0.0));
        }
    }

    /// Something was done with so many messages.
    pub(super) fn messages(&self, done: &'static str, count: usize) {
        self.messages.get_or_create(&Done { done }).inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// A call failed.
    pub(super) fn failed(&self, fault: &Fault) {
        let (service, kind) = (fault.service.to_string(), format!("{:?}", fault.kind).to_lowercase());
        self.faults.get_or_create(&Failed { service, operation: fault.operation, kind }).inc();
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
