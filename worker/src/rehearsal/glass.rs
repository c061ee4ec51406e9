//! The world of a rehearsal: the real one, with ports in between that let reads through. Must never hand a real port
//! out that can change anything.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lockstep_events::DeployRequested;

use super::LeftOut;
use super::cluster::PlannedCluster;
use super::forge::PlannedForge;
use super::images::PlannedImages;
use super::journal::Journal;
use super::queue::NoQueue;
use super::table::PlannedTable;
use crate::world::{ApplicationWorld, World};

/// The ports of a rehearsal over the real ones.
pub(super) fn behind(
    world: &World,
    request: &DeployRequested,
    left_out: LeftOut,
    journal: &Arc<Journal>,
    suppose_checks: &Arc<AtomicBool>,
) -> World {
    let application = |real: &ApplicationWorld| {
        let mut config = real.config.clone();
        if let Some(environment) = config.environments.get_mut(request.environment.as_str()) {
            if left_out.requester {
                environment.requests = None;
            }
            if left_out.standing {
                environment.freeze.clear();
            }
        }
        ApplicationWorld {
            forge: Arc::new(PlannedForge {
                real: real.forge.clone(),
                journal: journal.clone(),
                required_checks: config.github.required_checks.clone(),
                suppose_checks: suppose_checks.clone(),
            }),
            registry: Arc::new(PlannedImages { real: real.registry.clone(), journal: journal.clone() }),
            config,
        }
    };
    let mut settings = world.settings.clone();
    // It wakes itself.
    settings.worker_senders.clear();
    World {
        store: Arc::new(PlannedTable {
            real: world.store.clone(),
            journal: journal.clone(),
            as_if_free: left_out.standing.then(|| request.environment.clone()),
        }),
        queue: Arc::new(NoQueue),
        cluster: Arc::new(PlannedCluster::new(world.cluster.clone(), journal.clone())),
        application: world.application.clone(),
        clock: world.clock.clone(),
        chance: world.chance.clone(),
        applications: world
            .applications
            .iter()
            .map(|(name, real)| (name.clone(), application(real)))
            .collect(),
        policy: world.policy.clone(),
        settings,
    }
}
