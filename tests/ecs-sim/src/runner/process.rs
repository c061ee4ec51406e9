//! The launcher that runs tasks as real processes of images from a real registry.
//!
//! Each task has a directory and ports of its own. Nothing is isolated: run only images you trust.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oci_image::unpack::Unpacked;
use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use super::image::{Images, digests};
use super::paths::{Layout, task_id};
use super::supervise::{Launch, signal, start, wait};
use super::{Launcher, Reports, leftovers};
use crate::model::{ContainerSpec, Report};

/// Runs tasks as processes.
#[derive(Debug)]
pub struct ProcessLauncher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    layout: Layout,
    images: Images,
    stop_timeout: Duration,
    tasks: Mutex<HashMap<String, Running>>,
}

#[derive(Debug, Default)]
struct Running {
    stop: CancellationToken,
    /// Process ids of the containers that run: each leads its own process group.
    groups: Vec<u32>,
}

impl ProcessLauncher {
    /// Prepares the work directory. Kills what an earlier run left running below it, and empties the parts that
    /// a new run does not use.
    ///
    /// # Errors
    /// When the directory cannot be made or emptied.
    pub fn new(work_dir: PathBuf, stop_timeout: Duration) -> std::io::Result<Self> {
        let layout = Layout::new(work_dir);
        let killed = leftovers::kill_below(&layout.tasks());
        if killed > 0 {
            tracing::warn!(ecs_sim.killed = killed, "killed tasks that an earlier simulator left running");
        }
        for directory in [layout.images(), layout.tasks()] {
            if directory.exists() {
                std::fs::remove_dir_all(&directory)?;
            }
            std::fs::create_dir_all(&directory)?;
        }
        let images = Images::new(layout.images());
        let inner = Inner { layout, images, stop_timeout, tasks: Mutex::new(HashMap::new()) };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Inner {
    fn tasks(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(
        &self,
        task: &str,
        containers: &[ContainerSpec],
        stop: &CancellationToken,
        reports: &Reports,
    ) {
        let started = tokio::select! {
            started = self.start(task, containers, reports) => started,
            () = stop.cancelled() => Err("Task was stopped before it started".to_owned()),
        };
        match started {
            Ok(children) => {
                let waits = children.into_iter().zip(containers).map(|(child, spec)| {
                    let patience = spec.stop_timeout_seconds.map_or(self.stop_timeout, Duration::from_secs);
                    async move {
                        let exit_code = wait(child, stop, patience).await;
                        let (task, container) = (task.to_owned(), spec.name.clone());
                        reports.send(Report::ContainerExited { task, container, exit_code });
                    }
                });
                futures::future::join_all(waits).await;
            }
            Err(reason) => reports.send(Report::TaskFailedToStart { task: task.to_owned(), reason }),
        }
    }

    /// Dropped halfway, it takes the processes it started with it (`kill_on_drop`).
    async fn start(
        &self,
        task: &str,
        containers: &[ContainerSpec],
        reports: &Reports,
    ) -> Result<Vec<Child>, String> {
        let mut images: Vec<Arc<Unpacked>> = Vec::new();
        for spec in containers {
            let pulled = self.images.pull(&spec.image).await;
            images.push(pulled.map_err(|error| format!("CannotPullContainerError: {error}"))?);
        }
        let pulled =
            containers.iter().zip(&images).map(|(spec, image)| (spec.name.clone(), digests(image))).collect();
        reports.send(Report::TaskPulled { task: task.to_owned(), images: pulled });
        let mut children = Vec::new();
        let mut ports = Vec::new();
        for (spec, image) in containers.iter().zip(&images) {
            let port = free_port()
                .await
                .map_err(|error| format!("ResourceInitializationError: no free port: {error}"))?;
            let launch = Launch {
                spec,
                image,
                working_directory: self.layout.working_directory(task_id(task), &spec.name),
                log_file: self.layout.log_file(task_id(task), &spec.name),
                port,
            };
            let child =
                start(&launch).await.map_err(|error| format!("CannotStartContainerError: {error}"))?;
            if let Some(running) = self.tasks().get_mut(task) {
                running.groups.extend(child.id());
            }
            children.push(child);
            ports.push((spec.name.clone(), port));
        }
        reports.send(Report::TaskStarted { task: task.to_owned(), ports });
        Ok(children)
    }
}

/// A port that was free a moment ago. Two tasks never get the same one from the system in quick succession.
async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}

impl Launcher for ProcessLauncher {
    fn resolve(&self, revision: String, images: Vec<(String, String)>, reports: Reports) {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let mut digests = Vec::new();
            for (container, image) in images {
                let digest = inner.images.resolve(&image).await;
                if let Err(error) = &digest {
                    tracing::info!(ecs.image = image, error, "the image reference could not be resolved");
                }
                digests.push((container, digest.ok()));
            }
            reports.send(Report::ImagesResolved { revision, digests });
        });
    }

    fn launch(&self, task_arn: String, containers: Vec<ContainerSpec>, reports: Reports) {
        let inner = Arc::clone(&self.inner);
        let stop = CancellationToken::new();
        inner.tasks().insert(task_arn.clone(), Running { stop: stop.clone(), groups: Vec::new() });
        tokio::spawn(async move {
            inner.run(&task_arn, &containers, &stop, &reports).await;
            inner.tasks().remove(&task_arn);
        });
    }

    fn stop(&self, task_arn: &str) {
        if let Some(running) = self.inner.tasks().get(task_arn) {
            running.stop.cancel();
        }
    }

    fn kill_all(&self) {
        for running in self.inner.tasks().values() {
            running.groups.iter().for_each(|group| signal(Some(*group), Signal::KILL));
        }
    }

    fn running(&self) -> usize {
        self.inner.tasks().len()
    }

    fn log_file(&self, task_id: &str, container: &str) -> Option<PathBuf> {
        Some(self.inner.layout.log_file(task_id, container))
    }
}
