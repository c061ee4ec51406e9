//! Injected faults: what is refused has no effect, what loses its answer has one.

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::SdkError;
use aws_sdk_ecs::operation::update_service::UpdateServiceError;
use ecs_sim::CallOutcome;
use ecs_sim::knobs::{FailNext, LostAnswer};
use serde_json::json;

use crate::support::{CLUSTER, SERVICE, Wire, patch_knobs};

async fn force(wire: &Wire) -> Result<(), SdkError<UpdateServiceError, HttpResponse>> {
    let update = wire.ecs.update_service().cluster(CLUSTER).service(SERVICE).force_new_deployment(true);
    update.send().await.map(|_| ())
}

fn begun(wire: &Wire) -> usize {
    wire.sim.log().iter().filter(|call| call.id("newDeploymentId").is_some()).count()
}

#[tokio::test]
async fn throttled_and_failed_calls_have_no_effect() {
    let wire = Wire::start(0).await;
    wire.sim.knobs().update(|knobs| {
        knobs.throttle.insert("UpdateService".to_owned(), 1);
        knobs.fail_next.insert("UpdateService".to_owned(), FailNext { count: 2, status: 503 });
    });
    let throttled = force(&wire).await.unwrap_err().into_service_error();
    assert_eq!(throttled.meta().code(), Some("ThrottlingException"));
    for _ in 0..2 {
        let failed = force(&wire).await.unwrap_err();
        assert_eq!(failed.raw_response().unwrap().status().as_u16(), 503);
    }
    assert_eq!(begun(&wire), 0);
    force(&wire).await.unwrap();
    assert_eq!(begun(&wire), 1);
    let outcomes: Vec<_> = wire.sim.log().into_iter().take(2).map(|call| call.outcome).collect();
    let refused = |kind: &str| CallOutcome::Refused(kind.to_owned());
    assert_eq!(outcomes, [refused("ThrottlingException"), refused("ServiceUnavailableException")]);
}

#[tokio::test]
async fn reads_are_throttled_too() {
    let wire = Wire::start(0).await;
    wire.sim.knobs().update(|knobs| knobs.throttle.insert("DescribeServices".to_owned(), 1));
    let throttled = wire.ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await;
    assert_eq!(throttled.unwrap_err().into_service_error().meta().code(), Some("ThrottlingException"));
    assert_eq!(wire.service().await.service_name(), Some(SERVICE));
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_behind() {
    let wire = Wire::start(0).await;
    for (by, is_service_error) in [(LostAnswer::ConnectionClosed, false), (LostAnswer::ServerError, true)] {
        let before = begun(&wire);
        wire.sim.knobs().update(|knobs| {
            knobs.lose_answer.insert("UpdateService".to_owned(), 1);
            knobs.lose_answer_by = by;
        });
        let lost = force(&wire).await.unwrap_err();
        assert_eq!(matches!(lost, SdkError::ServiceError(_)), is_service_error, "{lost:?}");
        assert_eq!(begun(&wire), before + 1);
        assert!(wire.sim.log().last().unwrap().answer_lost);
        force(&wire).await.unwrap();
        assert_eq!(begun(&wire), before + 2, "without a token the same update is another deployment");
    }
}

#[tokio::test]
async fn knobs_are_read_and_set_over_http() {
    let wire = Wire::start(0).await;
    let url = format!("{}/_sim/knobs", wire.sim.endpoint());
    let (status, knobs) =
        patch_knobs(&wire.sim.endpoint(), json!({ "rollbackPrimary": "OldId", "readLagMs": 5 })).await;
    assert_eq!((status, &knobs["rollbackPrimary"]), (200, &json!("OldId")));
    let (_, knobs) = patch_knobs(&wire.sim.endpoint(), json!({ "imageDigest": "Missing" })).await;
    assert_eq!((&knobs["readLagMs"], &knobs["imageDigest"]), (&json!(5), &json!("Missing")));
    let (status, complaint) = patch_knobs(&wire.sim.endpoint(), json!({ "readLag": 5 })).await;
    assert_eq!(status, 400);
    assert!(complaint.as_str().unwrap().contains("readLag"), "{complaint}");
    let put =
        reqwest::Client::new().put(&url).json(&json!({ "duplicateEvents": true })).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let knobs: serde_json::Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    assert_eq!((&knobs["readLagMs"], &knobs["duplicateEvents"]), (&json!(0), &json!(true)));
    assert!(wire.sim.knobs().get().duplicate_events);
}
