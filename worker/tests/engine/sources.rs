//! What may be deployed to staging: a commit of the default branch whose checks passed, with a version of its
//! own; and what is deployed before it. Every refusal comes before anything is touched.

use lockstep::ports::{Checks, VersionBinding};
use lockstep_events::Overrides;

use crate::doubles::{COMMIT, DIGEST};
use crate::stage::{BETA, OLD_DIGEST, Stage, new_id, request};

/// What somebody else does.
type Change = fn(&Stage);

const THEIRS: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";

fn checks(passed: &[&str], failed: &[&str], pending: &[&str]) -> Checks {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Checks { passed: names(passed), failed: names(failed), pending: names(pending) }
}

/// A worker that demands the check `test`.
fn demanding(stage: &Stage) -> lockstep::engine::Engine {
    let mut world = stage.world("a");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    shop.config.github.required_checks = vec!["test".to_owned()];
    lockstep::engine::Engine::new(std::sync::Arc::new(world))
}

#[tokio::test]
async fn what_cannot_be_deployed_is_refused_with_nothing_touched() {
    let cases: [(Change, &str); 9] = [
        (|s| s.forge.forget_references(), "\"main\" names no commit of acme/shop"),
        (
            |s| s.forge.put_off_branch(COMMIT.parse().unwrap()),
            "commit abcdef0 is not on main: merge it before deploying it",
        ),
        (
            |s| s.forge.set_checks(checks(&["lint"], &["test", "e2e"], &[])),
            "checks of commit abcdef0 failed: test, e2e",
        ),
        (|s| s.forge.set_version_file(None), "commit abcdef0 has no file Cargo.toml"),
        (|s| s.forge.set_version_file(Some("[package]\nname = \"shop\"\n")), "package.version"),
        (|s| s.registry.push(BETA, THEIRS.parse().unwrap()), "exists already (sha256:7777"),
        (|s| s.forge.put_tag(BETA, Some(&"b".repeat(40))), "git tag 0.2.0-abcdef0.beta names commit bbbb"),
        (
            |s| {
                s.production_runs_the_old_release();
                s.registry.lose(OLD_DIGEST);
            },
            "the image of the latest release 0.1.0 is not in",
        ),
        (
            |s| {
                s.forge.put_release("0.1.0", false, &COMMIT.parse().unwrap());
                s.forge.make_latest("0.1.0");
            },
            "the image of the latest release 0.1.0 is not in",
        ),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        let a = stage.worker("a");
        change(&stage);
        let (id, message) = stage.ask("staging");
        stage.done(&a, &message).await;
        let newest = stage.newest(id);
        assert_eq!((newest.event.as_str(), newest.to.as_str()), ("source-refused", "rejected"), "{words}");
        assert!(newest.detail.contains(words), "{words}: {}", newest.detail);
        assert_eq!((stage.wire.count("dispatch"), stage.wire.count("point")), (0, 0), "{words}");
    }
}

#[tokio::test]
async fn a_commit_whose_image_is_known_is_refused_if_its_image_or_its_tag_is_not_what_it_was() {
    let cases: [(Change, &str); 2] = [
        (|s| s.registry.lose(DIGEST), "the image of commit abcdef0 is recorded as sha256:1111"),
        (
            |s| s.registry.push(BETA, THEIRS.parse().unwrap()),
            "but the image of commit abcdef0 is sha256:1111",
        ),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.stage_the_beta(&a).await;
        change(&stage);
        let (id, message) = stage.ask("preview");
        stage.done(&a, &message).await;
        assert_eq!(stage.newest(id).to, "rejected", "{words}");
        assert!(stage.newest(id).detail.contains(words), "{words}: {}", stage.newest(id).detail);
    }
}

#[tokio::test]
async fn checks_that_have_not_ended_are_waited_for_and_only_those_that_are_demanded() {
    let stage = Stage::new();
    let a = demanding(&stage);
    for (standing, waits_for) in [
        (checks(&[], &[], &["test"]), "checks of commit abcdef0 have not finished: test"),
        (checks(&["lint"], &[], &[]), "checks of commit abcdef0 have not finished: test"),
    ] {
        stage.forge.set_checks(standing);
        let (id, message) = stage.ask("staging");
        stage.done(&a, &message).await;
        assert_eq!(stage.newest(id).to, "locked/checking-source");
        assert_eq!(stage.machine(id).deployment().waiting_on.as_deref(), Some(waits_for));
        // What nobody demands may fail, or never end.
        stage.forge.set_checks(checks(&["test"], &["lint"], &["e2e"]));
        stage.up_to(&a, id, "healthy").await;
    }
}

