//! What a product that is broken would do: the same thing twice, or something that nobody asked for. Done by hand
//! once a run has balanced, to see that the account notices. Must never go through the product.

use lockstep::ports::{Entry, Opened, Opening, Summary};
use lockstep_events::DeploymentId;
use sandbox::environment::GITHUB_TOKEN;
use serde_json::{Value, json};

use crate::account::github;
use crate::town::{OWNER, Town, applications};

/// Dispatches the build of a deployment once more, and returns when GitHub lists it: its lists lag.
///
/// # Panics
/// GitHub refuses, or does not list it.
pub async fn build_again(town: &Town, application: &str, id: DeploymentId) {
    let url = format!(
        "{}/repos/{OWNER}/{application}/actions/workflows/build-image.yml/dispatches",
        town.github.base_uri()
    );
    let commit = town.github.control().resolve(OWNER, application, "main").unwrap();
    let tag = format!("build-{id}");
    let inputs =
        json!({ "deployment_id": id.to_string(), "commit": commit, "version": "0.1.0", "image_tag": tag });
    let post = reqwest::Client::new().post(url).header("user-agent", "chaos").bearer_auth(GITHUB_TOKEN);
    let answer = post.json(&json!({ "ref": "main", "inputs": inputs })).send().await.unwrap();
    answer.error_for_status().unwrap();
    let path = format!("repos/{OWNER}/{application}/actions/runs");
    for _ in 0..300 {
        let runs = github(town, &path, "workflow_runs").await;
        let named = |run: &&Value| run["display_title"].as_str().unwrap().ends_with(&id.to_string());
        if runs.iter().filter(named).count() > 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("GitHub never listed the second build of {id}");
}

/// Registers a revision under the marks of one that is there; its ARN.
///
/// # Panics
/// ECS refuses.
pub async fn register_again(town: &Town, revision: &str) -> String {
    let request = json!({ "taskDefinition": revision, "include": ["TAGS"] });
    let described = ecs(town, "DescribeTaskDefinition", &request).await;
    let (definition, tags) = (&described["taskDefinition"], &described["tags"]);
    let register = json!({
        "family": definition["family"],
        "networkMode": definition["networkMode"],
        "requiresCompatibilities": definition["requiresCompatibilities"],
        "cpu": definition["cpu"],
        "memory": definition["memory"],
        "containerDefinitions": definition["containerDefinitions"],
        "tags": tags,
    });
    let registered = ecs(town, "RegisterTaskDefinition", &register).await;
    registered["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
}

/// Rolls an application's staging out to a revision.
///
/// # Panics
/// ECS refuses.
pub async fn roll_out(town: &Town, application: &str, revision: &str) {
    let update = json!({ "cluster": "staging", "service": application, "taskDefinition": revision });
    ecs(town, "UpdateService", &update).await;
}

/// Takes the lock of an application's production for a deployment that nobody asked for.
///
/// # Panics
/// The table refuses.
pub async fn take_lock(town: &Town, application: &str) {
    let application = applications().into_iter().find(|known| known.name == application).unwrap();
    let place = application.environment("production");
    let view = town.store.environment(&place.application, &place.environment).await.unwrap();
    let id: DeploymentId = uuid::Uuid::now_v7().try_into().unwrap();
    let (at, text) = (jiff::Timestamp::now(), "by hand".to_owned());
    let entry = Entry {
        id,
        seq: 1,
        at,
        worker: text.clone(),
        write_id: id.to_string(),
        from: "requested".to_owned(),
        to: "locked/checking-source".to_owned(),
        event: "lock-taken".to_owned(),
        detail: text.clone(),
        wake: 0,
        claim: None,
        terminal: false,
        snapshot: "{}".to_owned(),
    };
    let summary = Summary { id, target: text.clone(), actor: text, at, outcome: None, reason: None };
    let opening = Opening {
        application: place.application,
        environment: place.environment,
        observed_token: view.lock.token,
        ended_hold: None,
        entry,
        summary,
    };
    let opened = town.store.open(&opening).await.unwrap();
    assert_eq!(opened, Opened::Written);
}

/// Calls an action of ECS.
async fn ecs(town: &Town, action: &str, input: &Value) -> Value {
    let target = format!("AmazonEC2ContainerServiceV20141113.{action}");
    let post = reqwest::Client::new().post(town.ecs.endpoint()).header("x-amz-target", target);
    let post = post.header("content-type", "application/x-amz-json-1.1").body(input.to_string());
    post.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
}
