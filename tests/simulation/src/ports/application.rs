//! The deployed application behind its load balancer: some running task answers, by what its image is.

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{Application, ReadinessAnswer, ReadinessProbe};

use crate::services::registry::Nature;
use crate::setting;
use crate::universe::Universe;
use crate::wire::Line;

/// The applications of all environments.
pub(crate) struct SimApplication(pub(crate) Line);

#[async_trait]
impl Application for SimApplication {
    async fn probe(&self, probe: &ReadinessProbe) -> ReadinessAnswer {
        let wanted = probe.clone();
        let answer =
            self.0.call(Service::Application, "probe", move |universe| Ok(answer(universe, &wanted)));
        answer.await.unwrap_or_else(|fault| ReadinessAnswer {
            ready: false,
            status: None,
            detail: fault.to_string(),
        })
    }
}

fn answer(universe: &mut Universe, probe: &ReadinessProbe) -> ReadinessAnswer {
    let unready =
        |detail: &str| ReadinessAnswer { ready: false, status: Some(503), detail: detail.to_owned() };
    let environment = probe.url.rsplit('/').next().unwrap_or_default();
    let Some(service) = universe.ecs.service(&setting::service(environment)) else { return unready("none") };
    let database = setting::database(environment);
    let database = database.and_then(|name| universe.ecs.service(&name));
    if database.is_some_and(|database| database.alive().next().is_none()) {
        return unready("no database");
    }
    let digests: Vec<_> = service.alive().filter_map(|task| task.digest.clone()).collect();
    if digests.is_empty() {
        return unready("no task");
    }
    let lucky = universe.dice.below(digests.len());
    let Some(image) = universe.images.image(&digests[lucky]) else { return unready("no image") };
    let reports_it = probe.must_equal.as_ref().is_none_or(|(_, commit)| *commit == image.commit);
    let ready = image.nature == Nature::Good && reports_it;
    ReadinessAnswer { ready, status: Some(if ready { 200 } else { 503 }), detail: image.commit.clone() }
}
