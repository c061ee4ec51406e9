//! The model under virtual time: a clock that jumps, and containers that behave as their image's name says.
//!
//! `good` images run until stopped, `crash` ones exit soon after they started, `late-crash` ones after they were
//! RUNNING but before they count as steady, `gone` ones cannot be pulled.

use std::collections::BTreeMap;

use ecs_sim::model::{
    Arns, Deployment, DeploymentStateChange, Effect, ImageDigests, Millis, NewService, Report, RolloutState,
    Service, ServiceChange, ServiceDeployment, Step, Task, TaskState, World,
};
use ecs_sim::{Knobs, Timing};
use serde_json::{Value, json};

/// The clock moves in steps of that many milliseconds.
const STEP: Millis = 10;
const CLUSTER: &str = "main";

/// A model with its surroundings.
pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) knobs: Knobs,
    pub(crate) timing: Timing,
    pub(crate) now: Millis,
    pub(crate) announced: Vec<DeploymentStateChange>,
    /// Images in the order in which tasks were launched.
    pub(crate) launched: Vec<String>,
    /// The fewest RUNNING and the most live tasks seen since `watch`.
    pub(crate) fewest_running: usize,
    pub(crate) most_live: usize,
    coming: BTreeMap<(Millis, u64), Report>,
    counter: u64,
    containers: BTreeMap<String, String>,
}

pub(crate) fn configuration(minimum: u32, maximum: u32, breaker: bool) -> Value {
    json!({
        "minimumHealthyPercent": minimum,
        "maximumPercent": maximum,
        "deploymentCircuitBreaker": { "enable": breaker, "rollback": breaker },
    })
}

impl Lab {
    pub(crate) fn new(knobs: Knobs) -> Self {
        let mut world =
            World::new(Arns { region: "us-east-1".into(), account_id: "000000000000".into() }, 42);
        world.ensure_cluster(CLUSTER);
        Self {
            world,
            knobs,
            timing: Timing::default(),
            now: 1_800_000_000_000,
            announced: Vec::new(),
            launched: Vec::new(),
            fewest_running: usize::MAX,
            most_live: 0,
            coming: BTreeMap::new(),
            counter: 0,
            containers: BTreeMap::new(),
        }
    }

    /// A lab with a service `web` that has completed its first deployment.
    pub(crate) fn with_steady_service(knobs: Knobs, desired: u32, configuration: Value) -> Self {
        let mut lab = Self::new(knobs);
        lab.create_service("good", desired, configuration);
        lab.run_until("the first deployment completes", |lab| {
            lab.primary().rollout == RolloutState::Completed
        });
        lab.watch();
        lab
    }

    pub(crate) fn act<T>(&mut self, work: impl FnOnce(&mut World, Step<'_>) -> T) -> T {
        let step = Step { now: self.now, timing: &self.timing, knobs: &self.knobs };
        let result = work(&mut self.world, step);
        self.obey();
        result
    }

    pub(crate) fn register(&mut self, kind: &str) -> String {
        let image = format!("127.0.0.1:5000/{kind}@sha256:{kind}");
        self.register_image(&image)
    }

    pub(crate) fn register_image(&mut self, image: &str) -> String {
        let content = json!({ "family": "web", "containerDefinitions": [{ "name": "app", "image": image }] });
        let content = content.as_object().cloned().unwrap();
        self.act(|world, step| world.register_task_definition(step.now, content)).unwrap().arn
    }

    pub(crate) fn create_service(&mut self, kind: &str, desired: u32, configuration: Value) {
        let task_definition = self.register(kind);
        let new = NewService {
            cluster: CLUSTER.into(),
            name: "web".into(),
            task_definition,
            desired_count: desired,
            settings: json!({ "deploymentConfiguration": configuration }).as_object().cloned().unwrap(),
            front_port: 0,
        };
        self.act(|world, step| world.create_service(step, new)).unwrap();
    }

    pub(crate) fn update(&mut self, change: ServiceChange) -> Result<(), ecs_sim::model::ApiError> {
        let arn = self.service().arn.clone();
        self.act(|world, step| world.update_service(step, &arn, change))
    }

    /// Deploys a new task definition of that kind. Returns its ARN.
    pub(crate) fn deploy(&mut self, kind: &str) -> String {
        let arn = self.register(kind);
        self.update(ServiceChange { task_definition: Some(arn.clone()), ..ServiceChange::default() })
            .unwrap();
        arn
    }

    pub(crate) fn scale(&mut self, desired: u32) {
        self.update(ServiceChange { desired_count: Some(desired), ..ServiceChange::default() }).unwrap();
    }

    pub(crate) fn service(&self) -> &Service {
        self.world.service(CLUSTER, "web").unwrap()
    }

    pub(crate) fn primary(&self) -> &Deployment {
        self.service().primary().unwrap()
    }

    pub(crate) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.service().deployments.iter().find(|deployment| deployment.id == id)
    }

