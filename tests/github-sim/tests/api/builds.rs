//! Dispatched builds from end to end: the run is followed as a client would, the image is pulled from a real
//! registry.

use crate::support::{Fixture, OWNER, REPO, commit, config, registry, start, start_with, until};
use github_sim::{BuildCount, GithubSim};
use oci_image::unpack;
use octocrab::models::RunId;
use serde_json::{Value, json};

const WORKFLOW: &str = "/actions/workflows/build-image.yml";
const MANIFEST: (&str, &str) = ("apps/server/Cargo.toml", "[package]\nversion = \"0.1.0\"\n");

fn inputs(commit: &str, tag: &str) -> Value {
    json!({ "deployment_id": tag, "commit": commit, "version": "0.1.0", "image_tag": tag, "fence": "1" })
}

/// Dispatches a build and returns the run's id.
async fn dispatch(fixture: &Fixture, commit: &str, tag: &str) -> u64 {
    let body = json!({ "ref": "main", "inputs": inputs(commit, tag), "return_run_details": true });
    let (status, answer) = fixture.post(&format!("{WORKFLOW}/dispatches"), &body).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["workflow_run_id"].as_u64().unwrap();
    assert!(answer["run_url"].as_str().unwrap().ends_with(&format!("/actions/runs/{id}")));
    id
}

/// The run once it has ended.
async fn ended(fixture: &Fixture, id: u64) -> Value {
    until("the run ends", async || {
        let run = fixture.json(&format!("/actions/runs/{id}")).await;
        (run["status"] == "completed").then_some(run)
    })
    .await
}

/// What the run's one job says.
async fn outcome(fixture: &Fixture, id: u64) -> String {
    let jobs = fixture.json(&format!("/actions/runs/{id}/jobs")).await;
    jobs["jobs"][0]["steps"][0]["name"].as_str().unwrap().to_owned()
}

fn built(fixture: &Fixture) -> BuildCount {
    fixture.control().build_count(OWNER, REPO).unwrap()
}

#[tokio::test]
async fn a_dispatched_build_pushes_the_image_of_its_commit() {
    let registry = registry().await;
    let fixture = start_with(&registry).await;
    let release = r#"{ "behaviour": "never-ready", "migrations": [{ "id": "1", "sql": "SELECT 1" }] }"#;
    let wanted = commit(&fixture.control(), "main", &[MANIFEST, ("release.json", release)]);
    let newer = commit(&fixture.control(), "main", &[("release.json", "{}")]);
    let id = dispatch(&fixture, &wanted, "build-d-1").await;
    let run = ended(&fixture, id).await;
    assert_eq!(run["conclusion"], "success", "{}", outcome(&fixture, id).await);
    assert_eq!(run["display_title"], format!("Build image {wanted} for build-d-1"));
    assert_eq!(run["head_sha"], newer, "the workflow runs on the branch's head");
    assert_eq!(run["event"], "workflow_dispatch");
    assert_eq!(run["run_attempt"], 1);
    assert_eq!(run["actor"]["login"], "deployer");

    let reference = format!("{registry}/acme/app:build-d-1");
    let root = fixture.folder.path().join("image");
    let image = unpack::pull(&reference, &root).await.unwrap();
    assert_eq!(image.entrypoint, ["/app/sample-app", "serve"]);
    assert!(image.index_digest.is_some(), "an index by default");
    let file = sample_app::release::ReleaseFile::read(&root.join("app")).unwrap();
    assert_eq!((file.version.as_str(), file.commit.as_str()), ("0.1.0", wanted.as_str()));
    assert_eq!(file.migrations.len(), 1);
    assert!(root.join("app/sample-app").is_file());
    assert!(outcome(&fixture, id).await.contains(image.index_digest.as_ref().unwrap()));
    assert_eq!(built(&fixture), BuildCount { started: 1, pushed: 1 });
}

#[tokio::test]
async fn two_builds_of_one_commit_differ_only_if_asked_to() {
    let registry = registry().await;
    let fixture = start_with(&registry).await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let mut digests = Vec::new();
    for (tag, reproducible) in [("a", true), ("b", true), ("c", false), ("d", false)] {
        fixture.sim.knobs().change(|knobs| knobs.reproducible = reproducible);
        let id = dispatch(&fixture, &sha, tag).await;
        assert_eq!(ended(&fixture, id).await["conclusion"], "success", "{}", outcome(&fixture, id).await);
        let root = fixture.folder.path().join(tag);
        let image = unpack::pull(&format!("{registry}/acme/app:{tag}"), &root).await.unwrap();
        digests.push(image.index_digest.unwrap());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[1], digests[2]);
    assert_ne!(digests[2], digests[3]);
}

