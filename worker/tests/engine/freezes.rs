//! In a freeze window no request is taken up, unless it says why it must be; what is under way goes on.

use std::sync::Arc;
use std::time::Duration;

use lockstep::config::FreezeWindow;
use lockstep::engine::Engine;
use lockstep_events::Message as Content;
use lockstep_state_machines::RefusalCode;

use crate::stage::{Stage, request};

const HOUR: Duration = Duration::from_hours(1);

/// A worker in whose configuration staging has a window, given in TOML.
fn worker(stage: &Stage, window: &str) -> Engine {
    let window: FreezeWindow = toml::from_str(window).unwrap();
    let mut world = stage.world("a");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    shop.config.environments.get_mut("staging").unwrap().freeze.push(window);
    Engine::new(Arc::new(world))
}

/// It is Monday, nine o'clock UTC: a window that has begun, and one that begins in an hour.
const ON: &str = "days = ['monday']\nfrom = 09:00\nuntil = 12:00\nzone = 'UTC'\nreason = 'the audit'";
const LATER: &str = "from = 2026-11-23T10:00:00Z\nuntil = 2026-11-23T12:00:00Z\nreason = 'the audit'";

#[tokio::test]
async fn a_request_in_a_window_is_rejected_with_its_reason_and_end_and_taken_up_after_it() {
    let stage = Stage::new();
    let a = worker(&stage, ON);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let words = "staging is frozen until 2026-11-23 12:00 UTC (the audit). Ask again once it has ended; \
         in an emergency, with --despite-freeze <reason>.";
    let items = stage.store.items(id);
    assert_eq!((items.len(), items[0].to.as_str(), items[0].detail.as_str()), (1, "rejected", words));
    let refusal = stage.machine(id).deployment().refusal.clone().unwrap();
    assert_eq!((refusal.code, refusal.message.as_str()), (RefusalCode::Frozen, words));
    assert_eq!((stage.wire.count("open"), stage.wire.services().len()), (0, 0), "nothing was touched");
    let (elsewhere, message) = stage.ask("preview");
    stage.done(&a, &message).await;
    assert_ne!(stage.newest(elsewhere).to, "rejected");
    stage.clock.forward(3 * HOUR);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    assert_eq!(stage.store.lock("staging").holder, Some(id));
}

#[tokio::test]
async fn an_emergency_is_taken_up_and_its_reason_is_in_the_history() {
    let stage = Stage::new();
    let a = worker(&stage, ON);
    let mut urgent = request("staging");
    urgent.overrides.despite_freeze = "the shop is down".parse().ok();
    let message = stage.put(&Content::DeployRequested(Box::new(urgent.clone())));
    stage.done(&a, &message).await;
    let first = stage.store.items(urgent.id).remove(0);
    assert_eq!(
        (first.event.as_str(), first.detail.as_str()),
        (
            "lock-taken",
            "staging is locked for the default branch, despite the freeze until 2026-11-23 12:00 UTC (the audit): the shop is down"
        )
    );
    assert_eq!(stage.machine(urgent.id).deployment().request, urgent);
    stage.up_to(&a, urgent.id, "healthy").await;
}

#[tokio::test]
async fn what_is_under_way_when_a_window_begins_goes_on() {
    let stage = Stage::new();
    let a = worker(&stage, LATER);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    stage.clock.forward(HOUR);
    let (late, late_message) = stage.ask("staging");
    stage.done(&a, &late_message).await;
    assert_eq!(stage.machine(late).deployment().refusal.clone().unwrap().code, RefusalCode::Frozen);
    stage.done(&a, &message).await;
    stage.up_to(&a, id, "healthy").await;
}
