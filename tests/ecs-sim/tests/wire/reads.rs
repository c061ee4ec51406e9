//! What Describe and List calls say, page by page, and as the knobs bend it.

use aws_sdk_ecs::types::{ContainerDefinition, SortOrder, Tag, TaskDefinitionField, TaskDefinitionStatus};
use ecs_sim::knobs::{ImageDigest, RevisionIds};
use serde_json::json;

use crate::support::{CLUSTER, SERVICE, Wire, digest, patch_knobs};

#[tokio::test]
async fn a_task_definition_comes_back_as_it_was_sent_with_ecs_additions() {
    let wire = Wire::start(0).await;
    let container = ContainerDefinition::builder().name("app").image("127.0.0.1:5000/x:1").cpu(64).build();
    let tag = Tag::builder().key("deployment").value("d-1").build();
    let register = wire
        .ecs
        .register_task_definition()
        .family("api")
        .container_definitions(container)
        .memory("512")
        .tags(tag);
    let registered = register.send().await.unwrap();
    let arn = registered.task_definition().unwrap().task_definition_arn().unwrap().to_owned();
    assert_eq!(arn, "arn:aws:ecs:us-east-1:000000000000:task-definition/api:1");

    let described = wire.ecs.describe_task_definition().task_definition("api").send().await.unwrap();
    assert!(described.tags().is_empty(), "tags only when asked for");
    let described =
        wire.ecs.describe_task_definition().task_definition(&arn).include(TaskDefinitionField::Tags);
    let described = described.send().await.unwrap();
    assert_eq!(described.tags()[0].value(), Some("d-1"));
    let definition = described.task_definition().unwrap();
    assert_eq!(
        (definition.family(), definition.revision(), definition.memory()),
        (Some("api"), 1, Some("512"))
    );
    assert_eq!(definition.status(), Some(&TaskDefinitionStatus::Active));
    assert!(definition.registered_at().is_some());
    let container = &definition.container_definitions()[0];
    assert_eq!(
        (container.cpu(), container.essential(), container.image()),
        (64, Some(true), Some("127.0.0.1:5000/x:1"))
    );

    let tag = Tag::builder().key("deployment").value("d-2").build();
    wire.ecs.tag_resource().resource_arn(&arn).tags(tag).send().await.unwrap();
    let tags = wire.ecs.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags().iter().map(|tag| tag.value()).collect::<Vec<_>>(), [Some("d-2")]);

    let gone = wire.ecs.deregister_task_definition().task_definition(&arn).send().await.unwrap();
    assert_eq!(gone.task_definition().unwrap().status(), Some(&TaskDefinitionStatus::Inactive));
    let by_family = wire.ecs.describe_task_definition().task_definition("api").send().await;
    assert!(by_family.unwrap_err().into_service_error().is_client_exception());
    let families = wire.ecs.list_task_definition_families().send().await.unwrap();
    assert_eq!(families.families(), ["api", "web"]);
}

#[tokio::test]
async fn members_that_the_simulator_does_not_know_are_kept() {
    let wire = Wire::start(0).await;
    let body = json!({ "family": "odd", "ephemeralStorage": { "sizeInGiB": 30 }, "somethingNew": { "a": [1] },
        "containerDefinitions": [{ "name": "app", "image": "x:y/z", "alsoNew": true }] });
    let call = |action: &str, body: serde_json::Value| {
        let target = format!("AmazonEC2ContainerServiceV20141113.{action}");
        reqwest::Client::new()
            .post(wire.sim.endpoint())
            .header("x-amz-target", target)
            .body(body.to_string())
            .send()
    };
    call("RegisterTaskDefinition", body).await.unwrap();
    let answer = call("DescribeTaskDefinition", json!({ "taskDefinition": "odd:1" })).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer.pointer("/taskDefinition/somethingNew/a/0"), Some(&json!(1)));
    assert_eq!(answer.pointer("/taskDefinition/ephemeralStorage/sizeInGiB"), Some(&json!(30)));
    assert_eq!(answer.pointer("/taskDefinition/containerDefinitions/0/alsoNew"), Some(&json!(true)));
}

#[tokio::test]
async fn lists_come_in_pages_and_in_order() {
    let wire = Wire::start(0).await;
    for _ in 0..11 {
        wire.register("good").await;
    }
    let list = || wire.ecs.list_task_definitions().family_prefix("web").sort(SortOrder::Desc).max_results(5);
    let mut revisions = Vec::new();
    let mut token = None;
    loop {
        let page = list().set_next_token(token).send().await.unwrap();
        assert!(page.task_definition_arns().len() <= 5);
        revisions.extend(
            page.task_definition_arns()
                .iter()
                .map(|arn| arn.rsplit(':').next().unwrap().parse::<u32>().unwrap()),
        );
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(revisions, (1..=12).rev().collect::<Vec<_>>());
    let prefix_only = wire.ecs.list_task_definitions().family_prefix("we").send().await.unwrap();
    assert!(prefix_only.task_definition_arns().is_empty());
}

#[tokio::test]
async fn service_deployments_are_listed_newest_first_filtered_and_paged() {
    let wire = Wire::start(0).await;
    for _ in 0..3 {
        wire.deploy("good").await;
        wire.until_newest_is(aws_sdk_ecs::types::ServiceDeploymentStatus::Successful).await;
    }
    let list = || wire.ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE);
    let all = list().send().await.unwrap();
    let created: Vec<f64> =
        all.service_deployments().iter().map(|d| d.created_at().unwrap().as_secs_f64()).collect();
    assert_eq!(created.len(), 4);
    assert!(created.is_sorted_by(|a, b| a >= b), "{created:?}");
    let first = list().max_results(3).send().await.unwrap();
    let rest = list().max_results(3).next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!((first.service_deployments().len(), rest.service_deployments().len()), (3, 1));
    assert!(rest.next_token().is_none());

    let running =
        list().status(aws_sdk_ecs::types::ServiceDeploymentStatus::InProgress).send().await.unwrap();
    assert!(running.service_deployments().is_empty());
    let oldest = *all.service_deployments()[3].created_at().unwrap();
    let after = aws_sdk_ecs::types::CreatedAt::builder().after(oldest).build();
    assert_eq!(list().created_at(after).send().await.unwrap().service_deployments().len(), 3);
}

