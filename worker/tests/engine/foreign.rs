//! Somebody else changes the service, a tag, the release or the revision in the middle of a deployment: it is
//! noticed, named in the history, and not overwritten.

use lockstep::faults::FaultKind;

use crate::doubles::{Trouble, call};
use crate::stage::{BETA, LEASE, Stage, VERSION};

const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";

#[tokio::test]
async fn a_service_that_was_changed_since_it_was_inspected_is_not_updated() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&worker, id, "locked/awaiting-build").await;
    stage.cluster.put_on("shop-staging", "theirs:7");
    stage.up_to(&worker, id, "failed").await;
    assert_eq!((stage.wire.count("update"), stage.cluster.rollouts_of("shop-staging")), (0, 0));
    assert_eq!(stage.cluster.primary("shop-staging"), "theirs:7");
    let named = stage.store.items(id).into_iter().find(|item| item.event == "rollout-forestalled").unwrap();
    let words =
        "somebody else has put shop-staging on theirs:7 since this deployment found it on shop-staging:1";
    assert!(named.detail.contains(words), "{}", named.detail);
    let ending = stage.machine(id).ending().unwrap();
    assert!(ending.operator_needed && ending.summary.contains(words), "{}", ending.summary);
}

#[tokio::test]
async fn on_the_way_back_somebody_elses_change_is_not_overwritten() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&worker, id, "deploying/rolling-out-candidate").await;
    stage.cluster.give_up("shop-staging");
    let on = stage.clone();
    // After the rollout was judged, before the last healthy release is put back.
    let moment = crate::doubles::commit("rollout-failed", "rolling-back/starting-restored");
    stage.wire.before(moment, async move { on.cluster.put_on("shop-staging", "theirs:7") });
    let updates = stage.wire.count("update");
    stage.up_to(&worker, id, "failed").await;
    assert_eq!(
        (stage.wire.count("update"), stage.cluster.primary("shop-staging").as_str()),
        (updates, "theirs:7")
    );
    let ending = stage.machine(id).ending().unwrap();
    assert!(ending.operator_needed && ending.summary.contains("theirs:7"), "{}", ending.summary);
}

#[tokio::test]
async fn what_was_made_and_is_gone_or_moved_is_named_and_left_as_it_is() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&worker, id, "deploying/checking-readiness").await;
    let beta = stage.machine(id).deployment().source.clone().unwrap().beta.to_string();
    stage.registry.push(&beta, THEIRS.parse().unwrap());
    stage.forge.delete_releases();
    let ours = stage.cluster.primary("shop-staging");
    stage.cluster.retire(&ours);
    let (points, updates) = (stage.wire.count("point"), stage.wire.count("update"));
    stage.next(&worker).await;
    assert_eq!(stage.newest(id).to, "deploying/checking-readiness", "it may be a picture from before");
    stage.clock.forward(LEASE);
    stage.next(&worker).await;
    assert_eq!(stage.newest(id).to, "healthy", "a lease later it is not");
    let newest = stage.newest(id);
    for words in [
        format!("somebody moved image tag {beta} to {THEIRS} meanwhile"),
        format!("somebody deleted the release {beta} meanwhile"),
        format!("somebody deregistered {ours} meanwhile"),
    ] {
        assert!(newest.detail.contains(&words), "{words}: {}", newest.detail);
        let summary = stage.machine(id).ending().unwrap().summary;
        assert!(summary.contains(&words), "{words}: {summary}");
    }
    assert_eq!(
        (stage.wire.count("point"), stage.wire.count("update")),
        (points, updates),
        "nothing is put back"
    );
}

#[tokio::test]
async fn a_rollout_of_ours_that_somebody_else_started_is_named() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&worker, id, "deploying/checking-readiness").await;
    let ours = stage.cluster.primary("shop-staging");
    stage.cluster.force("shop-staging");
    stage.clock.forward(LEASE);
    stage.up_to(&worker, id, "healthy").await;
    let summary = stage.machine(id).ending().unwrap().summary;
    assert!(summary.contains(&format!("1 more rollout(s) of {ours} were started meanwhile")), "{summary}");
}

