//! Deployments through octocrab.

use crate::support::{OWNER, REPO, commit, refusal, start};
use octocrab::models::repos::DeploymentStatusState;

#[tokio::test]
async fn deployments_and_their_statuses_are_created_and_listed() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    let repository = fixture.crab.repos(OWNER, REPO);
    let deployments = repository.deployments();
    let made = deployments
        .create("main")
        .auto_merge(false)
        .required_contexts(Vec::<String>::new())
        .environment("staging")
        .payload(serde_json::json!({ "deployment_id": "d-1" }))
        .send()
        .await
        .unwrap();
    assert_eq!((made.sha.as_str(), made.environment.as_str()), (sha.as_str(), "staging"));
    assert_eq!(made.payload["deployment_id"], "d-1");
    for state in [DeploymentStatusState::InProgress, DeploymentStatusState::Success] {
        deployments.statuses(made.id).create(state).log_url("http://127.0.0.1/log").send().await.unwrap();
    }
    let statuses = deployments.statuses(made.id).list().send().await.unwrap().items;
    let states: Vec<_> = statuses.iter().map(|status| status.state).collect();
    assert_eq!(states, [DeploymentStatusState::Success, DeploymentStatusState::InProgress]);
    let one = deployments.statuses(made.id).get(statuses[0].id).await.unwrap();
    assert_eq!(one, statuses[0]);
    assert_eq!(deployments.get(made.id).await.unwrap().id, made.id);
    let listed = deployments.list().environment("staging").sha(&sha).send().await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert!(deployments.list().environment("production").send().await.unwrap().items.is_empty());
    assert_eq!(refusal(&deployments.create("nowhere").send().await.unwrap_err()).0, 422);
    assert_eq!(refusal(&deployments.get(1).await.unwrap_err()).0, 404);
}
