//! ECS's events and the build's: hints that come beside the chain of wake-ups. They wake who waits for what they
//! are about, and nobody else; what they say is read again, and they never add to the chain.

use std::time::Duration;

use lockstep_events::EcsDeploymentEventName::{self, Completed, Failed, InProgress};
use lockstep_events::{
    BuildFinished, DeploymentId, EcsDeploymentDetail, EcsDeploymentStateChange, Message as Content,
};

use crate::doubles::{Message, call};
use crate::stage::{Stage, new_id};

/// The longest time between two looks, and between two hints that are looked after.
pub(crate) const CAP: Duration = Duration::from_secs(120);

/// ECS says this of a rollout of a service.
pub(crate) fn event(stage: &Stage, service: &str, rollout: &str, name: EcsDeploymentEventName) -> Message {
    let at = "2026-11-23T09:00:00Z".parse().unwrap();
    stage.put(&Content::EcsDeploymentStateChange(EcsDeploymentStateChange {
        id: "event".to_owned(),
        account: "000000000000".to_owned(),
        region: "eu-west-1".to_owned(),
        time: at,
        resources: vec![format!("arn:aws:ecs:eu-west-1:000000000000:service/{service}")],
        detail: EcsDeploymentDetail {
            event_type: "INFO".to_owned(),
            event_name: name,
            deployment_id: rollout.to_owned(),
            updated_at: Some(at),
            reason: "as ECS says".to_owned(),
        },
    }))
}

/// ECS says that a service's first rollout here has ended.
pub(crate) fn hint(stage: &Stage, service: &str) -> Message {
    event(stage, service, "ecs-svc/1", Completed)
}

/// The build workflow says that a run of it has ended.
pub(crate) fn built(stage: &Stage, id: DeploymentId, run: u64) -> Message {
    let finished = BuildFinished { id, workflow_run_id: run, workflow_run_attempt: 1 };
    stage.put(&Content::BuildFinished(finished))
}

#[tokio::test]
async fn a_hint_that_finds_the_rollout_ended_goes_on_with_one_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let old = stage.only_wake(id);
    stage.done(&b, &hint(&stage, "c/shop-staging")).await;
    assert_eq!(stage.newest(id).to, "deploying/checking-readiness");
    assert_eq!(stage.only_wake(id).wake().number, old.wake().number + 1);
    let services = stage.wire.services();
    stage.done(&a, &old).await;
    assert_eq!(stage.wire.services(), services, "the old chain ends without a look");
    stage.only_wake(id);
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_hint_wakes_only_the_holder_of_the_service_that_it_names() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (staging, first) = stage.ask("staging");
    stage.done(&a, &first).await;
    let (preview, second) = stage.ask("preview");
    stage.done(&a, &second).await;
    for (id, run) in [(staging, 100), (preview, 101)] {
        let ended = built(&stage, id, run);
        stage.done(&a, &ended).await;
        assert_eq!(stage.newest(id).to, "deploying/rolling-out-candidate");
    }
    let (of_staging, of_preview) = (stage.store.items(staging), stage.store.items(preview));
    stage.done(&a, &hint(&stage, "c/shop-preview")).await;
    assert_eq!(stage.store.items(staging), of_staging, "nobody looked");
    assert!(stage.store.items(preview).len() > of_preview.len(), "its rollout had ended");
}

#[tokio::test]
async fn a_rollout_that_is_known_to_be_over_costs_no_look() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let (services, live) = (stage.wire.services(), stage.queue.live());
    let told = |rollout: &str, name| event(&stage, "c/shop-staging", rollout, name);
    let before = "ecs-svc/0";
    for (rollout, name) in [(before, Completed), (before, Failed), ("ecs-svc/1", InProgress)] {
        stage.done(&b, &told(rollout, name)).await;
        assert_eq!((stage.wire.services(), stage.queue.live()), (services.clone(), live.clone()));
    }
    let later = EcsDeploymentEventName::Other("SERVICE_DEPLOYMENT_PAUSED".to_owned());
    let news = [
        ("ecs-svc/1", Failed),
        ("ecs-svc/1", later),
        ("ecs-svc/77", Completed),
        ("", Completed),
        (before, InProgress),
    ];
    for (looks, (rollout, name)) in (1..).zip(news) {
        stage.clock.forward(CAP);
        stage.done(&b, &told(rollout, name.clone())).await;
        assert_eq!(stage.wire.count("rollouts"), looks, "{name:?} of {rollout:?}");
    }
    stage.only_wake(id);
    stage.clock.forward(CAP);
    stage.done(&b, &told("ecs-svc/1", InProgress)).await;
    assert_eq!(stage.wire.count("rollouts"), 6, "by now it may be that ECS goes back");
}

