//! `watch` before somebody's eyes: the real binary on a terminal. Each step is told once, what is under way is drawn and
//! redrawn, and the verdict is the last word.

use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::post;
use lockstep::ports::Store as _;
use lockstep_events::DeployRequested;
use lockstep_state_machines::{Leg, State};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;

use super::records::{self, ended, entry, request};
use super::support::{Local, new_id};

const SERVICE: &str = r#"{"services": [{"serviceArn": "arn:s", "status": "ACTIVE",
    "deployments": [
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "shop:10", "desiredCount": 2, "runningCount": 1,
         "pendingCount": 1, "failedTasks": 3},
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "shop:9", "desiredCount": 2, "runningCount": 2,
         "pendingCount": 0, "failedTasks": 0}],
    "events": [{"id": "e1", "createdAt": 4102444800.0, "message": "(service shop) was unable to place a task."}]}]}"#;

const DENIED: &str = r#"{"__type": "AccessDeniedException", "message": "not you"}"#;

/// An ECS that answers every call like this.
async fn ecs(status: StatusCode, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = async |Shared(answer): Shared<(StatusCode, &'static str)>| {
        (answer.0, [("content-type", "application/x-amz-json-1.1")], answer.1)
    };
    let router = Router::new().route("/", post(answer)).with_state((status, body));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A deployment whose candidate is being rolled out.
async fn rolling_out(local: &Local) -> DeployRequested {
    let request = request(new_id());
    records::open(local, &request).await;
    let facts = ended(request.clone(), State::Healthy);
    let rolling = entry(2, "locked/checking-source", State::RollingOut { leg: Leg::Candidate }, &facts);
    local.store.append(&rolling).await.unwrap();
    request
}

async fn finish(local: &Local, request: &DeployRequested) {
    let facts = ended(request.clone(), State::Healthy);
    let verifying =
        entry(3, "deploying/rolling-out-candidate", State::Verifying { leg: Leg::Candidate }, &facts);
    local.store.append(&verifying).await.unwrap();
    let healthy = entry(4, "deploying/checking-readiness", State::Healthy, &facts);
    local.store.append(&healthy).await.unwrap();
}

/// Reads what the terminal shows until this is there; all of it so far.
async fn shown_until(child: &mut Child, wanted: &str) -> String {
    let mut reader = BufReader::new(child.stdout.as_mut().unwrap());
    let mut shown = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&shown).contains(wanted) {
            let read = reader.fill_buf().await.unwrap().to_vec();
            assert!(!read.is_empty(), "it ended before {wanted:?}: {}", String::from_utf8_lossy(&shown));
            reader.consume(read.len());
            shown.extend(read);
        }
    };
    let in_time = tokio::time::timeout(Duration::from_mins(1), read).await;
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(in_time.is_ok(), "{wanted:?} did not come: {shown}");
    shown
}

/// What comes until the end, and the exit code.
async fn to_the_end(mut child: Child) -> (Option<i32>, String) {
    let mut rest = Vec::new();
    child.stdout.as_mut().unwrap().read_to_end(&mut rest).await.unwrap();
    (child.wait().await.unwrap().code(), String::from_utf8_lossy(&rest).into_owned())
}

#[tokio::test]
async fn each_step_is_told_once_the_rollout_is_drawn_and_the_verdict_is_last() {
    let local = Local::start().await;
    let request = rolling_out(&local).await;
    let endpoint = ecs(StatusCode::OK, SERVICE).await;
    let variables = [("LOCKSTEP__AWS__ECS_ENDPOINT", endpoint.as_str()), ("NO_COLOR", "1")];
    let mut child = local.spawn_on_a_terminal(&format!("watch {}", request.id), &variables);
    let drawn = shown_until(&mut child, "unable to place a task").await;
    for part in [
        "waits for ECS to roll out shop:10",
        "until 2026-11-23T09:30:59Z: over; the next look settles it",
        "tasks: 1 of 2 running, 1 pending, 3 failed; 2 of other revisions",
    ] {
        assert!(drawn.contains(part), "{part:?} is not in {drawn}");
    }
    finish(&local, &request).await;
    let (code, rest) = to_the_end(child).await;
    let all = drawn + &rest;
    assert_eq!(code, Some(0), "{all}");
    for step in ["check who asks and the source: step 2", "roll out the candidate: step 3"] {
        assert_eq!(all.matches(step).count(), 1, "{step:?} in {all}");
    }
    assert_eq!(all.matches('✓').count(), 3, "{all}");
    let verdict = all.find("healthy: 0.1.0-abcdef0.beta runs in staging and is ready").unwrap();
    assert!(verdict > all.rfind('✓').unwrap(), "{all}");
    assert!(!all.contains("[32m"), "NO_COLOR: {all}");
}

#[tokio::test]
async fn who_may_not_ask_ecs_sees_the_record_and_an_end_that_is_bad_has_its_colour_and_code() {
    let local = Local::start().await;
    let request = rolling_out(&local).await;
    let endpoint = ecs(StatusCode::BAD_REQUEST, DENIED).await;
    let variables = [("LOCKSTEP__AWS__ECS_ENDPOINT", endpoint.as_str())];
    let mut child = local.spawn_on_a_terminal(&format!("watch {}", request.id), &variables);
    let drawn = shown_until(&mut child, "only the record is followed").await;
    let facts = ended(request.clone(), State::RolledBack);
    let end = entry(3, "deploying/rolling-out-candidate", State::RolledBack, &facts);
    local.store.append(&end).await.unwrap();
    let (code, rest) = to_the_end(child).await;
    assert_eq!(code, Some(5), "{drawn}{rest}");
    assert_eq!(rest.matches("✗").count(), 1, "{rest}");
    assert!(rest.contains("\u{1b}[31mrolled-back\u{1b}[0m: ECS gave the rollout up"), "{rest}");
}
