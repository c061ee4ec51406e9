//! What is found before anything is changed: a service that cannot be deployed to is refused with nothing
//! touched, and what is odd but no obstacle is named in the history.

use lockstep_state_machines::HealthyRelease;

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
