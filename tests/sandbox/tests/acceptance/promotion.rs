//! Promotion: the same bytes, everywhere, and back again by promoting an earlier beta.

use sandbox::sample::Variant;
use serde_json::json;

use crate::stage::{Stage, beta};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_staging_deployment_and_its_promotion_run_the_same_bytes() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let tag = beta("0.1.0", &sha);

    // Point 1: no release to migrate from is a warning, and the beta is deployed directly.
    let staged = stage.deploy().await;
    staged.expect("healthy", 0).says(&tag);
    let warnings = staged.json["warnings"].to_string();
    assert!(warnings.contains("there is no release to migrate from"), "{warnings}");
    let states = stage.states(staged.id()).await;
    assert!(!states.iter().any(|state| state.contains("baseline")), "{states:?}");
    assert_eq!(stage.builds(), 1);
    let info = stage.application("staging", "/api/v1/info").await.unwrap();
    assert_eq!((info["version"].as_str(), info["commit"].as_str()), (Some("0.1.0"), Some(sha.as_str())));
    let prerelease = stage.github(&format!("releases/tags/{tag}")).await.unwrap();
    assert_eq!(prerelease["prerelease"], true);

    // Point 2: promoted without a rebuild; one digest under every name and in every task.
    let promoted = stage.promote(&tag).await;
    promoted.expect("healthy", 0).says("0.1.0 runs in production");
    assert_eq!(stage.builds(), 1, "a promotion builds nothing");
    let digest = stage.tag(&tag).await.unwrap();
    assert_eq!(stage.tag("0.1.0").await.as_ref(), Some(&digest));
    assert_eq!(stage.tag("latest").await.as_ref(), Some(&digest));
    let machine = stage.machine(promoted.id()).await;
    let proof = machine.deployment().proof.clone().unwrap();
    assert_eq!(proof.unproven, None);
    assert_eq!(proof.tasks.len(), 2);
    assert!(proof.tasks.iter().all(|(_, seen)| seen == digest.as_str()), "{proof:?} is not {digest}");
    assert_eq!(running_digests(&stage).await, [digest.to_string(), digest.to_string()], "ECS says the same");
    let release = stage.github("releases/tags/0.1.0").await.unwrap();
    assert_eq!(release["prerelease"], false);
    let reference = stage.github("git/ref/tags/0.1.0").await.unwrap();
    assert_eq!(reference["object"]["sha"].as_str(), Some(sha.as_str()));
    let latest = stage.github("releases/latest").await.unwrap();
    assert_eq!(latest["tag_name"], "0.1.0");
}

/// What every task that runs in production reports, asked of ECS itself.
async fn running_digests(stage: &Stage) -> Vec<String> {
    let wanted = json!({ "cluster": "production", "serviceName": "app", "desiredStatus": "RUNNING" });
    let listed = stage.ecs("ListTasks", &wanted).await;
    let tasks =
        stage.ecs("DescribeTasks", &json!({ "cluster": "production", "tasks": listed["taskArns"] })).await;
    let tasks = tasks["tasks"].as_array().unwrap();
    tasks.iter().map(|task| task["containers"][0]["imageDigest"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn promoting_the_previous_beta_again_rolls_production_back() {
    let stage = Stage::set().await;
    let mut tags = Vec::new();
    for version in ["0.1.0", "0.2.0"] {
        let sha = stage.sandbox.push(version, Variant::Good, version).unwrap();
        let tag = beta(version, &sha);
        stage.deploy().await.expect("healthy", 0);
        stage.promote(&tag).await.expect("healthy", 0);
        tags.push((tag, sha));
    }
    let (first, sha) = &tags[0];
    assert_eq!(stage.tag("latest").await, stage.tag("0.2.0").await);

    let back = stage.promote(first).await;
    back.expect("healthy", 0);
    assert_eq!(stage.builds(), 2, "going back builds nothing");
    let history = stage.history(back.id()).await;
    let detail = |event: &str| {
        let entry = history.iter().find(|entry| entry.event == event);
        entry.unwrap_or_else(|| panic!("no {event} in {history:#?}")).detail.clone()
    };
    assert_eq!(detail("tags-moved"), "now naming the image: latest", "the version's tag is recognised");
    assert!(detail("release-published").starts_with("exists already"), "the release is recognised");
    assert_eq!(stage.tag("latest").await, stage.tag("0.1.0").await);
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "0.1.0");
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(sha.as_str()));
}
