//! Rollouts: never left out, seen in every status.

use lockstep::ports::{Cluster, RolloutStatus};
use serde_json::{Value, json};

use super::double::{Double, web};

fn brief(number: u32, created: f64) -> Value {
    json!({"serviceDeploymentArn": format!("arn:sd/{number}"), "createdAt": created})
}

fn full(number: u32, created: f64, status: &str) -> Value {
    json!({
        "serviceDeploymentArn": format!("arn:sd/{number}"), "createdAt": created, "status": status,
        "statusReason": "words", "targetServiceRevision": {"arn": format!("arn:rev/{number}")},
        "deploymentCircuitBreaker": {"status": "MONITORING", "failureCount": 2, "threshold": 3},
    })
}

fn revision(number: u32) -> Value {
    json!({"serviceRevisionArn": format!("arn:rev/{number}"), "taskDefinition": format!("arn:td/web:{number}")})
}

#[tokio::test]
async fn rollouts_are_seen_in_every_status_with_their_task_definitions() {
    let mut rolled_back = full(2, 2000.0, "ROLLBACK_SUCCESSFUL");
    rolled_back["rollback"] = json!({"reason": "breaker", "serviceRevisionArn": "arn:rev/8"});
    let double = Double::default();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": [brief(1, 1000.0)], "nextToken": "p2"}))
        .answer(
            "ListServiceDeployments",
            json!({"serviceDeployments": [brief(2, 2000.0), brief(3, 2500.0), brief(9, 100.0)]}),
        )
        .answer(
            "DescribeServiceDeployments",
            json!({"serviceDeployments": [full(1, 1000.0, "SUCCESSFUL"), rolled_back, full(3, 2500.0, "ODD")]}),
        )
        .answer("DescribeServiceRevisions", json!({"serviceRevisions": [revision(1), revision(2), revision(3)]}));
    let since = jiff::Timestamp::from_second(1000 + 24 * 3600).unwrap();
    let rollouts = double.cluster().await.rollouts(&web(), since).await.unwrap();
    let seen: Vec<_> =
        rollouts.iter().map(|rollout| (rollout.task_definition.as_str(), rollout.status.clone())).collect();
    assert_eq!(
        seen,
        [
            ("arn:td/web:3", RolloutStatus::Other("ODD".to_owned())),
            ("arn:td/web:2", RolloutStatus::RollbackSuccessful),
            ("arn:td/web:1", RolloutStatus::Successful),
        ]
    );
    assert_eq!(rollouts[1].rollback.as_ref().unwrap().reason, "breaker");
    let revisions = &double.asked("DescribeServiceRevisions")[0]["serviceRevisionArns"];
    assert_eq!(*revisions, json!(["arn:rev/1", "arn:rev/2", "arn:rev/3"]), "not what a rollback goes to");
    assert_eq!((rollouts[1].failure_count, rollouts[1].threshold), (2, 3));
    let listed = double.asked("ListServiceDeployments");
    assert_eq!(listed[0]["status"], Value::Null, "every status");
    assert!(listed[0]["createdAt"]["after"].as_f64().unwrap() <= 1000.0, "{listed:?}");
    assert_eq!(listed[1]["nextToken"], "p2");
    let described = &double.asked("DescribeServiceDeployments")[0]["serviceDeploymentArns"];
    assert_eq!(*described, json!(["arn:sd/1", "arn:sd/2", "arn:sd/3"]), "9 is older than a minute before");
}

#[tokio::test]
async fn at_most_twenty_rollouts_are_described_at_once() {
    let double = Double::default();
    let briefs: Vec<_> = (0..25).map(|number| brief(number, 1000.0)).collect();
    let all =
        |from: u32, to: u32| (from..to).map(|number| full(number, 1000.0, "STOPPED")).collect::<Vec<_>>();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": briefs}))
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": all(0, 20)}))
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": all(20, 25)}))
        .answer(
            "DescribeServiceRevisions",
            json!({"serviceRevisions": (0..20).map(revision).collect::<Vec<_>>()}),
        )
        .answer(
            "DescribeServiceRevisions",
            json!({"serviceRevisions": (20..25).map(revision).collect::<Vec<_>>()}),
        );
    let since = jiff::Timestamp::from_second(1000).unwrap();
    let rollouts = double.cluster().await.rollouts(&web(), since).await.unwrap();
    assert_eq!(rollouts.len(), 25);
    for (action, member) in [
        ("DescribeServiceDeployments", "serviceDeploymentArns"),
        ("DescribeServiceRevisions", "serviceRevisionArns"),
    ] {
        let sizes: Vec<_> =
            double.asked(action).iter().map(|asked| asked[member].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [20, 5], "{action}");
    }
}

#[tokio::test]
async fn a_rollout_that_is_listed_but_not_described_yet_is_never_left_out() {
    let double = Double::default();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": [brief(1, 1000.0)]}))
        .answer(
            "DescribeServiceDeployments",
            json!({"serviceDeployments": [], "failures": [{"arn": "arn:sd/1", "reason": "MISSING"}]}),
        )
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": [full(1, 1000.0, "PENDING")]}))
        .answer("DescribeServiceRevisions", json!({"serviceRevisions": []}));
    let cluster = double.cluster().await;
    let since = jiff::Timestamp::from_second(1000).unwrap();
    for named in ["arn:sd/1", "arn:rev/1"] {
        let fault = cluster.rollouts(&web(), since).await.unwrap_err();
        assert!(fault.is_transient() && fault.message.contains(named), "{fault}");
    }
    let none = Double::default();
    none.answer("ListServiceDeployments", json!({"serviceDeployments": []}));
    assert_eq!(none.cluster().await.rollouts(&web(), since).await.unwrap(), []);
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_ends_in_a_fault() {
    let double = Double::default();
    for _ in 0..2 {
        double.answer("ListServiceDeployments", json!({"serviceDeployments": [], "nextToken": "again"}));
    }
    let since = jiff::Timestamp::from_second(1000).unwrap();
    let fault = double.cluster().await.rollouts(&web(), since).await.unwrap_err();
    assert_eq!(fault.message, "the same page came again and again");
}
