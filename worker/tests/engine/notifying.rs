//! Who is told of what, beside the real histories: in order, once each unless a worker dies at the wrong moment, again
//! after a fault, no longer than is worth it; and that nothing about a deployment depends on it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lockstep::adapters::chance::SystemChance;
use lockstep::config::{Occasion, WebhookConfig, WebhookFormat};
use lockstep::faults::FaultKind;
use lockstep::notifications::{Announcer, Ports, Rules, Subscriber, nudging};
use lockstep::ports::{Clock as _, Store};
use lockstep_events::DeploymentId;
use lockstep_state_machines::RetryPolicy;
use tokio_util::sync::CancellationToken;

use crate::doubles::{FakeWebhook, MemoryDeliveries, Trouble};
use crate::looping::{Loop, until};
use crate::stage::Stage;

const CHAT: &str = "chat";
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);
const TOO_LONG: SignedDuration = SignedDuration::from_hours(2);

/// Who is told, and what is recorded of it.
struct Hearing {
    chat: Arc<FakeWebhook>,
    records: Arc<MemoryDeliveries>,
}

impl Hearing {
    fn of(stage: &Stage) -> Self {
        let records = Arc::new(MemoryDeliveries::new(stage.wire.clone()));
        Self { chat: Arc::new(FakeWebhook::new(stage.wire.clone())), records }
    }

    /// A worker's announcer, for a chat that wants these occasions (all, if none is named) of these environments.
    fn announcer_for(&self, stage: &Stage, occasions: &[Occasion], environments: &[&str]) -> Announcer {
        let config = WebhookConfig {
            format: WebhookFormat::Json,
            url_variable: "UNUSED".to_owned(),
            secret_variable: None,
            environments: environments.iter().map(|name| (*name).to_owned()).collect(),
            occasions: occasions.to_vec(),
        };
        let ports = Ports {
            store: stage.store.clone(),
            records: self.records.clone(),
            clock: stage.clock.clone(),
            chance: Arc::new(SystemChance),
        };
        let rules = Rules {
            give_up_after: GIVE_UP_AFTER,
            lock_held_too_long: TOO_LONG,
            try_timeout: Duration::from_secs(10),
            backoff: RetryPolicy {
                budget: u32::MAX,
                base: SignedDuration::from_secs(5),
                cap: SignedDuration::from_secs(60),
            },
            scan: Duration::from_secs(60),
        };
        let subscribers = vec![Subscriber::new(CHAT.to_owned(), &config, self.chat.clone())];
        let environments = stage.world("x").environments().collect();
        Announcer::new(ports, environments, subscribers, rules)
    }

    fn announcer(&self, stage: &Stage) -> Announcer {
        self.announcer_for(stage, &[], &[])
    }

    /// What was given up, and why.
    fn given_up(&self, id: DeploymentId) -> Vec<String> {
        self.records.of(id, CHAT).settled.into_iter().filter_map(|settled| settled.given_up).collect()
    }
}

/// A promotion whose rollout ECS gives up.
async fn rolled_back(stage: &Stage) -> DeploymentId {
    let a = stage.worker("a");
    stage.production_runs_the_old_release();
    stage.stage_the_beta(&a).await;
    let (id, _) = stage.promote();
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.cluster.give_up("shop-production");
    stage.cluster.hold_rollouts(false);
    stage.up_to(&a, id, "rolled-back").await;
    id
}

#[tokio::test]
async fn a_deployment_is_told_from_its_start_to_its_end_and_each_step_once() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let mut announcer = hearing.announcer_for(&stage, &[], &["shop/production"]);
    let id = rolled_back(&stage).await;
    announcer.scan().await;
    announcer.scan().await;
    hearing.announcer_for(&stage, &[], &["shop/production"]).scan().await;
    assert_eq!(hearing.chat.heard(), ["started", "rolling-back", "rolled-back"], "another worker's too");
    let last: serde_json::Value = serde_json::from_str(&hearing.chat.posted()[2].body).unwrap();
    let newest = stage.newest(id);
    assert_eq!(last["id"], format!("{id}/{}", newest.seq));
    assert_eq!(last["summary"], stage.machine(id).ending().unwrap().summary);
    assert_eq!((&last["environment"], &last["version"]), (&"production".into(), &"0.2.0".into()));
    let settled = hearing.records.of(id, CHAT).settled;
    assert_eq!(settled.len(), 3);
    assert!(settled.iter().all(|settled| settled.tries == 1 && settled.given_up.is_none()), "{settled:?}");
}

