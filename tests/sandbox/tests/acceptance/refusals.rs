//! What cannot be promoted, and where nothing can be deployed to: each refused in words of its own, with
//! nothing touched.

use lockstep_events::{DeployRequested, Message, Requester, Target, encode};
use sandbox::Options;
use sandbox::sample::{self, Variant};
use sandbox::seeds::{IMAGES, OWNER, REPOSITORY};
use serde_json::json;

use crate::hands::release;
use crate::stage::{Stage, beta};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_prerelease_as_staging_validated_it_is_promoted() {
    let stage = Stage::set().await;
    let github = stage.sandbox.github().control();
    let first = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    let sha = stage.sandbox.push("0.2.0", Variant::Good, "Second").unwrap();
    stage.deploy().await.expect("healthy", 0);
    let tag = beta("0.2.0", &sha);
    let promote = ["promote", tag.as_str()];

    let unknown = beta("0.9.0", &sha);
    let message = format!("beta tag {unknown} not found: there is no GitHub prerelease with that tag");
    stage.refuse(&["promote", &unknown], "unknown-beta", &[&message, "lockstep promote --list"]).await;

    // Somebody published the beta as a full release.
    github.delete_release(OWNER, REPOSITORY, &tag).unwrap();
    github.add_release(OWNER, REPOSITORY, release(&tag, &sha)).unwrap();
    let message = format!("{tag} is a release and not a prerelease (http");
    stage.refuse(&promote, "not-a-prerelease", &[&message, "only a beta can be promoted"]).await;
    github.delete_release(OWNER, REPOSITORY, &tag).unwrap();
    let mut prerelease = release(&tag, &sha);
    prerelease.prerelease = true;
    github.add_release(OWNER, REPOSITORY, prerelease).unwrap();

    // Somebody deleted the git tag, then put it at another commit.
    github.delete_tag(OWNER, REPOSITORY, &tag).unwrap();
    let message = format!("the prerelease {tag} has no git tag");
    stage.refuse(&promote, "unknown-beta", &[&message, "deploy the commit to staging again"]).await;
    github.tag(OWNER, REPOSITORY, &tag, &first).unwrap();
    let message = format!("git tag {tag} names commit {first}, which does not begin with {}", &sha[..7]);
    stage.refuse(&promote, "tag-taken", &[&message, "the tag was moved"]).await;
    github.delete_tag(OWNER, REPOSITORY, &tag).unwrap();
    github.tag(OWNER, REPOSITORY, &tag, &sha).unwrap();

    // Somebody moved the image tag to another image.
    let validated = stage.tag(&tag).await.unwrap();
    stage.retag(&beta("0.1.0", &first), &tag).await;
    let moved = stage.tag(&tag).await.unwrap();
    let message = format!("{tag} names {moved}, but staging validated {validated}: the image tag was moved");
    stage.refuse(&promote, "tag-taken", &[&message]).await;
    let mut insisting = promote.to_vec();
    insisting.extend(["--allow-unvalidated", "I insist"]);
    stage.refuse(&insisting, "tag-taken", &[&message]).await;

    // Somebody deleted the image.
    stage.delete_image(&tag).await;
    let registry = stage.sandbox.registry().host();
    let message = format!("the image {registry}/{IMAGES}:{tag} is not in the registry");
    stage.refuse(&promote, "image-gone", &[&message, "deploy the commit to staging again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beta_never_healthy_in_staging_is_promoted_only_for_a_reason() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    // Staging cannot see it ready, although it is good.
    let nowhere = format!("http://127.0.0.1:{}/not-there", stage.sandbox.places().ports.staging);
    let url = "LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__STAGING__READINESS__URL";
    stage.add_worker_with("worker-1", &[(url, &nowhere), ("LOCKSTEP__DEADLINES__READINESS_SECONDS", "2")]);
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "Good, but nobody knows").unwrap();
    stage.deploy().await.expect("failed", 4).says("is not ready");
    stage.kill_first_worker().await;
    stage.add_worker("worker-2");

    let tag = beta("0.1.0", &sha);
    let message = format!("{tag} has never been healthy in staging: deploy it there first");
    stage.refuse(&["promote", &tag], "never-healthy", &[&message]).await;

    let reason = "staging is being rebuilt, checked by hand";
    let verdict = stage.wait(&["promote", &tag, "--allow-unvalidated", reason]).await;
    verdict.expect("healthy", 0);
    let said = format!("{message}; promoted all the same: {reason}");
    assert!(verdict.json["warnings"].to_string().contains(&said), "{:#}", verdict.json);
    let history = stage.history(verdict.id()).await;
    assert!(history.iter().any(|entry| entry.detail.contains(&said)), "{history:#?}");
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(sha.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_version_belongs_to_its_commit() {
    let stage = Stage::set().await;
    let released = stage.sandbox.push("0.1.0", Variant::Good, "Released").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &released)).await.expect("healthy", 0);
    let digest = stage.tag("0.1.0").await;
    let later = stage.sandbox.push("0.1.0", Variant::Good, "The version was not raised").unwrap();
    stage.deploy().await.expect("healthy", 0);

    let message = format!("version 0.1.0 belongs to commit {released} ({}, ", beta("0.1.0", &released));
    let words = [message.as_str(), "raise the version"];
    stage.refuse(&["promote", &beta("0.1.0", &later)], "version-taken", &words).await;
    assert_eq!((stage.tag("0.1.0").await, stage.tag("latest").await), (digest.clone(), digest));
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(released.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_tags_or_images_are_not_as_lockstep_left_them_is_refused() {
    let stage = Stage::set().await;
    let github = stage.sandbox.github().control();
    let first = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &first)).await.expect("healthy", 0);
    let digest = stage.tag("0.1.0").await.unwrap();
    let deploy = ["deploy", "staging"];

    let sha = stage.sandbox.push("0.2.0", Variant::Good, "Its image tag is taken").unwrap();
    stage.retag("0.1.0", &beta("0.2.0", &sha)).await;
    let message = format!("image tag {} exists already ({digest}) and was not made", beta("0.2.0", &sha));
    stage.refuse(&deploy, "tag-taken", &[&message, "delete it or deploy another commit"]).await;

    let sha = stage.sandbox.push("0.3.0", Variant::Good, "Its git tag is taken").unwrap();
    let tag = beta("0.3.0", &sha);
    github.tag(OWNER, REPOSITORY, &tag, &first).unwrap();
    let message = format!("git tag {tag} names commit {first}, not {sha}: delete the tag");
    stage.refuse(&deploy, "tag-taken", &[&message]).await;
    github.delete_tag(OWNER, REPOSITORY, &tag).unwrap();

    stage.delete_image("0.1.0").await;
    let message = "the image of the latest release 0.1.0 is not in";
    stage.refuse(&deploy, "image-gone", &[message, "deploy with --skip-baseline and a reason"]).await;
    let message = format!("the image of commit {} is recorded as {digest}, but", &first[..7]);
    let earlier = ["deploy", "staging", "--ref", &first];
    stage.refuse(&earlier, "image-gone", &[&message, "no longer has it: restore it"]).await;

    let mut commit = sample::commit("main", "0.4.0", Variant::Good, "No version");
    commit.changes.insert("apps/server/Cargo.toml".to_owned(), None);
    let sha = github.commit(OWNER, REPOSITORY, commit).unwrap();
    let message = format!("commit {} has no file apps/server/Cargo.toml", &sha[..7]);
    stage.refuse(&deploy, "version-unreadable", &[&message, "set github.version_file"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_as_configured_is_left_alone() {
    let (staging, places) = (
        "LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__STAGING",
        [
            ("SERVICE", "website", "ECS has no active service website in cluster staging: create it"),
            ("DATABASE__SERVICE", "postgres", "ECS has no active service postgres in cluster staging"),
            ("CLUSTER", "stage", "ECS has no active service app in cluster stage"),
            ("CONTAINER", "web", "staging-app:1 has no container \"web\", only app: correct `container`"),
        ],
    );
    for (key, value, message) in places {
        let mut stage = Stage::set_without_worker(Options::default()).await;
        stage.add_worker_with("worker-1", &[(&format!("{staging}__{key}"), value)]);
        stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
        stage.refuse(&["deploy", "staging"], "service-unfit", &[message]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_container_of_the_same_image_repository_is_refused() {
    let stage = Stage::set().await;
    let images = format!("{}/{IMAGES}", stage.sandbox.registry().host());
    let definition = json!({
        "family": "staging-app",
        "containerDefinitions": [
            { "name": "app", "image": format!("{images}:bootstrap"), "essential": true },
            { "name": "jobs", "image": format!("{images}:jobs"), "essential": false },
        ],
    });
    let registered = stage.ecs("RegisterTaskDefinition", &definition).await;
    assert_eq!(registered["taskDefinition"]["revision"], 2);
    stage.update_service("staging", "app", "staging-app:2").await;
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();

    let message = format!("staging-app:2 runs an image of {images} too: move it to a repository of its own");
    stage.refuse(&["deploy", "staging"], "service-unfit", &["container \"jobs\" of", &message]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_the_wrong_kind_is_refused_by_the_command_and_by_the_worker() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    let tag = beta("0.1.0", &sha);
    for arguments in [vec!["deploy", "production"], vec!["promote", &tag, "--environment", "staging"]] {
        let run = stage.sandbox.run(&arguments).await.unwrap();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:#?}");
    }

    let commit = Target::Commit { reference: None };
    let promotion = Target::Beta { tag: tag.parse().unwrap() };
    for (environment, target, message) in [
        ("production", &commit, "production takes beta tags, not commits: deploy to staging, then promote"),
        ("staging", &promotion, "staging takes commits, not beta tags: betas are promoted to production"),
        ("canary", &promotion, "there is no environment canary of application sample"),
    ] {
        let before = stage.changes();
        let request = by_hand(environment, target.clone());
        let id = request.id;
        stage.send(&encode(&Message::DeployRequested(Box::new(request)))).await;
        stage.until_state(id, "rejected").await;
        let watch = stage.sandbox.run(&["watch", &id.to_string()]).await.unwrap();
        assert_eq!(watch.code, 3, "{watch:#?}");
        assert!(watch.stdout.contains(message), "{message:?} is not in {watch:#?}");
        assert_eq!(stage.states(id).await, ["rejected"], "the lock was never taken");
        assert_eq!(stage.changes().since(&before), [""; 0]);
        stage.record("staging").await;
    }
}

/// A request that no `lockstep` command would send.
fn by_hand(environment: &str, target: Target) -> DeployRequested {
    DeployRequested {
        id: uuid::Uuid::now_v7().try_into().unwrap(),
        application: "sample".parse().unwrap(),
        environment: environment.parse().unwrap(),
        target,
        requester: Requester {
            actor: "octocat".to_owned(),
            workflow_run_id: None,
            workflow_run_attempt: None,
        },
        requested_at: jiff::Timestamp::now(),
        overrides: lockstep_events::Overrides::default(),
    }
}
