//! What a terminal shows of a deployment that is followed: each step once, when it has ended, and below them the one
//! that is under way. Asks ECS how far a rollout is, and nothing else; must never decide anything by the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockstep_state_machines::Machine;

use crate::config::Config;
use crate::ports::{Answer, Progress, Recorded, ServiceProgress, ServiceRef};
use crate::timeline::{Follows, Line, Rollout, Sight, Timeline, finished, heading, live};
use crate::wiring;

/// How often ECS is asked while a rollout is followed: it shows nothing new much sooner.
const ASK: Duration = Duration::from_secs(5);

/// How long an answer is waited for: the picture must not stand still.
const PATIENCE: Duration = Duration::from_secs(3);

/// The picture of one deployment.
pub(super) struct Live<'a> {
    config: &'a Config,
    items: Vec<Recorded>,
    /// How many steps have been told that have ended; none before the heading was.
    told: Option<usize>,
    progress: Option<Arc<dyn Progress>>,
    sight: Option<(Follows, Sight)>,
    asked: Option<Instant>,
    /// Set when ECS does not let these credentials look: it is asked no more.
    barred: bool,
}

impl<'a> Live<'a> {
    /// Nothing has been seen yet.
    pub(super) fn new(config: &'a Config) -> Self {
        Self {
            config,
            items: Vec::new(),
            told: None,
            progress: None,
            sight: None,
            asked: None,
            barred: false,
        }
    }

    /// Takes new items in.
    pub(super) fn take(&mut self, items: &[Recorded]) {
        self.items.extend_from_slice(items);
    }

    /// What is to be told now and stays: what this is about, once, and the steps that have ended since.
    pub(super) fn news(&mut self, machine: &Machine) -> Vec<Line> {
        let timeline = Timeline::of(&self.items, machine);
        let mut lines = Vec::new();
        if self.told.is_none() {
            lines.push(heading(&timeline));
        }
        let ended: Vec<_> = timeline.steps.iter().filter(|step| step.ended.is_some()).collect();
        lines.extend(ended.iter().skip(self.told.unwrap_or(0)).flat_map(|step| finished(step)));
        self.told = Some(ended.len());
        lines
    }

    /// What is under way.
    pub(super) fn lines(&self, machine: Option<&Machine>, now: Timestamp) -> Vec<Line> {
        let Some(machine) = machine else {
            return vec![Line::plain("waiting for a worker to take it up")];
        };
        let timeline = Timeline::of(&self.items, machine);
        let follows = timeline.current.as_ref().and_then(|current| current.follows.as_ref());
        // What was seen of another rollout says nothing about this one.
        let sight = self.sight.as_ref().filter(|(of, _)| follows == Some(of)).map(|(_, sight)| sight);
        live(&timeline, sight, now)
    }

    /// Asks ECS how far the rollout is, if one is being followed and it is time to.
    pub(super) async fn look(&mut self, machine: Option<&Machine>) {
        let follows = machine.and_then(|machine| Timeline::of(&self.items, machine).current?.follows);
        let (Some(machine), Some(follows)) = (machine, follows) else { return };
        let fresh = self.sight.as_ref().is_some_and(|(of, _)| *of == follows);
        if self.barred || (fresh && self.asked.is_some_and(|asked| asked.elapsed() < ASK)) {
            return;
        }
        let request = &machine.deployment().request;
        let service =
            self.service(request.application.as_str(), request.environment.as_str(), follows.database);
        let sight = match service {
            Some(service) => self.ask(&service, &follows).await,
            None => Sight::Unseen(format!("{} is not in this configuration", request.environment)),
        };
        self.asked = Some(Instant::now());
        self.sight = Some((follows, sight));
    }

    fn service(&self, application: &str, environment: &str, database: bool) -> Option<ServiceRef> {
        let environment = self.config.applications.get(application)?.environments.get(environment)?;
        let service = match (&environment.database, database) {
            (_, false) => environment.service.clone(),
            (Some(of), true) => of.service.clone(),
            (None, true) => return None,
        };
        Some(ServiceRef { cluster: environment.cluster.clone(), service })
    }

    async fn ask(&mut self, service: &ServiceRef, follows: &Follows) -> Sight {
        let progress = match &self.progress {
            Some(progress) => Arc::clone(progress),
            None => wiring::progress(self.config).await,
        };
        self.progress = Some(Arc::clone(&progress));
        match tokio::time::timeout(PATIENCE, progress.progress(service)).await {
            Ok(answer) => self.sight_of(&service.service, answer, follows),
            Err(_) => Sight::Unseen(format!("ECS has not answered within {} s", PATIENCE.as_secs())),
        }
    }

    fn sight_of(
        &mut self,
        service: &str,
        answer: Answer<Option<ServiceProgress>>,
        follows: &Follows,
    ) -> Sight {
        match answer {
            Ok(Some(seen)) => Sight::Seen(Rollout::of(service, &seen, follows, Timestamp::now())),
            Ok(None) => Sight::Unseen(format!("ECS knows no service {service}")),
            Err(fault) if fault.is_transient() => Sight::Unseen(format!("ECS cannot be asked now: {fault}")),
            Err(fault) => {
                self.barred = true;
                Sight::Unseen(format!("only the record is followed, since ECS cannot be asked: {fault}"))
            }
        }
    }
}
