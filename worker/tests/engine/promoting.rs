//! Promoting a beta: what is promoted is exactly what staging validated, under a version that means nothing else,
//! and everything that contradicts that is refused before anything is touched.

use lockstep::ports::{ImageRecord, Store as _, VersionBinding};
use lockstep_events::Overrides;

use crate::doubles::{COMMIT, DIGEST};
use crate::stage::{BETA, OLD_DIGEST, Stage, VERSION, new_id};

const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";
/// Begins like the commit that is deployed.
const LIKE_OURS: &str = "abcdef0999999999999999999999999999999999";
const CHANGES: [&str; 5] = ["point", "update", "register_from", "create_release", "change_release"];

fn binding(commit: &str, digest: &str) -> VersionBinding {
    VersionBinding {
        version: VERSION.parse().unwrap(),
        commit: commit.parse().unwrap(),
        digest: digest.parse().unwrap(),
        beta: "0.2.0-9999999.beta".parse().unwrap(),
        deployment: new_id(),
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn image(digest: &str) -> ImageRecord {
    ImageRecord {
        commit: COMMIT.parse().unwrap(),
        digest: digest.parse().unwrap(),
        deployment: new_id(),
        at: jiff::Timestamp::UNIX_EPOCH,
        build_url: String::new(),
    }
}

#[tokio::test]
async fn a_beta_becomes_its_version_latest_and_the_latest_release_without_a_build() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.production_runs_the_old_release();
    stage.stage_the_beta(&a).await;
    let (id, _) = stage.promote();
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.forge.builds(), 1);
    for tag in [BETA, VERSION, "latest"] {
        assert_eq!(stage.registry.tag(tag).as_deref(), Some(DIGEST), "{tag}");
    }
    assert_eq!(stage.forge.latest().as_deref(), Some(VERSION));
    let release = stage.forge.release_of(VERSION).unwrap();
    assert!(!release.prerelease);
    for words in
        [format!("Promoted from `{BETA}`."), format!("@{DIGEST}`"), format!("Deployment `{id}` (fence 1)")]
    {
        assert!(release.body.contains(&words), "{words}: {}", release.body);
    }
    let prerelease = stage.forge.release_of(BETA).unwrap();
    assert!(prerelease.prerelease && !prerelease.body.contains("Promoted"), "{}", prerelease.body);
    let record = stage.store.record("production").current.unwrap();
    assert_eq!((record.image_tag.as_str(), record.digest.to_string().as_str()), (VERSION, DIGEST));
}

#[tokio::test]
async fn what_contradicts_the_beta_is_refused_with_nothing_touched() {
    type Change = fn(&Stage);
    let cases: [(Change, &str); 16] = [
        (|s| s.forge.delete_release(BETA), "beta tag 0.2.0-abcdef0.beta not found"),
        (|s| s.forge.edit_release(BETA, |r| r.draft = true), "beta tag 0.2.0-abcdef0.beta not found"),
        (|s| s.forge.edit_release(BETA, |r| r.prerelease = false), "is a release and not a prerelease"),
        (|s| s.forge.put_tag(BETA, None), "the prerelease 0.2.0-abcdef0.beta has no git tag"),
        (|s| s.forge.put_tag(BETA, Some(&"b".repeat(40))), "does not begin with abcdef0: the tag was moved"),
        (|s| s.forge.put_tag(BETA, Some(LIKE_OURS)), "the git tag was moved"),
        (|s| s.registry.untag(BETA), "is not in the registry: deploy the commit to staging again"),
        (|s| s.registry.push(BETA, THEIRS.parse().unwrap()), "the image tag was moved"),
        (|s| s.store.rebuild(image(THEIRS)), "but the image of commit abcdef0"),
        (|s| s.store.forget_betas(), "has never been healthy in staging: deploy it there first"),
        (|s| s.store.rebind_version(binding(LIKE_OURS, DIGEST)), "version 0.2.0 belongs to commit abcdef09"),
        (|s| s.store.rebind_version(binding(COMMIT, THEIRS)), "(0.2.0-9999999.beta, sha256:7777"),
        (|s| s.forge.put_tag(VERSION, Some(LIKE_OURS)), "git tag 0.2.0 names commit abcdef09"),
        (
            |s| s.forge.put_release(VERSION, true, &COMMIT.parse().unwrap()),
            "0.2.0 exists as a prerelease or draft",
        ),
        (
            |s| {
                s.forge.put_release(VERSION, false, &COMMIT.parse().unwrap());
                s.forge.edit_release(VERSION, |r| r.draft = true);
            },
            "0.2.0 exists as a prerelease or draft",
        ),
        (|s| s.registry.push(VERSION, THEIRS.parse().unwrap()), "image tag 0.2.0 names sha256:7777"),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.stage_the_beta(&a).await;
        change(&stage);
        let before = CHANGES.map(|operation| stage.wire.count(operation));
        let (id, message) = stage.promote();
        stage.done(&a, &message).await;
        let newest = stage.newest(id);
        assert_eq!((newest.event.as_str(), newest.to.as_str()), ("source-refused", "rejected"), "{words}");
        assert!(newest.detail.contains(words), "{words}: {}", newest.detail);
        assert_eq!(CHANGES.map(|operation| stage.wire.count(operation)), before, "{words}");
        assert_eq!(stage.store.lock("production").holder, None);
    }
}

