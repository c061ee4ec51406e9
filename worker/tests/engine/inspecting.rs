//! What is found before anything is changed: a service that cannot be deployed to is refused with nothing
//! touched, and what is odd but no obstacle is named in the history.

use lockstep::faults::FaultKind;
use lockstep_state_machines::HealthyRelease;

use crate::doubles::Trouble;
use crate::stage::{Stage, new_id};

const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";

/// What the inspection said, by its event.
async fn said(stage: &Stage, environment: &str, event: &str) -> String {
    let worker = stage.worker("a");
    let (id, message) = stage.ask(environment);
    stage.done(&worker, &message).await;
    let item = stage.store.items(id).into_iter().find(|item| item.event == event);
    item.unwrap_or_else(|| panic!("no {event}: {:#?}", stage.path(id))).detail
}

#[tokio::test]
async fn a_database_that_could_run_twice_is_refused_before_anything_is_touched() {
    let stage = Stage::new();
    stage.cluster.start_first("shop-database");
    let detail = said(&stage, "fresh", "environment-unfit").await;
    assert!(detail.contains("the database service shop-database has a minimum of 100 %"), "{detail}");
    assert_eq!((stage.wire.count("dispatch"), stage.wire.count("update")), (0, 0));
    assert_eq!(stage.store.lock("fresh").holder, None);
}

#[tokio::test]
async fn a_service_at_zero_tasks_will_run_what_it_ran_when_it_was_last_healthy() {
    let stage = Stage::new();
    stage.cluster.scale("shop-staging", 0);
    let detail = said(&stage, "staging", "environment-inspected").await;
    assert!(detail.contains("shop-staging stood at zero tasks; it will run 1"), "{detail}");
    assert!(detail.contains("1 task(s) desired"), "{detail}");
}

#[tokio::test]
async fn a_breaker_that_is_off_is_named() {
    for (enable, rollback) in [(false, true), (true, false)] {
        let stage = Stage::new();
        stage.cluster.set_breaker("shop-staging", enable, rollback);
        let detail = said(&stage, "staging", "environment-inspected").await;
        let words = "the deployment circuit breaker of shop-staging is not on with rollback";
        assert!(detail.contains(words), "{detail}");
    }
    let detail = said(&Stage::new(), "staging", "environment-inspected").await;
    assert!(!detail.contains("circuit breaker"), "{detail}");
}

#[tokio::test]
async fn a_service_that_somebody_moved_since_the_last_deployment_is_named() {
    let stage = Stage::new();
    stage.cluster.register("shop-staging:2", "shop-staging", THEIRS);
    stage.cluster.put_on("shop-staging", "shop-staging:2");
    let detail = said(&stage, "staging", "environment-inspected").await;
    let words = "the service runs shop-staging:2, but Lockstep left it on shop-staging:1 (0.1.0)";
    assert!(detail.contains(words), "{detail}");
}

#[tokio::test]
async fn a_service_that_is_not_where_it_was_last_healthy_is_named_although_nothing_is_current() {
    let stage = Stage::new();
    let mut record = stage.store.record("staging");
    let healthy: &mut HealthyRelease = record.last_healthy.as_mut().unwrap();
    (healthy.task_definition, healthy.deployment) = ("shop-staging:0".to_owned(), new_id());
    (record.current, record.dirty) = (None, Some("it was unlocked".to_owned()));
    stage.store.set_record("staging", record);
    let detail = said(&stage, "staging", "environment-inspected").await;
    for words in [
        "the deployment before left the environment unverified: it was unlocked",
        "the service runs shop-staging:1; the last healthy release 0.1.0 was shop-staging:0",
        "shop-staging:0 of the last healthy release 0.1.0 is not ACTIVE any more: there is nothing to roll back to",
    ] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

#[tokio::test]
async fn a_last_healthy_revision_that_somebody_retired_is_no_way_back() {
    let stage = Stage::new();
    stage.cluster.register("shop-staging:2", "shop-staging", THEIRS);
    stage.cluster.put_on("shop-staging", "shop-staging:2");
    stage.cluster.retire("shop-staging:1");
    let detail = said(&stage, "staging", "environment-inspected").await;
    assert!(detail.contains("shop-staging:1 of the last healthy release 0.1.0 is not ACTIVE"), "{detail}");
    assert!(!detail.contains("a rollback would go to"), "{detail}");
}

#[tokio::test]
async fn a_service_that_does_not_exist_is_refused_and_one_that_cannot_be_asked_is_asked_again() {
    let stage = Stage::new();
    stage.wire.trouble("service", Trouble::without_effect(FaultKind::NotFound));
    let detail = said(&stage, "staging", "environment-unfit").await;
    assert!(detail.contains("ECS has no active service shop-staging in cluster c"), "{detail}");

    let stage = Stage::new();
    let a = stage.worker("a");
    stage.wire.trouble("service", Trouble::without_effect(FaultKind::Unavailable));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.events(id, "environment-unfit"), 0);
}

#[tokio::test]
async fn a_task_whose_deployed_container_could_not_be_told_from_another_is_refused() {
    let app = "127.0.0.1:1/acme/shop:0.1.0";
    for (containers, words) in [
        (&[("web", app)][..], "shop-staging:1 has no container \"app\", only web: correct `container`"),
        (&[("app", app), ("side", app)], "container \"side\" of shop-staging:1 runs an image of"),
        (&[("app", app), ("side", "127.0.0.1:1/acme/shop@sha256:1")], "container \"side\""),
        (&[("app", app), ("side", "docker.io/127.0.0.1:1/acme/shop")], "container \"side\""),
    ] {
        let stage = Stage::new();
        stage.cluster.contain("shop-staging:1", containers);
        let detail = said(&stage, "staging", "environment-unfit").await;
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let stage = Stage::new();
    let others = [("app", app), ("a", "127.0.0.1:1/acme/shop-proxy:1"), ("b", "docker.io/library/nginx")];
    stage.cluster.contain("shop-staging:1", &others);
    said(&stage, "staging", "environment-inspected").await;
}

#[tokio::test]
async fn a_rollout_of_somebody_elses_that_is_under_way_is_named() {
    let stage = Stage::new();
    stage.cluster.register("theirs:7", "theirs", THEIRS);
    stage.cluster.hold_rollouts(true);
    stage.cluster.roll_out("shop-staging", "theirs:7");
    let detail = said(&stage, "staging", "environment-inspected").await;
    let words = "a rollout of theirs:7 that this deployment did not start is under way";
    assert!(detail.contains(words), "{detail}");
    let detail = said(&Stage::new(), "staging", "environment-inspected").await;
    assert!(!detail.contains("is under way"), "{detail}");
}
