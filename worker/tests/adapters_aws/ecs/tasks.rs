//! Tasks: each once, none left out.

use lockstep::ports::Cluster;
use serde_json::{Value, json};

use super::double::{Double, web};

fn task(number: u32, status: &str) -> Value {
    json!({
        "taskArn": format!("arn:task/{number}"), "lastStatus": status, "desiredStatus": status,
        "taskDefinitionArn": "arn:td/web:2", "startedBy": "ecs-svc/2",
        "containers": [{"name": "app", "imageDigest": "sha256:1", "lastStatus": status}],
    })
}

#[tokio::test]
async fn running_and_stopped_tasks_are_seen_each_once() {
    let mut stopped = task(3, "STOPPED");
    stopped["stopCode"] = json!("EssentialContainerExited");
    stopped["stoppedReason"] = json!("Essential container in task exited");
    stopped["stoppedAt"] = json!(1_700_000_000.0);
    stopped["containers"] = json!([{"name": "app", "exitCode": 137, "reason": "OutOfMemory"}]);
    let double = Double::default();
    double
        .answer("ListTasks", json!({"taskArns": ["arn:task/1"], "nextToken": "p2"}))
        .answer("ListTasks", json!({"taskArns": ["arn:task/2"]}))
        // 2 stopped in between and is listed again.
        .answer("ListTasks", json!({"taskArns": ["arn:task/2", "arn:task/3"]}))
        .answer("DescribeTasks", json!({"tasks": [task(1, "RUNNING"), task(2, "RUNNING"), stopped]}));
    let tasks = double.cluster().await.tasks(&web()).await.unwrap();
    assert_eq!(tasks.len(), 3);
    assert_eq!(tasks[0].containers[0].image_digest.as_deref(), Some("sha256:1"));
    let stopped = &tasks[2];
    assert_eq!(stopped.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(stopped.stopped_at, Some("2023-11-14T22:13:20Z".parse().unwrap()));
    let container = &stopped.containers[0];
    assert_eq!((container.image_digest.as_deref(), container.exit_code), (None, Some(137)));
    assert_eq!(container.reason.as_deref(), Some("OutOfMemory"));
    let listed = double.asked("ListTasks");
    assert_eq!(listed[0], json!({"cluster": "main", "serviceName": "web", "desiredStatus": "RUNNING"}));
    assert_eq!(listed[2]["desiredStatus"], "STOPPED");
    let described = &double.asked("DescribeTasks")[0]["tasks"];
    assert_eq!(*described, json!(["arn:task/1", "arn:task/2", "arn:task/3"]));
}

#[tokio::test]
async fn at_most_a_hundred_tasks_are_described_at_once_and_none_is_left_out() {
    let arns: Vec<_> = (0..150).map(|number| format!("arn:task/{number}")).collect();
    let tasks = |from: u32, to: u32| (from..to).map(|number| task(number, "RUNNING")).collect::<Vec<_>>();
    let double = Double::default();
    double
        .answer("ListTasks", json!({"taskArns": arns}))
        .answer("ListTasks", json!({"taskArns": []}))
        .answer("DescribeTasks", json!({"tasks": tasks(0, 100)}))
        .answer("DescribeTasks", json!({"tasks": tasks(100, 150)}));
    assert_eq!(double.cluster().await.tasks(&web()).await.unwrap().len(), 150);
    let sizes: Vec<_> =
        double.asked("DescribeTasks").iter().map(|asked| asked["tasks"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 50]);

    let lagging = Double::default();
    lagging.answer("ListTasks", json!({"taskArns": ["arn:task/1"]})).answer(
        "DescribeTasks",
        json!({"tasks": [], "failures": [{"arn": "arn:task/1", "reason": "MISSING"}]}),
    );
    let fault = lagging.cluster().await.tasks(&web()).await.unwrap_err();
    assert!(fault.is_transient(), "{fault}");
}
