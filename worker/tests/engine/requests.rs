//! Requests that cannot be what they seem: malformed, reused, for somewhere that is not configured, or about a
//! deployment that is not known. None is lost in silence and none is guessed at.

use std::sync::Arc;

use lockstep::engine::{Disposition, Engine, EngineError};
use lockstep_events::{Message as Content, Target};

use crate::stage::{Stage, new_id, request};

#[tokio::test]
async fn the_same_id_with_another_payload_is_parked_with_the_reason() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let first = request("staging");
    let message = stage.put(&Content::DeployRequested(Box::new(first.clone())));
    stage.done(&a, &message).await;
    let (history, services) = (stage.store.items(first.id), stage.wire.services());
    let mut other = first.clone();
    other.target = Target::Commit { reference: Some("other".parse().unwrap()) };
    let other = stage.put(&Content::DeployRequested(Box::new(other)));
    let Disposition::Park(reason) = stage.deliver(&a, &other).await.unwrap() else { panic!("to be parked") };
    assert_eq!(
        reason,
        format!(
            "deployment id {} was used before with another payload: a new request needs a new id",
            first.id
        )
    );
    assert_eq!((stage.store.items(first.id), stage.wire.services()), (history, services));
}

#[tokio::test]
async fn the_same_id_with_another_payload_is_parked_when_the_first_came_meanwhile() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let first = request("staging");
    let mut other = first.clone();
    "carol".clone_into(&mut other.requester.actor);
    let other = stage.put(&Content::DeployRequested(Box::new(other)));
    let (on, message) = (stage.clone(), stage.put(&Content::DeployRequested(Box::new(first.clone()))));
    stage.wire.before("open".to_owned(), async move { on.done(&b, &message).await });
    let Disposition::Park(reason) = stage.deliver(&a, &other).await.unwrap() else { panic!("to be parked") };
    assert!(reason.contains("used before with another payload"), "{reason}");
    assert_eq!(stage.machine(first.id).deployment().request, first);
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_with_the_reason() {
    let stage = Stage::new();
    let a = stage.worker("a");
    for (body, why) in [
        ("no JSON", "not understood: the message is not JSON"),
        (
            r#"{"lockstep": 2, "type": "wake-up", "body": {}}"#,
            "not understood: envelope version 2 is unknown",
        ),
        (
            r#"{"lockstep": 1, "type": "wake-up", "body": {"id": 1}}"#,
            "not understood: the body of this wake-up",
        ),
    ] {
        let message = stage.queue.put(body, std::time::Duration::ZERO);
        let outcome = stage.deliver(&a, &message).await.unwrap();
        let Disposition::Park(reason) = outcome else { panic!("to be parked: {body}") };
        assert!(reason.starts_with(why), "{reason}");
    }
    assert_eq!(stage.wire.log(), [""; 0], "nothing was asked or written");
}

#[tokio::test]
async fn an_environment_that_nobody_configured_is_refused_on_the_record() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("nowhere");
    stage.done(&a, &message).await;
    let refused = stage.newest(id);
    assert_eq!(
        (refused.seq, refused.to.as_str(), refused.event.as_str()),
        (1, "rejected", "request-refused")
    );
    assert_eq!(
        refused.detail,
        "there is no environment nowhere of application shop in the worker's configuration"
    );
    assert_eq!((stage.store.lock("nowhere").holder, stage.wire.services().len()), (None, 0));
}

#[tokio::test]
async fn a_target_of_the_wrong_kind_is_refused_on_the_record() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let mut wrong = request("staging");
    wrong.target = Target::Beta { tag: "0.2.0-abcdef0.beta".parse().unwrap() };
    let message = stage.put(&Content::DeployRequested(Box::new(wrong.clone())));
    stage.done(&a, &message).await;
    let refused = stage.newest(wrong.id);
    assert_eq!((refused.seq, refused.to.as_str()), (1, "rejected"));
    assert_eq!(refused.detail, "staging takes commits, not beta tags: betas are promoted to production");
    assert_eq!(stage.store.lock("staging").token, 0, "the lock was never taken");
}

#[tokio::test]
async fn a_deployment_of_an_environment_that_this_worker_lacks_stays_for_one_that_has_it() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let mut world = stage.world("b");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    shop.config.environments.remove("preview").unwrap();
    let b = Engine::new(Arc::new(world));
    let (id, message) = stage.ask("preview");
    stage.done(&a, &message).await;
    let (history, services, wake) = (stage.store.items(id), stage.wire.services(), stage.only_wake(id));
    let error = stage.deliver(&b, &wake).await.unwrap_err();
    assert!(matches!(error, EngineError::NotConfigured { .. }) && !error.is_transient(), "{error}");
    assert!(error.to_string().contains("shop/preview"), "{error}");
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
    assert_eq!(stage.only_wake(id), wake, "the message is still there");
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_wish_to_cancel_what_is_not_known_stays_until_it_is() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let unknown = new_id();
    let cancel = stage.ask_to_cancel(unknown);
    let error = stage.deliver(&a, &cancel).await.unwrap_err();
    assert!(
        matches!(error, EngineError::NotYetKnown(id) if id == unknown) && error.is_transient(),
        "{error}"
    );
    assert_eq!(stage.queue.live(), [cancel]);
}

#[tokio::test]
async fn a_beta_tag_that_is_another_commits_is_refused_before_it_could_block_the_end() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (first, _) = stage.ask("staging");
    stage.up_to(&a, first, "healthy").await;
    let theirs = "c".repeat(40).parse().unwrap();
    stage.store.recommit_betas(&theirs);
    let (second, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let newest = stage.newest(second);
    assert_eq!((newest.event.as_str(), newest.to.as_str()), ("source-refused", "rejected"));
    let words = format!("is recorded healthy with commit {theirs}");
    assert!(
        newest.detail.contains(&words) && newest.detail.ends_with("raise the version"),
        "{}",
        newest.detail
    );
    assert_eq!(stage.store.lock("staging").holder, None);
}
