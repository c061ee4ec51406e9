//! The loop that makes the model live: time in, reports in, effects out.
//!
//! The only place that carries out effects. It decides nothing.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;

use crate::front::Fronts;
use crate::model::{DeploymentStateChange, Effect, Report};
use crate::runner::Reports;
use crate::sim::Shared;

/// Everything the loop needs.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) fronts: Fronts,
    pub(crate) reports: Reports,
    /// None when nobody wants events.
    pub(crate) announcements: Option<UnboundedSender<DeploymentStateChange>>,
}

impl Driver {
    /// Runs until told to stop.
    pub(crate) async fn run(
        self,
        mut effects: UnboundedReceiver<Effect>,
        mut reports: UnboundedReceiver<Report>,
        stop: CancellationToken,
    ) {
        let mut clock = tokio::time::interval(self.shared.tick);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(effect) = effects.recv() => self.carry_out(effect).await,
                Some(report) = reports.recv() => self.shared.core.change(|world, step| world.report(step, report)),
                _ = clock.tick() => self.shared.core.change(|world, step| world.tick(step)),
            }
        }
    }

    /// Carries out one effect.
    pub(crate) async fn carry_out(&self, effect: Effect) {
        let launcher = &self.shared.launcher;
        match effect {
            Effect::ResolveImages { revision, images } => {
                launcher.resolve(revision, images, self.reports.clone())
            }
            Effect::LaunchTask { task, containers } => {
                launcher.launch(task, containers, self.reports.clone())
            }
            Effect::StopTask { task } => launcher.stop(&task),
            Effect::OpenFront { service, port } => {
                if let Err(error) = self.open_front(&service, port).await {
                    tracing::error!(ecs.service = service, port, %error, "the service has no front port");
                }
            }
            Effect::CloseFront { service } => self.fronts.close(&service),
            Effect::Announce(change) => {
                if let Some(announcements) = &self.announcements {
                    // The deliverer only goes away after us.
                    let _ = announcements.send(change);
                }
            }
        }
    }

    /// Opens a front port and records it.
    pub(crate) async fn open_front(&self, service: &str, port: u16) -> std::io::Result<()> {
        let port = self.fronts.open(service, port).await?;
        let report = Report::FrontOpened { service: service.to_owned(), port };
        self.shared.core.change(|world, step| world.report(step, report));
        Ok(())
    }
}
