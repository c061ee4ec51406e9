//! Builds: dispatching one, and finding it again.

use jiff::Timestamp;
use lockstep::ports::{BuildRun, BuildStatus, Dispatch, Forge};
use lockstep_events::{CommitSha, DeploymentId};
use serde_json::{Value, json};

use crate::double::{Answer, Double, always, forge};

const DEPLOYMENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const COMMIT: &str = "abcdef0123456789abcdef0123456789abcdef01";

fn run(id: u64, title: &str, created_at: &str) -> Value {
    json!({
        "id": id, "name": "Build image", "display_title": title, "event": "workflow_dispatch", "workflow_id": 3,
        "check_suite_id": 70, "head_branch": null, "status": "queued", "conclusion": null, "run_attempt": 1,
        "html_url": format!("https://github.com/o/r/actions/runs/{id}"), "created_at": created_at,
    })
}

fn build() -> Dispatch {
    Dispatch {
        workflow: "build-image.yml".to_owned(),
        reference: "main".to_owned(),
        inputs: vec![
            ("deployment_id".to_owned(), DEPLOYMENT.to_owned()),
            ("fence".to_owned(), "7".to_owned()),
        ],
    }
}

#[tokio::test]
async fn a_dispatch_asks_for_the_run_s_id_and_lives_without_it() {
    let details = json!({ "workflow_run_id": 42, "run_url": "https://x", "html_url": "https://x" });
    let (double, forge) = always(Answer::new(200, details)).await;
    assert_eq!(forge.dispatch(&build()).await.unwrap(), Some(42));
    let call = &double.calls()[0];
    assert_eq!(call.line, "POST /repos/o/r/actions/workflows/build-image.yml/dispatches");
    let inputs = json!({ "deployment_id": DEPLOYMENT, "fence": "7" });
    assert_eq!(call.body, json!({ "ref": "main", "inputs": inputs, "return_run_details": true }));

    for silent in [Answer::new(204, ""), Answer::new(200, "{}")] {
        let (_double, forge) = always(silent).await;
        assert_eq!(forge.dispatch(&build()).await.unwrap(), None, "it was started all the same");
    }
}

#[tokio::test]
async fn the_first_run_with_deployment_and_commit_in_its_name_is_found_on_whatever_page() {
    let double = Double::start(|call| {
        let ours = format!("Build Image {DEPLOYMENT} {COMMIT}");
        // Whoever may write to the repository can dispatch a build in a deployment's name.
        let older = format!("Build Image {DEPLOYMENT} {}", "0".repeat(40));
        if call.line.ends_with("page=2") {
            let mut by_name = run(5, "", "2026-11-23T09:00:01Z");
            by_name["name"] = ours.clone().into();
            by_name["display_title"] = Value::Null;
            // As a branch of theirs has the workflow, and ours with its branch named.
            let (mut theirs, mut named) =
                (run(2, &ours, "2026-11-23T08:59:00Z"), run(6, &ours, "2026-11-23T09:01:00Z"));
            (theirs["head_branch"], named["head_branch"]) = ("theirs".into(), "main".into());
            let page = [named, by_name, run(3, &older, "2026-11-23T08:59:30Z"), theirs];
            return Answer::new(200, json!({ "total_count": 6, "workflow_runs": page }));
        }
        let page = [run(9, &ours, "2026-11-23T09:05:00Z"), run(8, "Build", "2026-11-23T09:04:00Z")];
        Answer::new(200, json!({ "total_count": 6, "workflow_runs": page }))
            .with("link", r#"<https://x>; rel="next""#)
    })
    .await;
    let deployment: DeploymentId = DEPLOYMENT.parse().unwrap();
    let since: Timestamp = "2026-11-23T09:00:00.75Z".parse().unwrap();
    let commit: CommitSha = COMMIT.parse().unwrap();
    let found = forge(&double)
        .find_run("build-image.yml", "main", deployment, &commit, since)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, 5);
    assert_eq!(
        double.lines()[0],
        "GET /repos/o/r/actions/workflows/build-image.yml/runs?event=workflow_dispatch\
         &created=%3E%3D2026-11-22T09%3A00%3A00Z&per_page=100&page=1"
    );
    let other: DeploymentId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    assert_eq!(
        forge(&double).find_run("build-image.yml", "main", other, &commit, since).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_run_is_running_until_it_has_a_conclusion() {
    for (status, conclusion, expected) in [
        (json!("queued"), Value::Null, BuildStatus::Running("queued".to_owned())),
        (json!("in_progress"), Value::Null, BuildStatus::Running("in_progress".to_owned())),
        (json!("completed"), Value::Null, BuildStatus::Running("completed".to_owned())),
        (Value::Null, Value::Null, BuildStatus::Running("unknown".to_owned())),
        (json!("completed"), json!("success"), BuildStatus::Finished("success".to_owned())),
        (json!("completed"), json!("cancelled"), BuildStatus::Finished("cancelled".to_owned())),
    ] {
        let mut answer = run(42, "Build image", "2026-11-23T09:00:00Z");
        answer["status"] = status;
        answer["conclusion"] = conclusion;
        answer["run_attempt"] = 2.into();
        let (double, forge) = always(Answer::new(200, answer)).await;
        let expected = BuildRun {
            id: 42,
            attempt: 2,
            status: expected,
            url: "https://github.com/o/r/actions/runs/42".to_owned(),
        };
        assert_eq!(forge.run(42).await.unwrap(), Some(expected));
        assert_eq!(double.lines(), ["GET /repos/o/r/actions/runs/42"]);
    }
    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.run(42).await.unwrap(), None);
}
