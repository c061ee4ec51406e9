//! What tasks do in virtual time: each step of a launch is a report that comes due. Must never decide by
//! itself whether an image is good: its owner says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{ContainerSpec, ImageDigests, Millis, Report};
use crate::runner::{Launcher, Reports};

/// From the request to the resolved digests.
const RESOLVING: Millis = 300;
/// From the launch to the pulled image.
const PULLING: Millis = 400;
/// From the launch to the started containers.
const STARTING: Millis = 800;
/// From SIGTERM to the end.
const STOPPING: Millis = 600;

/// What becomes of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It runs until it is stopped.
    Runs,
    /// It ends by itself that many milliseconds after its start, with this exit code.
    Exits(Millis, i32),
}

/// What an image reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its digests.
    pub digests: ImageDigests,
    /// What a container of it does.
    pub fate: Fate,
}

/// Says what a reference leads to in a cluster: its name, then the reference; `None` when it cannot be pulled.
type Images = dyn Fn(&str, &str) -> Option<Image> + Send + Sync;

/// Reports by when they come due, and the containers that run by task.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    coming: BTreeMap<(Millis, u64), Report>,
    asked: u64,
    running: BTreeMap<String, Vec<String>>,
}

impl Schedule {
    fn add(&mut self, at: Millis, report: Report) {
        self.asked += 1;
        self.coming.insert((at, self.asked), report);
    }

    /// The next report that is due. A container whose task was stopped meanwhile does not end once more.
    fn due(&mut self, now: Millis) -> Option<Report> {
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= now) {
            let report = entry.remove();
            if let Report::ContainerExited { task, container, .. } = &report {
                let Some(running) = self.running.get_mut(task) else { continue };
                let before = running.len();
                running.retain(|name| name != container);
                if running.len() == before {
                    continue;
                }
            }
            return Some(report);
        }
        None
    }
}

/// Starts no process: it knows when a process would have done what.
pub struct VirtualLauncher {
    images: Box<Images>,
    schedule: Mutex<Schedule>,
}

impl VirtualLauncher {
    /// A launcher whose images are these.
    pub fn new(images: impl Fn(&str, &str) -> Option<Image> + Send + Sync + 'static) -> Self {
        Self { images: Box::new(images), schedule: Mutex::new(Schedule::default()) }
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_up(&self, schedule: Schedule) {
        *self.lock() = schedule;
    }

    pub(super) fn schedule(&self) -> Schedule {
        self.lock().clone()
    }

    /// When the next report comes due.
    pub(super) fn next(&self) -> Option<Millis> {
        self.lock().coming.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn due(&self, now: Millis) -> Option<Report> {
        self.lock().due(now)
    }

    pub(super) fn resolve_at(&self, now: Millis, revision: String, images: Vec<(String, String)>) {
        let resolved = |reference: &str| {
            let image = (self.images)("", reference)?;
            Some(image.digests.index.unwrap_or(image.digests.manifest))
        };
        let digests = images.into_iter().map(|(name, reference)| (name, resolved(&reference))).collect();
        self.lock().add(now + RESOLVING, Report::ImagesResolved { revision, digests });
    }

    pub(super) fn launch_at(&self, now: Millis, task: &str, containers: &[ContainerSpec]) {
        // arn:aws:ecs:region:account:task/cluster/id
        let cluster = task.split('/').nth(1).unwrap_or_default();
        let found: Option<Vec<Image>> =
            containers.iter().map(|container| (self.images)(cluster, &container.image)).collect();
        let mut schedule = self.lock();
        let task = task.to_owned();
        let Some(found) = found else {
            let reason = "CannotPullContainerError: no such image".to_owned();
            return schedule.add(now + PULLING, Report::TaskFailedToStart { task, reason });
        };
        let names = || containers.iter().map(|container| container.name.clone());
        let images = names().zip(found.iter().map(|image| image.digests.clone())).collect();
        schedule.add(now + PULLING, Report::TaskPulled { task: task.clone(), images });
        // A port that no one listens on: tasks are never called here.
        let ports = names().map(|name| (name, 1)).collect();
        schedule.add(now + STARTING, Report::TaskStarted { task: task.clone(), ports });
        for (container, image) in names().zip(&found) {
            if let Fate::Exits(after, exit_code) = image.fate {
                let report = Report::ContainerExited { task: task.clone(), container, exit_code };
                schedule.add(now + STARTING + after, report);
            }
        }
        schedule.running.insert(task, names().collect());
    }

    pub(super) fn stop_at(&self, now: Millis, task: &str) {
        let mut schedule = self.lock();
        for container in schedule.running.get(task).cloned().unwrap_or_default() {
            let report = Report::ContainerExited { task: task.to_owned(), container, exit_code: 143 };
            schedule.add(now + STOPPING, report);
        }
    }
}

/// The simulator's routes ask a launcher only what runs where; everything else goes through the schedule.
impl Launcher for VirtualLauncher {
    fn resolve(&self, _: String, _: Vec<(String, String)>, _: Reports) {}

    fn launch(&self, _: String, _: Vec<ContainerSpec>, _: Reports) {}

    fn stop(&self, _: &str) {}

    fn kill_all(&self) {
        self.lock().running.clear();
    }

    fn running(&self) -> usize {
        self.lock().running.values().map(Vec::len).sum()
    }

    fn log_file(&self, _: &str, _: &str) -> Option<PathBuf> {
        None
    }
}