#[tokio::test]
async fn a_hint_about_a_service_that_is_not_waited_for_costs_no_look() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("fresh");
    stage.done(&a, &message).await;
    let (history, services, live) = (stage.store.items(id), stage.wire.services(), stage.queue.live());
    for service in ["c/shop-fresh", "c/shop-database"] {
        stage.done(&a, &event(&stage, service, "ecs-svc/77", Completed)).await;
    }
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services), "a build is waited for");
    assert_eq!(stage.queue.live(), live);
}

/// `fresh` has a database of its own; each of its two services is waited for in turn.
#[tokio::test]
async fn an_event_of_the_other_service_or_of_another_cluster_costs_no_look() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("fresh");
    let legs = [
        ("deploying/awaiting-database", "c/shop-database", "c/shop-fresh"),
        ("deploying/rolling-out-candidate", "c/shop-fresh", "c/shop-database"),
    ];
    for (state, waited_for, other) in legs {
        stage.up_to(&a, id, state).await;
        let (services, live) = (stage.wire.services(), stage.queue.live());
        for elsewhere in [other, "c/other", "other/shop-fresh", "other/shop-database"] {
            stage.done(&a, &event(&stage, elsewhere, "ecs-svc/77", Completed)).await;
            assert_eq!(
                (stage.wire.services(), stage.queue.live()),
                (services.clone(), live.clone()),
                "{elsewhere}"
            );
        }
        stage.done(&a, &event(&stage, waited_for, "ecs-svc/77", Completed)).await;
        assert!(stage.wire.services().len() > services.len(), "{waited_for} is waited for in {state}");
        assert_ne!(stage.newest(id).to, state);
    }
}

#[tokio::test]
async fn what_a_hint_says_is_not_believed() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    for name in [Completed, Failed] {
        stage.clock.forward(CAP);
        stage.done(&a, &event(&stage, "c/shop-staging", "ecs-svc/1", name)).await;
        let newest = stage.newest(id);
        let found = (newest.event.as_str(), newest.to.as_str());
        assert_eq!(
            found,
            ("news-too-early", "deploying/rolling-out-candidate"),
            "ECS itself says that it goes on"
        );
    }
    stage.cluster.hold_rollouts(false);
    stage.clock.forward(CAP);
    stage.done(&a, &event(&stage, "c/shop-staging", "ecs-svc/1", Failed)).await;
    assert_eq!(stage.newest(id).to, "deploying/checking-readiness", "and then that it succeeded");
}

#[tokio::test]
async fn the_end_of_a_build_is_looked_at_at_once_and_the_run_is_read() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    stage.done(&b, &built(&stage, id, 100)).await;
    assert_eq!(stage.wire.count("run"), 1, "it looked");
    let newest = stage.newest(id);
    assert_eq!((newest.event.as_str(), newest.to.as_str()), ("news-too-early", "locked/awaiting-build"));
    let old = stage.only_wake(id);
    stage.forge.hold_builds(false);
    stage.clock.forward(CAP);
    stage.done(&b, &built(&stage, id, 100)).await;
    assert_eq!(stage.newest(id).to, "deploying/rolling-out-candidate");
    assert_eq!(stage.only_wake(id).wake().number, old.wake().number + 1, "one chain");
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.events(id, "build-succeeded"), 1);
}

#[tokio::test]
async fn the_end_of_a_build_that_nobody_waits_for_costs_no_look() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (services, live) = (stage.wire.services(), stage.queue.live());
    for unheard in [built(&stage, id, 101), built(&stage, new_id(), 100)] {
        stage.done(&a, &unheard).await;
    }
    assert_eq!(
        (stage.wire.services(), stage.queue.live()),
        (services, live),
        "another run, nobody's deployment"
    );
    stage.forge.hold_builds(false);
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let services = stage.wire.services();
    stage.done(&a, &built(&stage, id, 100)).await;
    assert_eq!(stage.wire.services(), services, "it is known to have ended");
    stage.up_to(&a, id, "healthy").await;
    let services = stage.wire.services();
    stage.done(&a, &built(&stage, id, 100)).await;
    assert_eq!(stage.wire.services(), services, "and so is the deployment");
}

#[tokio::test]
async fn the_end_of_a_build_does_not_take_a_claim_over() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let (history, services, live) = (stage.store.items(id), stage.wire.services(), stage.queue.live());
    let hint = built(&stage, id, 100);
    stage.done(&b, &hint).await;
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
    assert_eq!(stage.queue.live(), live);
}

#[tokio::test]
async fn a_hint_about_anything_else_asks_nothing() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (history, services) = (stage.store.items(id), stage.wire.services());
    for elsewhere in ["c/other", "other/shop-staging", "shop-staging", "c/shop-preview"] {
        stage.done(&a, &hint(&stage, elsewhere)).await;
    }
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
}

#[tokio::test]
async fn a_hint_leaves_a_claimed_action_to_its_holder() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let (history, services, live) = (stage.store.items(id), stage.wire.services(), stage.queue.live());
    let hint = hint(&stage, "c/shop-staging");
    stage.done(&b, &hint).await;
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
    assert_eq!(stage.queue.live(), live, "nor does it ask for a takeover");
}