#[tokio::test]
async fn builds_fail_visibly() {
    let fixture = start().await;
    let broken = commit(&fixture.control(), "main", &[MANIFEST, ("BROKEN_BUILD", "on purpose")]);
    let id = dispatch(&fixture, &broken, "x").await;
    assert_eq!(ended(&fixture, id).await["conclusion"], "failure");
    assert!(outcome(&fixture, id).await.contains("on purpose"));

    let id = dispatch(&fixture, "0000000", "x").await;
    assert_eq!(ended(&fixture, id).await["conclusion"], "failure");
    assert!(outcome(&fixture, id).await.contains("not in this repository"));
    assert_eq!(built(&fixture), BuildCount { started: 2, pushed: 0 });
}

#[tokio::test]
async fn a_missing_registry_fails_the_build() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let id = dispatch(&fixture, &sha, "x").await;
    assert_eq!(ended(&fixture, id).await["conclusion"], "failure");
    assert!(outcome(&fixture, id).await.contains("127.0.0.1:1/acme/app:x"));
}

#[tokio::test]
async fn octocrab_reads_workflows_runs_and_jobs() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    for tag in ["a", "b", "c"] {
        let id = dispatch(&fixture, &sha, tag).await;
        ended(&fixture, id).await;
    }
    let workflows = fixture.crab.workflows(OWNER, REPO);
    assert_eq!(workflows.get_workflow("build-image.yml").await.unwrap().name, "Build image");
    assert_eq!(workflows.list().send().await.unwrap().total_count, Some(1));
    let page = workflows.list_runs("build-image.yml").event("workflow_dispatch").branch("main").per_page(2);
    let page = page.send().await.unwrap();
    assert_eq!((page.total_count, page.items.len(), page.next.is_some()), (Some(3), 2, true));
    let newest = &page.items[0];
    assert_eq!((&newest.name, newest.run_number), (&format!("Build image {sha} for c"), 3));
    assert_eq!(newest.status, "completed");
    let jobs = workflows.list_jobs(newest.id).send().await.unwrap();
    assert_eq!(jobs.items[0].run_attempt, 1);
    assert_eq!(workflows.get_attempt(newest.id, 1).await.unwrap().id, newest.id);
    let none = workflows.list_all_runs().status("success").send().await.unwrap();
    assert!(none.items.is_empty());
    let created = &newest.created_at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let since = fixture.json(&format!("/actions/runs?created=%3E%3D{created}&head_sha={sha}")).await;
    assert!(since["total_count"].as_u64() >= Some(1), "{since}");
}

#[tokio::test]
async fn dispatched_runs_show_among_the_checks_of_their_commit() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let id = dispatch(&fixture, &sha, "x").await;
    let run = ended(&fixture, id).await;
    let checks = fixture.json(&format!("/commits/{sha}/check-runs")).await;
    let check = &checks["check_runs"][0];
    assert_eq!(check["check_suite"]["id"], run["check_suite_id"]);
    assert!(check["details_url"].as_str().unwrap().contains(&format!("/actions/runs/{id}/job/")));
    assert_eq!(check["conclusion"], run["conclusion"]);
}

#[tokio::test]
async fn knobs_change_how_dispatches_are_seen() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let knobs = fixture.sim.knobs();
    knobs.change(|knobs| {
        knobs.old_dispatch = true;
        knobs.null_head_branch = true;
        knobs.workflow_name_as_run_name = true;
        knobs.dispatch_listing_lag_ms = 3_600_000;
    });
    let body = json!({ "ref": "main", "inputs": inputs(&sha, "x"), "return_run_details": true });
    assert_eq!(fixture.post(&format!("{WORKFLOW}/dispatches"), &body).await, (204, Value::Null));
    assert_eq!(fixture.json("/actions/runs").await["total_count"], 0, "not listed yet");
    knobs.change(|knobs| knobs.dispatch_listing_lag_ms = 0);
    let run = fixture.json(&format!("{WORKFLOW}/runs")).await["workflow_runs"][0].clone();
    assert_eq!(run["head_branch"], Value::Null);
    assert_eq!(
        (&run["name"], &run["display_title"]),
        (&"Build image".into(), &format!("Build image {sha} for x").into())
    );
    let typed = fixture.crab.workflows(OWNER, REPO).get(RunId(run["id"].as_u64().unwrap())).await;
    assert!(typed.is_err(), "octocrab's model wants a branch; clients have to read such runs themselves");
}

