//! The HTTP side: the ECS API at `/`, the simulator's own routes below `/_sim`.
//!
//! Translates only. What an action does is the model's business.

mod answers;
mod clusters;
mod dispatch;
mod faults;
mod input;
mod paging;
mod service_deployments;
mod service_revisions;
mod services;
mod shapes;
mod sim_routes;
mod tags;
mod task_definitions;
mod tasks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::sim::Shared;

pub(crate) use sim_routes::front_url;

/// All routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", post(dispatch::handle))
        .route(
            "/_sim/knobs",
            get(sim_routes::knobs).put(sim_routes::set_knobs).patch(sim_routes::patch_knobs),
        )
        .route("/_sim/log", get(sim_routes::log))
        .route("/_sim/tasks", get(sim_routes::tasks))
        .route("/_sim/fronts", get(sim_routes::fronts))
        .with_state(shared)
}