#[tokio::test]
async fn only_what_is_wanted_is_told() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    rolled_back(&stage).await;
    hearing.announcer_for(&stage, &[Occasion::Healthy, Occasion::RolledBack], &[]).scan().await;
    assert_eq!(hearing.chat.heard(), ["rolled-back", "healthy"], "production comes first by name");
    let hearing = Hearing::of(&stage);
    hearing.announcer_for(&stage, &[], &["shop/preview"]).scan().await;
    assert!(hearing.chat.heard().is_empty());
}

#[tokio::test]
async fn a_fault_that_passes_is_tried_again_and_what_follows_waits_for_it() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let mut announcer = hearing.announcer(&stage);
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Unavailable));
    announcer.scan().await;
    assert!(hearing.chat.heard().is_empty(), "not the end before the start");
    let trying = hearing.records.of(id, CHAT).trying.unwrap();
    assert_eq!(trying.tries, 1);
    assert!(trying.problem.unwrap().contains("trouble that a test made"));
    stage.clock.forward(Duration::from_secs(60));
    announcer.scan().await;
    assert_eq!(hearing.chat.heard(), ["started", "healthy"]);
    let tries: Vec<_> = hearing.records.of(id, CHAT).settled.iter().map(|settled| settled.tries).collect();
    assert_eq!(tries, [2, 1]);
}

#[tokio::test]
async fn a_webhooks_own_wait_is_kept() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let mut announcer = hearing.announcer(&stage);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let wait = Duration::from_secs(600);
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Throttled).asking_for(wait));
    announcer.scan().await;
    stage.clock.forward(Duration::from_secs(599));
    announcer.scan().await;
    assert!(hearing.chat.heard().is_empty());
    assert_eq!(hearing.records.of(id, CHAT).trying.unwrap().tries, 1);
    stage.clock.forward(Duration::from_secs(1));
    announcer.scan().await;
    assert_eq!(hearing.chat.heard().first().map(String::as_str), Some("started"));
}

#[tokio::test]
async fn however_long_a_webhook_wants_to_wait_there_is_a_last_try_in_time() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let mut announcer = hearing.announcer(&stage);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let a_day = Duration::from_secs(86_400);
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Throttled).asking_for(a_day));
    announcer.scan().await;
    let next = hearing.records.of(id, CHAT).trying.unwrap().next_at;
    assert_eq!(next, stage.store.items(id)[0].at + GIVE_UP_AFTER);
    stage.clock.forward(GIVE_UP_AFTER.unsigned_abs());
    announcer.scan().await;
    assert_eq!(hearing.chat.heard().first().map(String::as_str), Some("started"));
}

#[tokio::test]
async fn a_lock_that_was_held_while_nobody_was_there_is_told_of_all_the_same() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (_, message) = stage.ask("staging");
    stage.forge.hold_builds(true);
    stage.done(&stage.worker("a"), &message).await;
    stage.clock.forward((TOO_LONG + GIVE_UP_AFTER * 3).unsigned_abs());
    hearing.announcer_for(&stage, &[Occasion::LockHeldTooLong], &[]).scan().await;
    assert_eq!(hearing.chat.heard(), ["lock-held-too-long"]);
}