#[tokio::test]
async fn what_lags_behind_is_not_taken_for_somebody_elses_change() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&worker, id, "deploying/checking-readiness").await;
    let beta = stage.machine(id).deployment().source.clone().unwrap().beta.to_string();
    let shown = stage.machine(id).deployment().digest.clone().unwrap();
    stage.registry.push(&beta, THEIRS.parse().unwrap());
    let on = stage.clone();
    stage.next(&worker).await;
    stage.wire.before(call("resolve_tag"), async move { on.registry.push(&beta, shown) });
    stage.up_to(&worker, id, "healthy").await;
    assert!(!stage.newest(id).detail.contains("somebody"), "{}", stage.newest(id).detail);
}

#[tokio::test]
async fn what_runs_proven_is_healthy_although_nobody_can_say_what_became_of_the_release() {
    for kind in [FaultKind::Denied, FaultKind::Throttled] {
        let stage = Stage::new();
        let worker = stage.worker("a");
        let (id, _) = stage.ask("staging");
        stage.up_to(&worker, id, "deploying/checking-readiness").await;
        let beta = stage.machine(id).deployment().source.clone().unwrap().beta.to_string();
        stage.registry.push(&beta, THEIRS.parse().unwrap());
        stage.clock.forward(LEASE);
        for _ in 0..2 {
            stage.wire.trouble("release", Trouble::without_effect(kind));
        }
        stage.next(&worker).await;
        assert_eq!(stage.newest(id).to, "healthy", "it is proven now, and may not be later");
        let summary = stage.machine(id).ending().unwrap().summary;
        let unknown = "whether somebody changed the release meanwhile could not be looked at: GitHub";
        let known = format!("somebody moved image tag {beta} to {THEIRS} meanwhile");
        assert!(summary.contains(unknown) && summary.contains(&known), "{summary}");
    }
}

#[tokio::test]
async fn a_look_whose_answer_is_lost_is_taken_again_at_once() {
    let stage = Stage::new();
    let worker = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&worker, id, "deploying/checking-readiness").await;
    for operation in ["resolve_tag", "release", "tag_commit", "task_definition", "rollouts"] {
        stage.wire.trouble(operation, Trouble::without_effect(FaultKind::Connection));
    }
    let asked = stage.wire.count("release");
    stage.next(&worker).await;
    assert_eq!((stage.newest(id).to.as_str(), stage.wire.count("release")), ("healthy", asked + 2));
    let summary = stage.machine(id).ending().unwrap().summary;
    assert!(!summary.contains("could not be looked at"), "{summary}");
}

#[tokio::test]
async fn in_production_version_latest_release_and_git_tag_are_looked_at() {
    type Change = fn(&Stage);
    let cases: [(Change, &str); 7] = [
        (
            |s| s.registry.push(VERSION, THEIRS.parse().unwrap()),
            "somebody moved image tag 0.2.0 to sha256:7777",
        ),
        (|s| s.registry.untag(VERSION), "somebody deleted image tag 0.2.0 meanwhile"),
        (
            |s| s.registry.push("latest", THEIRS.parse().unwrap()),
            "somebody moved image tag latest to sha256:7777",
        ),
        (|s| s.forge.delete_release(VERSION), "somebody deleted the release 0.2.0 meanwhile"),
        (|s| s.forge.put_tag(VERSION, Some(&"b".repeat(40))), "somebody moved git tag 0.2.0 to bbbb"),
        (|s| s.forge.put_tag(VERSION, None), "somebody deleted git tag 0.2.0 meanwhile"),
        (|s| s.registry.untag(BETA), ""),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        let worker = stage.worker("a");
        stage.stage_the_beta(&worker).await;
        let (id, _) = stage.promote();
        stage.up_to(&worker, id, "deploying/checking-readiness").await;
        change(&stage);
        stage.clock.forward(LEASE);
        stage.up_to(&worker, id, "healthy").await;
        let summary = stage.machine(id).ending().unwrap().summary;
        assert!(summary.contains(words), "{words}: {summary}");
        assert_eq!(summary.matches("meanwhile").count(), usize::from(!words.is_empty()), "{summary}");
    }
}
