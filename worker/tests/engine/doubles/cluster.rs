//! ECS: services that roll out at once, or when a test lets them; what a rollout's breaker leaves behind can
//! be brought about. An unforced update to what is PRIMARY already starts no rollout.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lockstep::faults::Service as Remote;
use lockstep::ports::{
    Answer, CircuitBreaker, Clock, Cluster, ContainerView, DeploymentStatus, DeploymentView, Marks,
    RolloutRollback, RolloutState, RolloutStatus, RolloutView, ServiceRef, ServiceView, TaskContainer,
    TaskDefinitionView, TaskView, UpdateAnswer, UpdateService,
};

use super::registry::REPOSITORY;
use super::{HandClock, Wire};

/// The container that is deployed.
const CONTAINER: &str = "app";

/// Tasks that have not stopped yet although they should, as each answer shows them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lingering {
    /// In the service's own numbers.
    pub(crate) running: u32,
    /// Likewise.
    pub(crate) pending: u32,
    /// In the listing of its tasks.
    pub(crate) listed: u32,
}

struct Service {
    desired: u32,
    lingering: Lingering,
    /// How many of its tasks are listed as stopped.
    stopped: u32,
    /// What is listed instead of its tasks: task definition and status of each.
    listed: Option<Vec<(String, String)>>,
    /// What its tasks report as their image instead of the one that they were told.
    reported: Option<Option<String>>,
    /// The least and the most of its tasks, in percent, that run during a rollout.
    percents: (u32, u32),
    breaker: CircuitBreaker,
    primary: String,
    rollouts: Vec<RolloutView>,
}

#[derive(Default)]
struct State {
    definitions: Vec<TaskDefinitionView>,
    services: BTreeMap<String, Service>,
    rollouts_held: bool,
    /// From when on the last listing of rollouts was asked for.
    listed_since: Option<Timestamp>,
}

/// The cluster.
pub(crate) struct FakeCluster {
    wire: Arc<Wire>,
    clock: Arc<HandClock>,
    state: Mutex<State>,
}

impl FakeCluster {
    pub(crate) fn new(wire: Arc<Wire>, clock: Arc<HandClock>) -> Self {
        Self { wire, clock, state: Mutex::default() }
    }

    /// A service that runs revision 1 of a family of its own name.
    pub(crate) fn create(&self, name: &str, digest: &str) {
        self.register(&format!("{name}:1"), name, digest);
        let mut state = self.state.lock().unwrap();
        let primary = format!("{name}:1");
        let breaker = CircuitBreaker { enable: true, rollback: true };
        let (percents, rollouts) = ((100, 200), Vec::new());
        let service = Service {
            desired: 1,
            lingering: Lingering::default(),
            stopped: 0,
            listed: None,
            reported: None,
            percents,
            breaker,
            primary,
            rollouts,
        };
        state.services.insert(name.to_owned(), service);
    }

    /// From now on, rollouts do not end (or all do).
    pub(crate) fn hold_rollouts(&self, held: bool) {
        self.state.lock().unwrap().rollouts_held = held;
    }

    /// The breaker gives a service's newest rollout up: ECS has gone back to revision 1.
    pub(crate) fn give_up(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        let service = state.services.get_mut(name).unwrap();
        let rollout = service.rollouts.last_mut().unwrap();
        rollout.status = RolloutStatus::RollbackSuccessful;
        rollout.rollback = Some(RolloutRollback { reason: "tasks failed to start".to_owned() });
        service.primary = format!("{name}:1");
    }

