//! The prerelease and the release: made once, recognised by its tag at the right commit, and never where somebody
//! else's stands.

use lockstep::faults::FaultKind;

use crate::doubles::{COMMIT, Trouble, call, commit};
use crate::stage::{BETA, Stage, VERSION};

#[tokio::test]
async fn a_release_that_is_refused_because_it_exists_is_recognised() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.wire.trouble("create_release", Trouble::after_effect(FaultKind::Refused));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let published = stage.store.items(id).into_iter().find(|item| item.event == "release-published").unwrap();
    assert!(published.detail.contains("exists already"), "{}", published.detail);
    assert_eq!(stage.wire.count("create_release"), 1);
}

#[tokio::test]
async fn a_release_that_is_refused_for_another_reason_fails_the_deployment() {
    for kind in [FaultKind::Refused, FaultKind::Denied] {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.wire.trouble("create_release", Trouble::without_effect(kind));
        let (id, _) = stage.ask("staging");
        stage.up_to(&a, id, "failed").await;
        assert_eq!((stage.forge.release_of(BETA), stage.wire.count("create_release")), (None, 1));
    }
}

#[tokio::test]
async fn a_git_tag_that_somebody_else_put_there_is_left_alone() {
    let moments = [commit("tags-moved", "built/publishing-release"), call("create_release")];
    for moment in moments {
        let stage = Stage::new();
        let a = stage.worker("a");
        let (id, _) = stage.ask("staging");
        let on = stage.clone();
        stage.wire.before(moment, async move { on.forge.put_tag(BETA, Some(&"b".repeat(40))) });
        stage.up_to(&a, id, "failed").await;
        let summary = stage.machine(id).ending().unwrap().summary;
        let words = format!("git tag {BETA} names commit {}, not {COMMIT}", "b".repeat(40));
        assert!(summary.contains(&words), "{summary}");
    }
}

#[tokio::test]
async fn a_release_of_the_wrong_kind_is_left_alone() {
    type Change = fn(&Stage);
    let cases: [(Change, &str); 3] = [
        (|s| s.forge.put_release(VERSION, true, &COMMIT.parse().unwrap()), "but not as a release"),
        (
            |s| {
                s.forge.put_release(VERSION, false, &COMMIT.parse().unwrap());
                s.forge.edit_release(VERSION, |release| release.draft = true);
            },
            "but not as a release",
        ),
        (|s| s.forge.put_release(VERSION, false, &COMMIT.parse().unwrap()), ""),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.stage_the_beta(&a).await;
        let (id, message) = stage.promote();
        let on = stage.clone();
        stage.wire.before(commit("tags-moved", "built/publishing-release"), async move { change(&on) });
        stage.done(&a, &message).await;
        if words.is_empty() {
            // Somebody made it at the same commit: it is the one that was wanted, and now the latest.
            stage.up_to(&a, id, "healthy").await;
            assert_eq!(stage.forge.latest().as_deref(), Some(VERSION));
        } else {
            stage.up_to(&a, id, "failed").await;
            let summary = stage.machine(id).ending().unwrap().summary;
            assert!(summary.contains(words), "{summary}");
            assert_eq!(stage.forge.latest(), None);
        }
    }
}

#[tokio::test]
async fn what_is_the_latest_release_already_is_not_told_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.stage_the_beta(&a).await;
    stage.forge.put_release(VERSION, false, &COMMIT.parse().unwrap());
    stage.forge.make_latest(VERSION);
    let (id, _) = stage.promote();
    stage.up_to(&a, id, "healthy").await;
    assert_eq!((stage.wire.count("change_release"), stage.wire.count("create_release")), (0, 1));
}

#[tokio::test]
async fn a_release_whose_answer_was_lost_is_waited_for_and_looked_for_before_it_is_made_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.wire.trouble("create_release", Trouble::after_effect(FaultKind::Unavailable));
    stage.up_to(&a, id, "built/publishing-release").await;
    assert_eq!(stage.events(id, "release-published"), 0, "it is not known yet");
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.wire.count("create_release"), 1);
}
