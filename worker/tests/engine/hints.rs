//! ECS's events: hints that come beside the chain of wake-ups. They wake whoever holds the lock of the service
//! they name, and nobody else; they never add to the chain.

use lockstep_events::{
    EcsDeploymentDetail, EcsDeploymentEventName, EcsDeploymentStateChange, Message as Content,
};

use crate::doubles::{Message, call};
use crate::stage::Stage;

/// ECS says that something about this service changed.
fn hint(stage: &Stage, service: &str) -> Message {
    let at = "2026-11-23T09:00:00Z".parse().unwrap();
    stage.put(&Content::EcsDeploymentStateChange(EcsDeploymentStateChange {
        id: "event".to_owned(),
        account: "000000000000".to_owned(),
        region: "eu-west-1".to_owned(),
        time: at,
        resources: vec![format!("arn:aws:ecs:eu-west-1:000000000000:service/{service}")],
        detail: EcsDeploymentDetail {
            event_type: "INFO".to_owned(),
            event_name: EcsDeploymentEventName::InProgress,
            deployment_id: "ecs-svc/1".to_owned(),
            updated_at: at,
            reason: "as ECS says".to_owned(),
        },
    }))
}

#[tokio::test]
async fn a_hint_that_finds_nothing_new_looks_and_sends_no_wake_up() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let (history, chain, sent) = (stage.store.items(id), stage.only_wake(id), stage.wire.count("send"));
    let looked = stage.wire.count("rollouts");
    stage.done(&b, &hint(&stage, "c/shop-staging")).await;
    assert_eq!(stage.wire.count("rollouts"), looked + 1, "it looked");
    assert_eq!((stage.store.items(id), stage.only_wake(id)), (history, chain));
    assert_eq!(stage.wire.count("send"), sent);
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
    let (of_staging, of_preview) = (stage.store.items(staging), stage.store.items(preview));
    stage.done(&a, &hint(&stage, "c/shop-preview")).await;
    assert_eq!(stage.store.items(staging), of_staging, "nobody looked");
    assert!(stage.store.items(preview).len() > of_preview.len(), "its build had ended");
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