#[tokio::test]
async fn a_commit_without_checks_is_deployed_with_a_warning() {
    for (standing, warned) in [(checks(&[], &[], &[]), true), (checks(&["test"], &[], &[]), false)] {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.forge.set_checks(standing);
        let (id, _) = stage.ask("staging");
        stage.up_to(&a, id, "healthy").await;
        let accepted =
            stage.store.items(id).into_iter().find(|item| item.event == "source-accepted").unwrap();
        assert_eq!(accepted.detail.contains("commit abcdef0 has no checks"), warned, "{}", accepted.detail);
    }
}

#[tokio::test]
async fn a_failed_build_ends_the_deployment_with_its_conclusion() {
    for conclusion in ["failure", "cancelled"] {
        let stage = Stage::new();
        let a = stage.worker("a");
        stage.forge.conclude_builds(conclusion);
        let (id, _) = stage.ask("staging");
        stage.up_to(&a, id, "failed").await;
        let summary = stage.machine(id).ending().unwrap().summary;
        assert!(summary.contains(conclusion), "{summary}");
        assert_eq!((stage.wire.count("point"), stage.wire.count("update")), (0, 0));
    }
}

#[tokio::test]
async fn what_a_build_of_the_same_commit_recorded_meanwhile_is_used() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let image = lockstep::ports::ImageRecord {
        commit: COMMIT.parse().unwrap(),
        digest: THEIRS.parse().unwrap(),
        deployment: new_id(),
        at: jiff::Timestamp::UNIX_EPOCH,
        build_url: String::new(),
    };
    stage.store.rebuild(image);
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.registry.tag(BETA).as_deref(), Some(THEIRS));
    let recorded = stage.store.items(id).into_iter().find(|item| item.event == "image-recorded").unwrap();
    assert!(recorded.detail.contains("earlier build"), "{}", recorded.detail);
}

/// What is deployed first, and what is said about it.
async fn baseline(stage: &Stage, overrides: Overrides) -> (Option<String>, String) {
    let a = stage.worker("a");
    let mut asked = request("staging");
    asked.overrides = overrides;
    let id = asked.id;
    stage.put(&lockstep_events::Message::DeployRequested(Box::new(asked)));
    stage.up_to(&a, id, "healthy").await;
    let baseline = stage.machine(id).deployment().source.clone().unwrap().baseline;
    let accepted = stage.store.items(id).into_iter().find(|item| item.event == "source-accepted").unwrap();
    (baseline.map(|baseline| format!("{} {}", baseline.digest, baseline.found_in)), accepted.detail)
}

#[tokio::test]
async fn what_production_runs_is_deployed_first() {
    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let (first, _) = baseline(&stage, Overrides::default()).await;
    assert_eq!(first, Some(format!("{OLD_DIGEST} the record of production")));
    assert_eq!(stage.cluster.rollouts_of("shop-staging"), 2);
}

#[tokio::test]
async fn before_the_first_promotion_it_is_the_latest_release() {
    let stage = Stage::new();
    stage.forge.put_release("0.1.0", false, &COMMIT.parse().unwrap());
    stage.forge.make_latest("0.1.0");
    stage.registry.push("0.1.0", OLD_DIGEST.parse().unwrap());
    let (first, _) = baseline(&stage, Overrides::default()).await;
    assert_eq!(first, Some(format!("{OLD_DIGEST} the latest release 0.1.0")));
}

#[tokio::test]
async fn without_anything_to_deploy_first_that_is_said() {
    let stage = Stage::new();
    let (first, detail) = baseline(&stage, Overrides::default()).await;
    assert_eq!(first, None);
    assert!(detail.contains("there is no release to migrate from"), "{detail}");

    let stage = Stage::new();
    stage.forge.put_release("nightly", false, &COMMIT.parse().unwrap());
    stage.forge.make_latest("nightly");
    let (first, detail) = baseline(&stage, Overrides::default()).await;
    assert_eq!(first, None);
    assert!(detail.contains("the latest release nightly does not fit release_tag"), "{detail}");

    let stage = Stage::new();
    stage.forge.put_release("0.1.0", false, &COMMIT.parse().unwrap());
    stage.forge.make_latest("0.1.0");
    stage.store.rebind_version(VersionBinding {
        version: "0.1.0".parse().unwrap(),
        commit: COMMIT.parse().unwrap(),
        digest: OLD_DIGEST.parse().unwrap(),
        beta: "0.1.0-abcdef0.beta".parse().unwrap(),
        deployment: new_id(),
        at: jiff::Timestamp::UNIX_EPOCH,
    });
    let (first, detail) = baseline(&stage, Overrides::default()).await;
    assert_eq!(first, None);
    assert!(detail.contains("0.1.0 was promoted by Lockstep but never healthy"), "{detail}");

    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let reason = "the old release cannot start, INC-8".parse().unwrap();
    let skipped = Overrides { skip_baseline: Some(reason), ..Overrides::default() };
    let (first, detail) = baseline(&stage, skipped).await;
    assert_eq!(first, None);
    assert!(detail.contains("is not deployed first, as asked for: the old release cannot start"), "{detail}");
}