#[tokio::test]
async fn the_same_version_bound_to_the_same_commit_and_image_is_no_obstacle() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.stage_the_beta(&a).await;
    stage.store.rebind_version(binding(COMMIT, DIGEST));
    stage.forge.put_tag(VERSION, Some(COMMIT));
    stage.registry.push(VERSION, DIGEST.parse().unwrap());
    let (id, _) = stage.promote();
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_version_that_another_promotion_binds_in_between_is_refused() {
    for (commit, digest) in [(LIKE_OURS, DIGEST), (COMMIT, THEIRS)] {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.stage_the_beta(&a).await;
        let (id, message) = stage.promote();
        let on = stage.clone();
        let theirs = binding(commit, digest);
        stage
            .wire
            .before(crate::doubles::call("bind_version"), async move { on.store.rebind_version(theirs) });
        stage.done(&a, &message).await;
        stage.up_to(&a, id, "rejected").await;
        assert!(
            stage.newest(id).detail.contains("version 0.2.0 belongs to commit"),
            "{:?}",
            stage.newest(id)
        );
        assert_eq!(stage.registry.tag(VERSION), None);
    }
}

#[tokio::test]
async fn a_beta_without_a_record_is_promoted_for_a_reason_which_is_kept() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.stage_the_beta(&a).await;
    stage.store.forget_betas();
    let reason = "staging is broken, INC-7".parse().unwrap();
    let (id, _) = stage.promote_with(Overrides { allow_unvalidated: Some(reason), ..Overrides::default() });
    stage.up_to(&a, id, "healthy").await;
    let accepted = stage.store.items(id).into_iter().find(|item| item.event == "source-accepted").unwrap();
    for words in ["has never been healthy in staging", "promoted all the same: staging is broken, INC-7"] {
        assert!(accepted.detail.contains(words), "{words}: {}", accepted.detail);
    }
    let recorded = stage.store.beta(&"shop".parse().unwrap(), &BETA.parse().unwrap()).await.unwrap();
    assert_eq!(recorded, None, "production validates nothing");
}

#[tokio::test]
async fn what_runs_already_and_was_healthy_is_not_rolled_out_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.production_runs_the_old_release();
    stage.stage_the_beta(&a).await;
    let (first, _) = stage.promote();
    stage.up_to(&a, first, "healthy").await;
    // Somebody's new tasks of the same revision are not this deployment's business.
    stage.cluster.force("shop-production");
    let changes = [stage.wire.count("update"), stage.wire.count("register_from")];
    let (second, _) = stage.promote();
    stage.up_to(&a, second, "healthy").await;
    assert_eq!([stage.wire.count("update"), stage.wire.count("register_from")], changes);
    assert!(!stage.machine(second).ending().unwrap().summary.contains("meanwhile"));
}