#[tokio::test]
async fn dispatches_are_refused_as_github_does() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let refused = async |path: &str, body: Value| {
        let (status, answer) = fixture.post(path, &body).await;
        (status, answer["message"].as_str().unwrap_or_default().to_owned())
    };
    let path = format!("{WORKFLOW}/dispatches");
    let unknown = "/actions/workflows/other.yml/dispatches";
    let good = json!({ "ref": "main", "inputs": inputs(&sha, "x") });
    assert_eq!(refused(unknown, good.clone()).await, (404, "Not Found".into()));
    let elsewhere = json!({ "ref": "nowhere", "inputs": inputs(&sha, "x") });
    assert_eq!(refused(&path, elsewhere).await, (422, "No ref found for: nowhere".into()));
    let without = json!({ "ref": "main", "inputs": { "commit": sha } });
    assert_eq!(refused(&path, without).await, (422, "Required input 'deployment_id' not provided".into()));
    assert!(fixture.json("/actions/runs").await["workflow_runs"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_cancelled_run_pushes_nothing_and_can_run_again() {
    let registry = registry().await;
    let fixture = start_with(&registry).await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    let knobs = fixture.sim.knobs();
    knobs.change(|knobs| knobs.build_delay_ms = 600_000);
    let id = dispatch(&fixture, &sha, "x").await;
    until("the build begins", async || {
        let run = fixture.json(&format!("/actions/runs/{id}")).await;
        (run["status"] == "in_progress").then_some(())
    })
    .await;
    let running = fixture.post(&format!("/actions/runs/{id}/rerun"), &json!({})).await;
    assert_eq!(running.0, 403);
    assert_eq!(fixture.post(&format!("/actions/runs/{id}/cancel"), &json!({})).await.0, 202);
    assert_eq!(ended(&fixture, id).await["conclusion"], "cancelled");
    assert_eq!(fixture.post(&format!("/actions/runs/{id}/cancel"), &json!({})).await.0, 409);
    assert_eq!(built(&fixture), BuildCount { started: 1, pushed: 0 });

    knobs.change(|knobs| knobs.build_delay_ms = 0);
    assert_eq!(fixture.post(&format!("/actions/runs/{id}/rerun"), &json!({})).await.0, 201);
    let second = ended(&fixture, id).await;
    assert_eq!((second["conclusion"].as_str(), second["run_attempt"].as_u64()), (Some("success"), Some(2)));
    let first = fixture.json(&format!("/actions/runs/{id}/attempts/1")).await;
    assert_eq!(first["conclusion"], "cancelled");
    let jobs = fixture.json(&format!("/actions/runs/{id}/attempts/1/jobs")).await;
    assert_eq!(jobs["jobs"][0]["run_attempt"], 1);
    assert_eq!(built(&fixture), BuildCount { started: 2, pushed: 1 });
}

#[tokio::test]
async fn a_restart_keeps_everything_and_takes_up_the_build() {
    let registry = registry().await;
    let fixture = start_with(&registry).await;
    let sha = commit(&fixture.control(), "main", &[MANIFEST]);
    fixture.sim.knobs().change(|knobs| knobs.build_delay_ms = 600_000);
    let id = dispatch(&fixture, &sha, "x").await;
    until("the build begins", async || (built(&fixture).started == 1).then_some(())).await;
    fixture.crab.repos(OWNER, REPO).releases().create("1.0.0").send().await.unwrap();
    let Fixture { sim, folder, .. } = fixture;
    let log = sim.control().log();
    sim.shutdown().await;

    let sim = GithubSim::start(config(folder.path(), &registry)).await.unwrap();
    let fixture = Fixture::over(sim, folder);
    assert_eq!(ended(&fixture, id).await["conclusion"], "success", "{}", outcome(&fixture, id).await);
    assert_eq!(built(&fixture), BuildCount { started: 1, pushed: 1 });
    assert_eq!(fixture.control().log(), log);
    let latest = fixture.crab.repos(OWNER, REPO).releases().get_latest().await.unwrap();
    assert_eq!(latest.tag_name, "1.0.0");
    assert!(latest.url.as_str().starts_with(&fixture.sim.base_uri()), "addresses are those of this start");
    assert_eq!(fixture.control().resolve(OWNER, REPO, "main").unwrap(), sha);
}
