//! What it takes to be healthy: as many tasks as wanted, every one of them running the wanted image, no other, and
//! an answer of the application after that. Whatever is missing is waited for, and never assumed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lockstep::engine::Engine;
use lockstep::ports::{Application, ReadinessAnswer, ReadinessProbe};

use crate::doubles::DIGEST;
use crate::stage::{LEASE, Stage};

const SERVICE: &str = "shop-staging";
const CHECKING: &str = "deploying/checking-readiness";
const PLATFORM: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";

#[tokio::test]
async fn tasks_that_are_not_all_and_only_those_that_were_wanted_are_waited_for() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    let ours = stage.cluster.primary(SERVICE);
    let ours = ours.as_str();
    for tasks in [
        &[][..],
        &[(ours, "PENDING")],
        &[("shop-staging:1", "RUNNING")],
        &[(ours, "RUNNING"), ("shop-staging:1", "RUNNING")],
        &[(ours, "RUNNING"), (ours, "RUNNING")],
        &[(ours, "STOPPED")],
    ] {
        stage.cluster.list(SERVICE, tasks);
        stage.next(&a).await;
        assert_eq!(stage.newest(id).to, CHECKING, "{tasks:?}");
    }
    stage.cluster.list(SERVICE, &[(ours, "RUNNING"), ("shop-staging:1", "STOPPED")]);
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, "healthy", "a task that has stopped does not count");
}

#[tokio::test]
async fn a_service_that_runs_nothing_is_not_healthy() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    stage.cluster.scale(SERVICE, 0);
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, CHECKING);
    stage.cluster.scale(SERVICE, 1);
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_task_that_reports_another_image_is_no_proof() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    stage.cluster.report(SERVICE, Some(THEIRS));
    stage.next(&a).await;
    let wrong = stage.store.items(id).into_iter().find(|item| item.event == "wrong-digest");
    let detail = wrong.unwrap_or_else(|| panic!("{:#?}", stage.path(id))).detail;
    assert!(detail.contains(&format!("runs {THEIRS}, which is not {DIGEST} of")), "{detail}");
}

#[tokio::test]
async fn a_manifest_of_the_wanted_index_is_the_wanted_image_and_the_registry_is_asked_only_then() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    stage.registry.index(DIGEST, &[PLATFORM]);
    stage.cluster.report(SERVICE, Some(PLATFORM));
    let asked = stage.wire.count("contents");
    stage.next(&a).await;
    assert_eq!((stage.newest(id).to.as_str(), stage.wire.count("contents")), ("healthy", asked + 1));

    let (second, _) = stage.ask("preview");
    stage.up_to(&a, second, CHECKING).await;
    stage.cluster.report("shop-preview", Some(DIGEST));
    let asked = stage.wire.count("contents");
    stage.next(&a).await;
    assert_eq!((stage.newest(second).to.as_str(), stage.wire.count("contents")), ("healthy", asked));
}

#[tokio::test]
async fn an_image_that_ecs_does_not_report_is_said_to_be_unproven() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    stage.cluster.report(SERVICE, None);
    stage.next(&a).await;
    let newest = stage.newest(id);
    assert_eq!(newest.to, "healthy");
    assert!(newest.detail.contains("ECS reports no image digest for task"), "{}", newest.detail);
}

#[tokio::test]
async fn what_is_replaced_while_it_is_checked_ends_after_a_lease_and_is_left_in_place() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, CHECKING).await;
    let (ours, updates) = (stage.cluster.primary(SERVICE), stage.wire.count("update"));
    stage.cluster.put_on(SERVICE, "theirs:7");
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, CHECKING, "it may be a picture from before");
    stage.clock.forward(LEASE);
    stage.up_to(&a, id, "failed").await;
    let summary = stage.machine(id).ending().unwrap().summary;
    let words = format!("{ours} was replaced by theirs:7 while it was being checked");
    assert!(summary.contains(&words), "{summary}");
    assert_eq!((stage.cluster.primary(SERVICE).as_str(), stage.wire.count("update")), ("theirs:7", updates));
}

/// Answers ready or not, as a test says it; each answer is given once.
struct Answers(Mutex<VecDeque<bool>>);

#[async_trait]
impl Application for Answers {
    async fn probe(&self, _: &ReadinessProbe) -> ReadinessAnswer {
        let ready = self.0.lock().unwrap().pop_front().expect("an answer for every question");
        let (status, detail) = if ready { (200, "ready") } else { (503, "migrating") };
        ReadinessAnswer { ready, status: Some(status), detail: detail.to_owned() }
    }
}

#[tokio::test]
async fn the_application_answers_ready_as_often_in_a_row_as_configured_with_a_pause_between() {
    let stage = Stage::new();
    let (id, _) = stage.ask("staging");
    stage.up_to(&stage.worker("a"), id, CHECKING).await;
    let answers = Arc::new(Answers(Mutex::default()));
    let mut world = stage.world("b");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    let readiness = &mut shop.config.environments.get_mut("staging").unwrap().readiness;
    (readiness.consecutive, readiness.interval_milliseconds) = (3, 1000);
    world.application = answers.clone();
    let b = Engine::new(Arc::new(world));
    for (given, end) in [([true, true, false], CHECKING), ([true, true, true], "healthy")] {
        answers.0.lock().unwrap().extend(given);
        let (on, engine) = (stage.clone(), b.clone());
        let looking = tokio::spawn(async move { on.next(&engine).await });
        for left in [2, 1] {
            settle().await;
            assert_eq!(answers.0.lock().unwrap().len(), left, "the next one is not asked for at once");
            stage.clock.forward(Duration::from_millis(999));
            settle().await;
            assert_eq!(answers.0.lock().unwrap().len(), left);
            stage.clock.forward(Duration::from_millis(1));
        }
        looking.await.unwrap();
        assert_eq!((stage.newest(id).to.as_str(), answers.0.lock().unwrap().len()), (end, 0));
    }
}

/// Lets everything that can go on go on.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