#[tokio::test]
async fn the_image_digest_of_a_task_is_what_the_knob_says() {
    let wire = Wire::start(1).await;
    wire.until_running(1).await;
    let arns =
        wire.ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).send().await.unwrap().task_arns.unwrap();
    for (knob, expected) in [
        (ImageDigest::Index, Some(digest('a'))),
        (ImageDigest::Manifest, Some(digest('b'))),
        (ImageDigest::Missing, None),
    ] {
        wire.sim.knobs().update(|knobs| knobs.image_digest = knob);
        let tasks =
            wire.ecs.describe_tasks().cluster(CLUSTER).set_tasks(Some(arns.clone())).send().await.unwrap();
        let task = &tasks.tasks()[0];
        assert_eq!(task.containers()[0].image_digest().map(str::to_owned), expected);
        assert_eq!(task.group(), Some("service:web"));
        assert_eq!((task.last_status(), task.desired_status()), (Some("RUNNING"), Some("RUNNING")));
    }
}

#[tokio::test]
async fn reads_can_lag_behind() {
    let wire = Wire::start(1).await;
    let before = wire.until_running(1).await;
    let (status, _) = patch_knobs(&wire.sim.endpoint(), json!({ "readLagMs": 600_000 })).await;
    assert_eq!(status, 200);
    let updated = wire.deploy("good").await;
    assert_ne!(updated.task_definition(), before.task_definition(), "the answer of a change does not lag");
    let seen = wire.service().await;
    assert_eq!(seen.task_definition(), before.task_definition());
    assert_eq!(seen.deployments().len(), 1);
    let described =
        wire.ecs.describe_task_definition().task_definition(updated.task_definition().unwrap()).send().await;
    assert!(described.unwrap_err().into_service_error().is_client_exception(), "not there yet");
    wire.sim.knobs().update(|knobs| knobs.read_lag_ms = 0);
    assert_eq!(wire.service().await.task_definition(), updated.task_definition());
}

#[tokio::test]
async fn a_new_service_deployment_may_not_be_listed_yet() {
    let wire = Wire::start(1).await;
    wire.until_running(1).await;
    let before = wire.newest().await.service_deployment_arn.unwrap();
    patch_knobs(&wire.sim.endpoint(), json!({ "serviceDeploymentListingLagMs": 600_000 })).await;
    let list = || wire.ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE).send();
    assert!(list().await.unwrap().service_deployments().is_empty());
    wire.sim.knobs().update(|knobs| {
        knobs.service_deployment_listing_lag_ms = 0;
        knobs.current_service_deployment_stale = true;
        knobs.revision_ids = RevisionIds::Unrelated;
    });
    let updated = wire.deploy("good").await;
    assert_eq!(updated.current_service_deployment(), Some(before.as_str()));
    let newest = wire.newest().await;
    assert_ne!(newest.service_deployment_arn(), Some(before.as_str()));
    let number =
        newest.target_service_revision().unwrap().arn().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_ne!(updated.deployments()[0].id(), Some(format!("ecs-svc/{number}").as_str()));
}

#[tokio::test]
async fn clusters_and_what_is_missing() {
    let wire = Wire::start(1).await;
    wire.until_running(1).await;
    let clusters = wire.ecs.describe_clusters().clusters(CLUSTER).clusters("nope").send().await.unwrap();
    assert_eq!(
        (clusters.clusters()[0].running_tasks_count(), clusters.clusters()[0].active_services_count()),
        (1, 1)
    );
    assert_eq!(clusters.failures()[0].reason(), Some("MISSING"));
    let services = wire
        .ecs
        .describe_services()
        .cluster(CLUSTER)
        .services(SERVICE)
        .services("nope")
        .send()
        .await
        .unwrap();
    assert_eq!((services.services().len(), services.failures()[0].reason()), (1, Some("MISSING")));
    let tasks = wire.ecs.describe_tasks().cluster(CLUSTER).tasks("0123").send().await.unwrap();
    assert_eq!(tasks.failures()[0].reason(), Some("MISSING"));
    let revisions =
        wire.ecs.describe_service_revisions().service_revision_arns("arn:x").send().await.unwrap();
    assert_eq!(revisions.failures()[0].arn(), Some("arn:x"));
}