/// What the lock brings about and what the history does share one webhook, and its pauses.
#[tokio::test]
async fn a_pause_that_one_notice_was_asked_for_is_kept_by_the_next() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    stage.forge.hold_builds(true);
    stage.done(&a, &message).await;
    let mut announcer = hearing.announcer_for(&stage, &[Occasion::LockHeldTooLong, Occasion::Cancelled], &[]);
    stage.clock.forward(TOO_LONG.unsigned_abs());
    let wait = Duration::from_secs(600);
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Throttled).asking_for(wait));
    announcer.scan().await;
    stage.done(&a, &stage.ask_to_cancel(id)).await;
    stage.clock.forward(Duration::from_secs(599));
    announcer.scan().await;
    assert!(hearing.chat.heard().is_empty(), "{:?}", hearing.chat.heard());
    stage.clock.forward(Duration::from_secs(1));
    announcer.scan().await;
    assert_eq!(hearing.chat.heard(), ["cancelled"], "the lock is free by now");
}

#[tokio::test]
async fn what_can_never_succeed_is_given_up_and_the_next_is_told() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::NotFound));
    hearing.announcer(&stage).scan().await;
    assert_eq!(hearing.chat.heard(), ["healthy"]);
    let given_up = hearing.given_up(id);
    assert!(given_up.len() == 1 && given_up[0].contains("trouble that a test made"), "{given_up:?}");
}

#[tokio::test]
async fn what_is_too_old_is_given_up_and_the_record_says_after_how_many_tries() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let mut announcer = hearing.announcer(&stage);
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Connection));
    announcer.scan().await;
    stage.clock.forward(GIVE_UP_AFTER.unsigned_abs() + Duration::from_secs(60));
    announcer.scan().await;
    assert!(hearing.chat.heard().is_empty());
    let given_up = hearing.given_up(id);
    assert_eq!(given_up.len(), 2, "{given_up:?}");
    assert!(
        given_up[0].contains("after 1 tries; the last: ") && given_up[1].contains("after 0 tries"),
        "{given_up:?}"
    );
}

#[tokio::test]
async fn two_workers_do_not_make_the_same_try() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let mut other = hearing.announcer(&stage);
    let mut announcer = hearing.announcer(&stage);
    // Just before the first one's try is written, the second has written and made it.
    stage.wire.before("record deliveries".to_owned(), async move { other.scan().await });
    announcer.scan().await;
    assert_eq!(hearing.chat.heard(), ["started"]);
    assert_eq!(hearing.records.of(id, CHAT).settled.len(), 1);
}