#[tokio::test]
async fn what_only_looks_as_if_it_ran_already_is_rolled_out() {
    type Change = fn(&Stage);
    let cases: [(&str, Change); 3] = [
        ("another image was healthy last", |s| {
            let mut record = s.store.record("production");
            record.last_healthy.as_mut().unwrap().digest = THEIRS.parse().unwrap();
            s.store.set_record("production", record);
        }),
        ("the service runs something else", |s| {
            s.cluster.register("theirs:7", "theirs", DIGEST);
            s.cluster.put_on("shop-production", "theirs:7");
        }),
        ("it runs no task", |s| s.cluster.scale("shop-production", 0)),
    ];
    for (case, change) in cases {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.stage_the_beta(&a).await;
        let (first, _) = stage.promote();
        stage.up_to(&a, first, "healthy").await;
        change(&stage);
        let updates = stage.wire.count("update");
        let (second, _) = stage.promote();
        stage.up_to(&a, second, "healthy").await;
        assert_eq!(stage.wire.count("update"), updates + 1, "{case}");
    }
}

#[tokio::test]
async fn latest_that_is_not_the_last_healthy_release_is_named_before_it_is_moved() {
    for (latest, words) in [
        (Some(THEIRS), "image tag latest names sha256:7777777"),
        (None, "image tag latest is gone"),
        (Some(OLD_DIGEST), ""),
    ] {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.production_runs_the_old_release();
        stage.stage_the_beta(&a).await;
        match latest {
            Some(digest) => stage.registry.push("latest", digest.parse().unwrap()),
            None => stage.registry.untag("latest"),
        }
        let (id, _) = stage.promote();
        stage.up_to(&a, id, "healthy").await;
        let inspected = stage.store.items(id).into_iter().find(|item| item.event == "environment-inspected");
        let detail = inspected.unwrap().detail;
        assert!(detail.contains(words), "{words}: {detail}");
        assert_eq!(detail.contains("image tag latest"), !words.is_empty(), "{detail}");
    }
}

#[tokio::test]
async fn latest_that_somebody_moves_after_it_was_looked_at_is_named_before_it_is_replaced() {
    let moved: [(Option<&str>, bool); 4] =
        [(Some(THEIRS), true), (None, true), (Some(OLD_DIGEST), false), (Some(DIGEST), false)];
    for (latest, foreign) in moved {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.production_runs_the_old_release();
        stage.stage_the_beta(&a).await;
        let (id, message) = stage.promote();
        let on = stage.clone();
        let moment = crate::doubles::commit("version-bound", "built/moving-tags");
        stage.wire.before(moment, async move {
            match latest {
                Some(digest) => on.registry.push("latest", digest.parse().unwrap()),
                None => on.registry.untag("latest"),
            }
        });
        stage.done(&a, &message).await;
        assert_eq!(stage.events(id, "latest-moved-by-others"), usize::from(foreign), "{:#?}", stage.path(id));
        if foreign {
            assert_eq!(stage.newest(id).to, "built/moving-tags", "it is on record before it is replaced");
            assert_eq!(stage.registry.tag("latest").as_deref(), latest);
        }
        stage.up_to(&a, id, "healthy").await;
        assert_eq!(stage.registry.tag("latest").as_deref(), Some(DIGEST));
    }
}

#[tokio::test]
async fn a_version_that_another_image_takes_in_between_is_not_moved() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.stage_the_beta(&a).await;
    let (id, message) = stage.promote();
    let on = stage.clone();
    let moment = crate::doubles::commit("version-bound", "built/moving-tags");
    stage.wire.before(moment, async move { on.registry.push(VERSION, THEIRS.parse().unwrap()) });
    stage.done(&a, &message).await;
    stage.up_to(&a, id, "failed").await;
    assert_eq!(stage.registry.tag(VERSION).as_deref(), Some(THEIRS));
    assert!(stage.machine(id).ending().unwrap().summary.contains("image tag 0.2.0 names sha256:7777"));
}
