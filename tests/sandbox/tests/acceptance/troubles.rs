//! Services that throttle, fail or lose their answers while a deployment is under way: it waits and goes on,
//! says so in its history, and every result is there once.

use ecs_sim::knobs::FailNext;
use github_sim::RouteKind;
use sandbox::sample::Variant;

use crate::stage::{Stage, beta};

#[tokio::test(flavor = "multi_thread")]
async fn throttles_errors_and_lost_answers_are_waited_out_and_nothing_happens_twice() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.sandbox.ecs().knobs().update(|knobs| {
        knobs.throttle.extend(
            ["DescribeServices", "RegisterTaskDefinition", "UpdateService"].map(|a| (a.to_owned(), 1)),
        );
        knobs.fail_next.insert("ListServiceDeployments".to_owned(), FailNext { count: 1, status: 503 });
        // It takes effect, and the worker is not told: the one that counts.
        knobs.lose_answer.insert("UpdateService".to_owned(), 1);
    });
    stage.sandbox.github().knobs().change(|knobs| {
        knobs.lose_answer.insert(RouteKind::CreateRelease, 1);
    });
    let before = stage.sandbox.ecs().log().len();

    let verdict = stage.promote(&beta("0.1.0", &sha)).await;
    verdict.expect("healthy", 0);
    let history = stage.history(verdict.id()).await;
    let faults: Vec<_> = history.iter().filter(|entry| entry.event == "transient-fault").collect();
    assert!(faults.len() >= 4, "each retry is in the history: {faults:#?}");
    assert!(faults.iter().all(|entry| entry.detail.contains("next try at")), "{faults:#?}");
    for service in ["DescribeServices", "RegisterTaskDefinition", "UpdateService"] {
        assert!(faults.iter().any(|entry| entry.detail.contains(service)), "{service} in {faults:#?}");
    }
    let started: Vec<_> = history.iter().filter(|entry| entry.event == "rollout-started").collect();
    assert!(started.len() == 1 && started[0].detail.contains("already"), "adopted: {started:#?}");

    let calls = stage.sandbox.ecs().log().split_off(before);
    let begun = calls.iter().filter(|call| call.id("newDeploymentId").is_some()).count();
    assert_eq!(begun, 1, "one rollout: {calls:#?}");
    let registered = |call: &&ecs_sim::LoggedCall| {
        call.action == "RegisterTaskDefinition" && call.id("taskDefinitionArn").is_some()
    };
    assert_eq!(calls.iter().filter(registered).count(), 1, "one revision: {calls:#?}");
    let releases = stage.github("releases?per_page=100").await.unwrap();
    let of_the_version =
        releases.as_array().unwrap().iter().filter(|release| release["tag_name"] == "0.1.0").count();
    assert_eq!(of_the_version, 1, "one release");
}