    /// Somebody else puts a service on another task definition; it runs at once.
    pub(crate) fn put_on(&self, name: &str, task_definition: &str) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().primary = task_definition.to_owned();
    }

    /// Somebody else starts a rollout of a task definition.
    pub(crate) fn roll_out(&self, name: &str, task_definition: &str) {
        let wanted = UpdateService { task_definition: Some(task_definition.to_owned()), desired: None };
        update(&mut self.state.lock().unwrap(), name, &wanted, self.clock.now());
    }

    /// A revision consists of these containers: name and image of each.
    pub(crate) fn contain(&self, arn: &str, containers: &[(&str, &str)]) {
        let mut state = self.state.lock().unwrap();
        let definition = state.definitions.iter_mut().find(|definition| definition.arn == arn).unwrap();
        let container = |(name, image): &(&str, &str)| ContainerView {
            name: (*name).to_owned(),
            image: (*image).to_owned(),
        };
        definition.containers = containers.iter().map(container).collect();
    }

    /// A service's old task stops before a new one starts: what a database needs.
    pub(crate) fn stop_first(&self, name: &str) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().percents = (0, 100);
    }

    /// A service's new task starts before an old one stops, as ECS does it unless told.
    pub(crate) fn start_first(&self, name: &str) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().percents = (100, 200);
    }

    /// Sets a service's deployment circuit breaker.
    pub(crate) fn set_breaker(&self, name: &str, enable: bool, rollback: bool) {
        let breaker = CircuitBreaker { enable, rollback };
        self.state.lock().unwrap().services.get_mut(name).unwrap().breaker = breaker;
    }

    /// Somebody registers a revision of a family.
    pub(crate) fn register(&self, arn: &str, family: &str, digest: &str) {
        self.state.lock().unwrap().definitions.push(TaskDefinitionView {
            arn: arn.to_owned(),
            family: family.to_owned(),
            active: true,
            containers: vec![container(format!("{REPOSITORY}@{digest}"))],
            marks: Marks::new(),
        });
    }

    /// How many tasks of a service do not stop, whatever they are told.
    pub(crate) fn linger(&self, name: &str, tasks: u32) {
        self.linger_as(name, Lingering { running: tasks, pending: 0, listed: tasks });
    }

    /// The same, where the answers do not agree.
    pub(crate) fn linger_as(&self, name: &str, lingering: Lingering) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().lingering = lingering;
    }

    /// So many tasks have stopped, and are still listed.
    pub(crate) fn list_stopped(&self, name: &str, tasks: u32) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().stopped = tasks;
    }

    /// Lists these instead of a service's tasks: task definition and status of each.
    pub(crate) fn list(&self, name: &str, tasks: &[(&str, &str)]) {
        let listed = tasks.iter().map(|(on, status)| ((*on).to_owned(), (*status).to_owned())).collect();
        self.state.lock().unwrap().services.get_mut(name).unwrap().listed = Some(listed);
    }

    /// A service's tasks report this digest from now on, or none.
    pub(crate) fn report(&self, name: &str, digest: Option<&str>) {
        let reported = Some(digest.map(str::to_owned));
        self.state.lock().unwrap().services.get_mut(name).unwrap().reported = reported;
    }

    /// Somebody else changes how many tasks a service should run.
    pub(crate) fn scale(&self, name: &str, desired: u32) {
        self.state.lock().unwrap().services.get_mut(name).unwrap().desired = desired;
    }

    /// How many tasks a service should run.
    pub(crate) fn desired(&self, name: &str) -> u32 {
        self.state.lock().unwrap().services[name].desired
    }

    /// Somebody else forces another rollout of what a service runs.
    pub(crate) fn force(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        let rollouts = &mut state.services.get_mut(name).unwrap().rollouts;
        let newest = rollouts.last().unwrap().clone();
        rollouts.push(RolloutView { arn: format!("service-deployment/{}", rollouts.len() + 1), ..newest });
    }

    /// Somebody else deregisters a revision.
    pub(crate) fn retire(&self, arn: &str) {
        let mut state = self.state.lock().unwrap();
        state.definitions.iter_mut().find(|definition| definition.arn == arn).unwrap().active = false;
    }

    /// How many rollouts a service really started.
    pub(crate) fn rollouts_of(&self, name: &str) -> usize {
        self.state.lock().unwrap().services[name].rollouts.len()
    }

    /// From when on the last listing of rollouts was asked for.
    pub(crate) fn listed_since(&self) -> Timestamp {
        self.state.lock().unwrap().listed_since.expect("rollouts were listed")
    }

    /// What a service runs.
    pub(crate) fn primary(&self, name: &str) -> String {
        self.state.lock().unwrap().services[name].primary.clone()
    }

    async fn ask<T>(&self, operation: &'static str, work: impl FnOnce(&mut State) -> T + Send) -> Answer<T> {
        self.wire.send(Remote::Ecs, operation, || work(&mut self.state.lock().unwrap())).await
    }
}

fn container(image: String) -> ContainerView {
    ContainerView { name: CONTAINER.to_owned(), image }
}

fn view(state: &State, name: &str) -> Option<ServiceView> {
    let service = state.services.get(name)?;
    // What was there before the first rollout, or was gone back to, has long been rolled out.
    let newest = service.rollouts.last().filter(|rollout| rollout.task_definition == service.primary);
    let under_way = newest.is_some() && state.rollouts_held;
    let running = if under_way { 0 } else { service.desired.max(service.lingering.running) };
    Some(ServiceView {
        arn: format!("arn:aws:ecs:eu-west-1:0:service/c/{name}"),
        status: "ACTIVE".to_owned(),
        desired: service.desired,
        running,
        pending: service.lingering.pending,
        deployments: vec![DeploymentView {
            id: format!("ecs-svc/{}", service.rollouts.len()),
            status: DeploymentStatus::Primary,
            task_definition: service.primary.clone(),
            rollout: if under_way { RolloutState::InProgress } else { RolloutState::Completed },
            rollout_reason: "as a test made it".to_owned(),
            desired: service.desired,
            running,
            pending: 0,
        }],
        events: Vec::new(),
        circuit_breaker: service.breaker,
        minimum_healthy_percent: service.percents.0,
        maximum_percent: service.percents.1,
    })
}