#[tokio::test]
async fn a_try_whose_worker_died_is_made_again_under_the_same_id() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let mut announcer = hearing.announcer(&stage);
    let (dying, died) = tokio::sync::oneshot::channel();
    // It arrives, and its worker is gone before it can write so.
    let wire = stage.wire.clone();
    stage.wire.before("POST".to_owned(), async move {
        wire.before("record deliveries".to_owned(), async move {
            dying.send(()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    tokio::select! {
        () = announcer.scan() => panic!("it was to die"),
        died = died => died.unwrap(),
    }
    assert_eq!(hearing.chat.heard(), ["started"]);
    let mut other = hearing.announcer(&stage);
    other.scan().await;
    assert_eq!(hearing.chat.heard(), ["started"], "the try may still be under way");
    stage.clock.forward(Duration::from_secs(20));
    other.scan().await;
    assert_eq!(hearing.chat.heard(), ["started", "started"]);
    let posted = hearing.chat.posted();
    assert_eq!(posted[0].id, posted[1].id);
    assert_eq!(hearing.records.of(id, CHAT).settled[0].tries, 2);
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_told_of_once() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let mut announcer = hearing.announcer_for(&stage, &[Occasion::LockHeldTooLong], &[]);
    stage.clock.forward(TOO_LONG.unsigned_abs() - Duration::from_secs(1));
    announcer.scan().await;
    assert!(hearing.chat.heard().is_empty());
    stage.clock.forward(Duration::from_secs(1));
    announcer.scan().await;
    announcer.scan().await;
    assert_eq!(hearing.chat.heard(), ["lock-held-too-long"]);
    let body = hearing.chat.posted()[0].body.clone();
    assert!(
        body.contains(&format!("\"id\":\"{id}/lock-held-too-long\""))
            && body.contains("holds the lock since"),
        "{body}"
    );
}

#[tokio::test]
async fn a_worker_is_nudged_by_what_it_records_and_told_of_nothing_else() {
    let stage = Stage::new();
    let (store, mut nudges) = nudging(stage.store.clone() as Arc<dyn Store>);
    let mut world = stage.world("a");
    world.store = Arc::new(store);
    let a = lockstep::engine::Engine::new(Arc::new(world));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let mut nudged = Vec::new();
    while let Ok(id) = nudges.try_recv() {
        nudged.push(id);
    }
    assert_eq!(nudged, [id, id], "its start and its end");
}

/// Whoever may send, and has no say in an environment, could else flood its chat.
#[tokio::test]
async fn what_a_stranger_asks_for_is_told_to_nobody() {
    let stage = crate::who::stage();
    let (store, mut nudges) = nudging(stage.store.clone() as Arc<dyn Store>);
    let mut world = crate::who::guarded_world(&stage);
    world.store = Arc::new(store);
    let a = lockstep::engine::Engine::new(Arc::new(world));
    let request = crate::who::by_run("preview");
    let message = crate::who::send(&stage, &request, "AROASTRANGER:run-1");
    stage.done(&a, &message).await;
    assert_eq!(stage.newest(request.id).to, "rejected");
    assert!(nudges.try_recv().is_err(), "nobody is nudged about it");

    let nowhere = crate::stage::request("nowhere");
    let hearing = Hearing::of(&stage);
    let (nudge, nudges) = tokio::sync::mpsc::channel(1);
    stage.done(&a, &crate::who::send(&stage, &nowhere, crate::who::PERSON)).await;
    assert_eq!(stage.newest(nowhere.id).to, "rejected");
    nudge.send(nowhere.id).await.unwrap();
    let shutdown = CancellationToken::new();
    let telling = tokio::spawn(hearing.announcer(&stage).run(nudges, shutdown.clone()));
    until("the nudge was taken", || nudge.capacity() == 1).await;
    shutdown.cancel();
    telling.await.unwrap();
    assert!(hearing.chat.heard().is_empty(), "there is no such environment");
}

#[tokio::test]
async fn the_loop_tells_at_a_nudge_tries_again_in_time_and_ends_at_shutdown() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (store, nudges) = nudging(stage.store.clone() as Arc<dyn Store>);
    let mut world = stage.world("a");
    world.store = Arc::new(store);
    let announcer = hearing.announcer(&stage);
    let shutdown = CancellationToken::new();
    let telling = tokio::spawn(announcer.run(nudges, shutdown.clone()));
    let working = Loop::of(world);
    stage.wire.trouble("POST", Trouble::without_effect(FaultKind::Unavailable));
    let (id, _) = stage.ask("staging");
    until("the first try", || hearing.records.of(id, CHAT).trying.is_some_and(|t| t.problem.is_some())).await;
    assert!(hearing.chat.heard().is_empty());
    until("the next try", || {
        stage.clock.forward(Duration::from_secs(1));
        !hearing.chat.heard().is_empty()
    })
    .await;
    shutdown.cancel();
    telling.await.unwrap();
    working.stop().await;
    assert!(stage.clock.lived() > Duration::ZERO);
}

#[tokio::test]
async fn a_chat_that_hangs_holds_up_no_deployment() {
    let stage = Stage::new();
    let hearing = Hearing::of(&stage);
    let (store, nudges) = nudging(stage.store.clone() as Arc<dyn Store>);
    let mut world = stage.world("a");
    world.store = Arc::new(store);
    stage.wire.before("POST".to_owned(), std::future::pending());
    let shutdown = CancellationToken::new();
    let telling = tokio::spawn(hearing.announcer(&stage).run(nudges, shutdown.clone()));
    let a = lockstep::engine::Engine::new(Arc::new(world));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    shutdown.cancel();
    telling.await.unwrap();
    assert!(hearing.chat.heard().is_empty());
}