    pub(crate) fn current(&self) -> &ServiceDeployment {
        let arn = self.service().current_service_deployment.as_ref().unwrap();
        &self.world.service_deployments[arn]
    }

    pub(crate) fn messages(&self) -> Vec<&str> {
        self.service().events.iter().map(|event| event.message.as_str()).collect()
    }

    pub(crate) fn live(&self) -> Vec<&Task> {
        self.world.tasks.values().filter(|task| task.is_live()).collect()
    }

    pub(crate) fn running(&self) -> usize {
        self.world.tasks.values().filter(|task| task.is_serving()).count()
    }

    pub(crate) fn watch(&mut self) {
        self.fewest_running = self.running();
        self.most_live = self.live().len();
    }

    pub(crate) fn run_for(&mut self, duration: Millis) {
        let end = self.now + duration;
        while self.now < end {
            self.advance();
        }
    }

    /// Fails after ten virtual minutes.
    pub(crate) fn run_until(&mut self, what: &str, mut reached: impl FnMut(&Self) -> bool) {
        let end = self.now + 600_000;
        while !reached(self) {
            assert!(self.now < end, "never: {what}; {:#?}", self.service());
            self.advance();
        }
    }

    fn advance(&mut self) {
        self.now += STEP;
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let report = entry.remove();
            self.act(|world, step| world.report(step, report));
        }
        self.act(|world, step| world.tick(step));
        self.fewest_running = self.fewest_running.min(self.running());
        self.most_live = self.most_live.max(self.live().len());
    }

    fn in_future(&mut self, after: Millis, report: Report) {
        self.counter += 1;
        self.coming.insert((self.now + after, self.counter), report);
    }

    fn obey(&mut self) {
        for effect in self.world.take_effects() {
            match effect {
                Effect::LaunchTask { task, containers } => self.launch(task, &containers[0].image),
                Effect::StopTask { task } => {
                    if let Some(container) = self.containers.remove(&task) {
                        self.in_future(20, Report::ContainerExited { task, container, exit_code: 143 });
                    }
                }
                Effect::ResolveImages { revision, images } => {
                    let digests =
                        images.into_iter().map(|(name, _)| (name, Some("sha256:resolved".into()))).collect();
                    self.in_future(30, Report::ImagesResolved { revision, digests });
                }
                Effect::Announce(change) => self.announced.push(change),
                Effect::OpenFront { .. } | Effect::CloseFront { .. } => {}
            }
        }
    }

    fn launch(&mut self, task: String, image: &str) {
        self.launched.push(image.to_owned());
        if image.contains("gone") {
            let reason = "CannotPullContainerError: no such image".to_owned();
            return self.in_future(20, Report::TaskFailedToStart { task, reason });
        }
        let digests = ImageDigests { index: None, manifest: "sha256:manifest".into() };
        self.in_future(10, Report::TaskPulled { task: task.clone(), images: vec![("app".into(), digests)] });
        self.in_future(20, Report::TaskStarted { task: task.clone(), ports: vec![("app".into(), 40_000)] });
        self.containers.insert(task.clone(), "app".into());
        let exits =
            if image.contains("late-crash") { Some(400) } else { image.contains("crash").then_some(60) };
        if let Some(after) = exits {
            self.in_future(after, Report::ContainerExited { task, container: "app".into(), exit_code: 3 });
        }
    }

    /// The simulator dies and comes back: its processes are gone.
    pub(crate) fn restart(&mut self) {
        self.coming.clear();
        self.containers.clear();
        let stored = serde_json::to_string(&self.world).unwrap();
        self.world = serde_json::from_str(&stored).unwrap();
        self.act(|world, step| world.recover(step));
    }

    pub(crate) fn stopped(&self) -> Vec<&Task> {
        self.world.tasks.values().filter(|task| task.state == TaskState::Stopped).collect()
    }
}
