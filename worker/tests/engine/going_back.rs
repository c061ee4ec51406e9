//! After a promotion that was not healthy: `latest` and the latest release are the last healthy release's again,
//! unless somebody else moved them, and the failed release says what became of it.

use std::sync::Arc;

use lockstep_events::DeploymentId;
use tokio::sync::oneshot;

use crate::doubles::{COMMIT, DIGEST, commit};
use crate::stage::{OLD_DIGEST, Stage, VERSION};

/// What somebody else does.
type Change = fn(&Stage);

const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";
const FIRST: &str = "sha256:6666666666666666666666666666666666666666666666666666666666666666";

/// Promotes the beta, whose rollout ECS gives up; `meanwhile` happens before the way back.
async fn rolled_back(stage: &Arc<Stage>, end: &str, meanwhile: fn(&Stage)) -> (DeploymentId, String) {
    let a = stage.worker("a");
    stage.stage_the_beta(&a).await;
    let (id, _) = stage.promote();
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.cluster.give_up("shop-production");
    stage.cluster.hold_rollouts(false);
    meanwhile(stage);
    stage.up_to(&a, id, end).await;
    let items = stage.store.items(id);
    let restored = items.into_iter().find(|item| item.event == "references-restored");
    (id, restored.unwrap_or_else(|| panic!("{:#?}", stage.path(id))).detail)
}

#[tokio::test]
async fn latest_and_the_latest_release_go_back_and_the_notes_say_so() {
    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let (id, notes) = rolled_back(&stage, "rolled-back", |_| {}).await;
    assert_eq!(stage.registry.tag("latest").as_deref(), Some(OLD_DIGEST));
    assert_eq!(stage.registry.tag(VERSION).as_deref(), Some(DIGEST), "a version's tag is for ever");
    assert_eq!(stage.forge.latest().as_deref(), Some("0.1.0"));
    for words in
        ["latest names 0.1.0 again", "the latest release is 0.1.0 again", "the notes of 0.2.0 say so"]
    {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    assert!(!notes.contains("instead of"), "{notes}");
    let named = stage.store.items(id).into_iter().find(|item| item.detail.contains("meanwhile"));
    assert_eq!(named, None, "what goes back is no change of somebody else's");
    let body = stage.forge.release_of(VERSION).unwrap().body;
    assert!(body.starts_with(&format!("**Rolled back** by deployment `{id}`.\n\nPromoted from")), "{body}");
    assert!(!stage.forge.release_of("0.1.0").unwrap().body.contains("Rolled back"));
}

#[tokio::test]
async fn latest_is_put_back_from_where_it_was_put_or_found_and_from_nowhere_else() {
    let cases: [(Change, &str, &str); 4] = [
        (|s| s.registry.push("latest", OLD_DIGEST.parse().unwrap()), OLD_DIGEST, "latest names 0.1.0 again"),
        (|s| s.registry.push("latest", FIRST.parse().unwrap()), OLD_DIGEST, "instead of sha256:6666"),
        (|s| s.registry.push("latest", THEIRS.parse().unwrap()), THEIRS, "latest is left alone"),
        (|_| (), OLD_DIGEST, "latest names 0.1.0 again"),
    ];
    for (meanwhile, ends_at, words) in cases {
        let stage = Stage::new();
        stage.production_runs_the_old_release();
        stage.registry.push("latest", FIRST.parse().unwrap());
        let (_, notes) = rolled_back(&stage, "rolled-back", meanwhile).await;
        assert_eq!(stage.registry.tag("latest").as_deref(), Some(ends_at), "{notes}");
        assert!(notes.contains(words), "{words}: {notes}");
        assert_eq!(notes.contains("instead of"), words.contains("instead of"), "{notes}");
    }
}

#[tokio::test]
async fn the_latest_release_is_left_where_somebody_else_put_it() {
    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let (_, notes) = rolled_back(&stage, "rolled-back", |s| {
        s.forge.put_release("9.9.9", false, &COMMIT.parse().unwrap());
        s.forge.make_latest("9.9.9");
    })
    .await;
    assert_eq!(stage.forge.latest().as_deref(), Some("9.9.9"));
    assert!(notes.contains("the latest release is left alone: somebody else moved it"), "{notes}");
}

#[tokio::test]
async fn a_last_healthy_release_that_is_gone_cannot_be_the_latest_again_and_that_is_said() {
    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let (_, notes) = rolled_back(&stage, "rolled-back", |s| s.forge.delete_release("0.1.0")).await;
    assert!(notes.contains("there is no release 0.1.0 to make the latest again"), "{notes}");
    assert_eq!(stage.forge.latest().as_deref(), Some(VERSION));
}

#[tokio::test]
async fn without_an_earlier_healthy_release_latest_stays_and_that_is_said() {
    let stage = Stage::new();
    let (id, notes) = rolled_back(&stage, "failed", |_| {}).await;
    assert!(notes.contains("latest stays: there is no earlier healthy release"), "{notes}");
    assert_eq!(stage.registry.tag("latest").as_deref(), Some(DIGEST));
    let body = stage.forge.release_of(VERSION).unwrap().body;
    assert!(body.starts_with(&format!("**Not healthy** by deployment `{id}`.\n\n")), "{body}");
}

#[tokio::test]
async fn who_takes_over_does_not_say_it_twice() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.production_runs_the_old_release();
    stage.stage_the_beta(&a).await;
    let (id, _) = stage.promote();
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.cluster.give_up("shop-production");
    stage.cluster.hold_rollouts(false);
    let (dying, died) = oneshot::channel();
    let moment = commit("references-restored", "rolling-back/retiring-revisions");
    stage.wire.before(moment, async move {
        dying.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    tokio::select! {
        () = stage.up_to(&a, id, "rolled-back") => panic!("it was to die"),
        died = died => died.unwrap(),
    }
    stage.up_to(&b, id, "rolled-back").await;
    let body = stage.forge.release_of(VERSION).unwrap().body;
    assert_eq!(body.matches("Rolled back").count(), 1, "{body}");
    assert_eq!(stage.forge.latest().as_deref(), Some("0.1.0"));
}
