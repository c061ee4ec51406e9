//! One deployment, driven through the state machine and written as the engine writes it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lockstep::ports::{
    Appended, BetaRecord, Closing, Entry, EnvironmentRecord, ImageRecord, Opened, Opening, Rejected, Store,
    Summary, VersionBinding,
};
use lockstep_events::{DeployRequested, DeploymentId, Target};
use lockstep_state_machines::table::policy;
use lockstep_state_machines::{
    EnvironmentChange, Event, Kind, Machine, Plan, Refusal, RefusalCode, State, Step, Transition,
};

use crate::answers::Cast;

/// Which host the records name.
const WORKER: &str = "ip-10-0-3-17:1";

/// A deployment under way.
pub(crate) struct Story {
    store: Arc<dyn Store>,
    cast: Cast,
    machine: Machine,
    seq: u64,
    at: Timestamp,
}

impl Story {
    /// Takes the lock, as of when the request was made.
    pub(crate) async fn open(
        store: &Arc<dyn Store>,
        request: DeployRequested,
        plan: Plan,
        cast: Cast,
    ) -> Self {
        let at = request.requested_at + SignedDuration::from_secs(1);
        let view = store.environment(&request.application, &request.environment).await.unwrap();
        let machine = Machine::begin(request.clone(), plan, view.lock.token + 1, &policy(), at);
        let transition = Transition {
            from: machine.state(),
            to: machine.state(),
            event: "lock-taken",
            detail: format!("{} is locked for {}", request.environment, target(&request)),
        };
        let entry = Entry { from: "requested".to_owned(), ..entry(&machine, 1, at, &transition) };
        let opening = Opening {
            application: request.application.clone(),
            environment: request.environment.clone(),
            observed_token: view.lock.token,
            ended_hold: None,
            entry,
            summary: summary(&request, at, None),
        };
        assert_eq!(store.open(&opening).await.unwrap(), Opened::Written);
        Self { store: store.clone(), cast, machine, seq: 1, at }
    }

    /// Its id.
    pub(crate) fn id(&self) -> DeploymentId {
        self.machine.deployment().request.id
    }

    /// Its state.
    pub(crate) fn state(&self) -> State {
        self.machine.state()
    }

    /// Goes on, all going well, until this state or the end.
    pub(crate) async fn until(&mut self, state: State) {
        while self.state() != state && !self.state().is_terminal() {
            self.on().await;
        }
    }

    /// To the end, all going well from here.
    pub(crate) async fn finish(mut self) {
        while !self.state().is_terminal() {
            self.on().await;
        }
    }

    /// One step on, all going well.
    pub(crate) async fn on(&mut self) {
        let (seconds, event) = self.cast.answer(self.machine.state(), self.machine.deployment());
        self.then(seconds, event).await;
    }

    /// After so many seconds, this.
    pub(crate) async fn then(&mut self, seconds: i64, event: Event) {
        self.at += SignedDuration::from_secs(seconds);
        self.record_beside(&event).await;
        let step = self.machine.handle(&event, self.at, &policy()).unwrap();
        let Step::Moved(transition) = step else { panic!("{event:?} moves nothing in {}", self.state()) };
        self.seq += 1;
        let entry = entry(&self.machine, self.seq, self.at, &transition);
        let written = match entry.terminal {
            false => self.store.append(&entry).await.unwrap(),
            true => self.store.close(&self.closing(entry).await).await.unwrap(),
        };
        assert_eq!(written, Appended::Written);
    }

    /// What effects record before their outcome is.
    async fn record_beside(&self, event: &Event) {
        let application = &self.machine.deployment().request.application;
        let (source, digest) = (&self.cast.source, self.cast.image.clone());
        let (deployment, at) = (self.id(), self.at);
        match event {
            Event::Image(_) => {
                let build_url = "https://github.com/example/shop/actions/runs/1".to_owned();
                let image = ImageRecord { commit: source.commit.clone(), digest, deployment, at, build_url };
                self.store.record_image(application, &image).await.unwrap();
            }
            Event::Binding(_) => {
                let (version, commit, beta) =
                    (source.version.clone(), source.commit.clone(), source.beta.clone());
                let binding = VersionBinding { version, commit, digest, beta, deployment, at };
                self.store.bind_version(application, &binding).await.unwrap();
            }
            _ => {}
        }
    }