fn update(state: &mut State, name: &str, update: &UpdateService, now: Timestamp) -> UpdateAnswer {
    let service = state.services.get_mut(name).unwrap();
    service.desired = update.desired.unwrap_or(service.desired);
    let wanted = update.task_definition.clone().unwrap_or_else(|| service.primary.clone());
    if wanted != service.primary {
        service.primary.clone_from(&wanted);
        service.rollouts.push(RolloutView {
            arn: format!("service-deployment/{}", service.rollouts.len() + 1),
            status: RolloutStatus::InProgress,
            status_reason: String::new(),
            task_definition: wanted.clone(),
            created_at: now,
            rollback: None,
            failure_count: 0,
            threshold: 3,
        });
    }
    UpdateAnswer { primary: format!("ecs-svc/{}", service.rollouts.len()), task_definition: wanted }
}

fn tasks(state: &State, name: &str) -> Vec<TaskView> {
    let service = &state.services[name];
    let definition = state.definitions.iter().find(|d| d.arn == service.primary).unwrap();
    let digest = definition.containers[0].image.split_once('@').map(|(_, digest)| digest.to_owned());
    let digest = service.reported.clone().unwrap_or(digest);
    let task = |number, on: &str, status: &str| TaskView {
        arn: format!("arn:aws:ecs:eu-west-1:0:task/c/{name}-{status}-{number}"),
        status: status.to_owned(),
        task_definition: on.to_owned(),
        containers: vec![TaskContainer {
            name: CONTAINER.to_owned(),
            image_digest: digest.clone(),
            exit_code: None,
            reason: None,
        }],
        stop_code: None,
        stopped_reason: None,
        stopped_at: None,
    };
    let ours = service.primary.as_str();
    let running =
        (0..service.desired.max(service.lingering.listed)).map(|number| task(number, ours, "RUNNING"));
    let stopped = (0..service.stopped).map(|number| task(number, ours, "STOPPED"));
    match &service.listed {
        Some(listed) => (0..).zip(listed).map(|(number, (on, status))| task(number, on, status)).collect(),
        None => running.chain(stopped).collect(),
    }
}

#[async_trait]
impl Cluster for FakeCluster {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>> {
        self.ask("service", |state| view(state, &service.service)).await
    }

    async fn task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>> {
        self.ask("task_definition", |state| state.definitions.iter().find(|d| d.arn == arn).cloned()).await
    }

    async fn find_marked(&self, family: &str, marks: &Marks, depth: u32) -> Answer<Vec<String>> {
        self.ask("find_marked", |state| {
            let newest = state.definitions.iter().rev().filter(|d| d.family == family);
            let newest = newest.take(usize::try_from(depth).unwrap());
            let marked = newest.filter(|d| marks.iter().all(|(key, value)| d.marks.get(key) == Some(value)));
            marked.map(|definition| definition.arn.clone()).collect()
        })
        .await
    }

    async fn register_from(&self, base: &str, image: Option<(&str, &str)>, marks: &Marks) -> Answer<String> {
        self.ask("register_from", |state| {
            let mut new = state.definitions.iter().find(|d| d.arn == base).unwrap().clone();
            let number = 1 + state.definitions.iter().filter(|d| d.family == new.family).count();
            new.arn = format!("{}:{number}", new.family);
            new.marks.extend(marks.clone());
            if let Some((_, image)) = image {
                new.containers = vec![container(image.to_owned())];
            }
            state.definitions.push(new.clone());
            new.arn
        })
        .await
    }

    async fn deregister(&self, arn: &str) -> Answer<()> {
        self.ask("deregister", |state| {
            state.definitions.iter_mut().filter(|d| d.arn == arn).for_each(|d| d.active = false);
        })
        .await
    }

    async fn update(&self, service: &ServiceRef, wanted: &UpdateService) -> Answer<UpdateAnswer> {
        let now = self.clock.now();
        self.ask("update", |state| update(state, &service.service, wanted, now)).await
    }

    async fn rollouts(&self, service: &ServiceRef, since: Timestamp) -> Answer<Vec<RolloutView>> {
        let asked = since;
        let since = since.checked_sub(SignedDuration::from_mins(1)).unwrap();
        self.ask("rollouts", |state| {
            state.listed_since = Some(asked);
            let held = state.rollouts_held;
            let listed = state.services[&service.service].rollouts.iter().rev();
            let listed = listed.filter(|rollout| rollout.created_at >= since).cloned();
            listed.map(|rollout| if held { rollout } else { ended(rollout) }).collect()
        })
        .await
    }

    async fn tasks(&self, service: &ServiceRef) -> Answer<Vec<TaskView>> {
        self.ask("tasks", |state| tasks(state, &service.service)).await
    }
}

fn ended(rollout: RolloutView) -> RolloutView {
    match rollout.status {
        RolloutStatus::InProgress => RolloutView { status: RolloutStatus::Successful, ..rollout },
        _ => rollout,
    }
}