    async fn closing(&self, entry: Entry) -> Closing {
        let deployment = self.machine.deployment();
        let request = &deployment.request;
        let ending = self.machine.ending().unwrap();
        let before = self.store.environment(&request.application, &request.environment).await.unwrap().record;
        let desired = Some(self.cast.inspection.desired);
        let record = match &ending.environment {
            EnvironmentChange::Unchanged => None,
            EnvironmentChange::Runs(release) => {
                let release = Some((**release).clone());
                Some(EnvironmentRecord {
                    current: release.clone(),
                    last_healthy: release,
                    dirty: None,
                    desired,
                })
            }
            EnvironmentChange::Unknown(why) => {
                let last_healthy = before.last_healthy;
                Some(EnvironmentRecord { current: None, last_healthy, dirty: Some(why.clone()), desired })
            }
        };
        let validated = self.state() == State::Healthy && deployment.plan.kind == Kind::Staging;
        let beta = validated.then(|| BetaRecord {
            tag: self.cast.source.beta.clone(),
            commit: self.cast.source.commit.clone(),
            digest: self.cast.image.clone(),
            deployment: request.id,
            without_baseline: None,
            at: self.at,
        });
        Closing {
            application: request.application.clone(),
            environment: request.environment.clone(),
            token: deployment.token,
            summary: summary(request, self.at, Some((entry.to.clone(), ending.summary))),
            entry,
            record,
            beta,
        }
    }
}

/// A request that meets a lock which this deployment holds.
pub(crate) async fn refuse(store: &Arc<dyn Store>, request: &DeployRequested, plan: Plan, holder: &Story) {
    let at = request.requested_at + SignedDuration::from_secs(1);
    let message = format!(
        "Another {} deployment is already in progress. Please wait for it to complete. (deployment {} by {})",
        request.environment,
        holder.id(),
        holder.machine.deployment().request.requester.actor
    );
    let refusal = Refusal { code: RefusalCode::LockHeld, message: message.clone() };
    let machine = Machine::rejected(request.clone(), plan, refusal, at);
    let (from, to) = (machine.state(), machine.state());
    let transition = Transition { from, to, event: "lock-held", detail: message.clone() };
    let rejected = Rejected {
        application: request.application.clone(),
        environment: request.environment.clone(),
        because_of: Some(holder.id()),
        entry: Entry { from: "requested".to_owned(), ..entry(&machine, 1, at, &transition) },
        summary: Some(summary(request, at, Some(("rejected".to_owned(), message)))),
    };
    assert_eq!(store.reject(&rejected).await.unwrap(), Opened::Written);
}

fn target(request: &DeployRequested) -> String {
    match &request.target {
        Target::Commit { reference: None } => "the default branch".to_owned(),
        Target::Commit { reference: Some(reference) } => reference.to_string(),
        Target::Beta { tag } => tag.to_string(),
    }
}

fn summary(request: &DeployRequested, at: Timestamp, end: Option<(String, String)>) -> Summary {
    let (outcome, reason) = end.unzip();
    let actor = request.requester.actor.clone();
    Summary { id: request.id, target: target(request), actor, at, outcome, reason }
}

fn entry(machine: &Machine, seq: u64, at: Timestamp, transition: &Transition) -> Entry {
    Entry {
        id: machine.deployment().request.id,
        seq,
        at,
        worker: WORKER.to_owned(),
        write_id: uuid::Uuid::now_v7().to_string(),
        from: transition.from.to_string(),
        to: transition.to.to_string(),
        event: transition.event.to_owned(),
        detail: transition.detail.clone(),
        wake: seq,
        claim: None,
        terminal: transition.to.is_terminal(),
        snapshot: machine.snapshot().unwrap(),
    }
}
