//! Records as a worker would have left them, one for each end, with snapshots that the state machine reads.

use jiff::Timestamp;
use lockstep::ports::{Appended, Closing, Entry, Opened, Opening, Rejected, Store as _, Summary};
use lockstep_events::{CommitSha, DeployRequested, DeploymentId, ImageDigest, Overrides, Requester, Target};
use lockstep_state_machines::{
    Deployment, Evidence, Failure, FailureCode, HealthyRelease, Inspection, Kind, Leg, Machine, Plan, Proof,
    ReadinessSeen, Refusal, RefusalCode, Source, State,
};
use serde_json::json;

use super::support::{Local, environment, shop};

/// The customer's words for a locked environment.
pub(crate) const IN_PROGRESS: &str = "Another staging deployment is already in progress. Please wait for it to complete. (deployment x by bob)";

pub(crate) fn at(seconds: u32) -> Timestamp {
    format!("2026-11-23T09:30:{seconds:02}Z").parse().unwrap()
}

pub(crate) fn commit() -> CommitSha {
    "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap()
}

pub(crate) fn digest(fill: char) -> ImageDigest {
    format!("sha256:{}", fill.to_string().repeat(64)).parse().unwrap()
}

pub(crate) fn request(id: DeploymentId) -> DeployRequested {
    DeployRequested {
        id,
        application: shop(),
        environment: environment("staging"),
        target: Target::Commit { reference: None },
        requester: Requester { actor: "alice".to_owned(), workflow_run_id: None, workflow_run_attempt: None },
        requested_at: at(0),
        overrides: Overrides::default(),
    }
}

/// A release that ran before.
pub(crate) fn previous() -> HealthyRelease {
    HealthyRelease {
        deployment: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        version: "0.0.9".parse().unwrap(),
        image_tag: "0.0.9-1234567.beta".to_owned(),
        commit: None,
        digest: digest('9'),
        task_definition: "shop:9".to_owned(),
        at: at(0),
    }
}

/// The facts of a deployment that reached this end.
pub(crate) fn ended(request: DeployRequested, state: State) -> Deployment {
    let mut d = Deployment::new(request, Plan { kind: Kind::Staging, with_database: false }, 1);
    if state == State::Rejected {
        d.refusal = Some(Refusal { code: RefusalCode::LockHeld, message: IN_PROGRESS.to_owned() });
        return d;
    }
    let warning = "there is no release to migrate from".to_owned();
    d.source = Some(Source {
        commit: commit(),
        version: "0.1.0".parse().unwrap(),
        beta: "0.1.0-abcdef0.beta".parse().unwrap(),
        digest: None,
        baseline: None,
        warnings: vec![warning],
    });
    match state {
        State::Healthy => {
            d.digest = Some(digest('a'));
            d.revisions.insert(Leg::Candidate, "shop:10".to_owned());
            d.proof = Some(proof('a'));
        }
        State::Cancelled => d.failure = Some(failure(FailureCode::Cancelled, "cancelled by bob")),
        _ => {
            d.touched = true;
            d.failure = Some(failure(FailureCode::Rollout, "ECS gave the rollout up"));
        }
    }
    if state == State::RolledBack {
        d.inspection = Some(Inspection {
            base: "shop:9".to_owned(),
            database_base: None,
            desired: 1,
            previous: Some(previous()),
            already_running: None,
            latest: None,
            findings: Vec::new(),
        });
        d.restored = Some((proof('9'), at(50)));
    }
    d
}

fn proof(fill: char) -> Proof {
    Proof {
        tasks: vec![("task-1".to_owned(), digest(fill).to_string())],
        unproven: None,
        findings: Vec::new(),
    }
}

fn failure(code: FailureCode, message: &str) -> Failure {
    Failure {
        code,
        during: "deploying/rolling-out-candidate".to_owned(),
        message: message.to_owned(),
        evidence: Evidence {
            service_events: vec!["(service shop) tasks failed to start".to_owned()],
            stopped_tasks: vec!["task t9: Essential container exited; container app: exit code 3".to_owned()],
            readiness: Some(ReadinessSeen {
                url: "http://127.0.0.1:1/ready".to_owned(),
                status: Some(503),
                detail: "starting\n::error::not ours".to_owned(),
            }),
        },
        at: at(40),
    }
}

/// A history item with these facts in this state.
pub(crate) fn entry(seq: u64, from: &str, state: State, deployment: &Deployment) -> Entry {
    let seconds = u32::try_from(seq).unwrap();
    let snapshot = json!({
        "v": 1,
        "state": state,
        "since": at(seconds),
        "deadline": (!state.is_terminal()).then(|| at(59)),
        "deployment": deployment,
    });
    let snapshot = snapshot.to_string();
    Machine::restore(&snapshot).expect("a snapshot as the state machine writes it");
    Entry {
        id: deployment.request.id,
        seq,
        at: at(seconds),
        worker: "host:1".to_owned(),
        write_id: uuid::Uuid::now_v7().to_string(),
        from: from.to_owned(),
        to: state.to_string(),
        event: "lock-taken".to_owned(),
        detail: format!("step {seq}"),
        wake: seq,
        claim: None,
        terminal: state.is_terminal(),
        snapshot,
    }
}

fn summary(request: &DeployRequested, outcome: Option<&str>) -> Summary {
    Summary {
        id: request.id,
        target: "the default branch".to_owned(),
        actor: request.requester.actor.clone(),
        at: at(1),
        outcome: outcome.map(str::to_owned),
        reason: outcome.map(|outcome| format!("because it is {outcome}")),
    }
}

/// Takes the environment's lock for this request.
pub(crate) async fn open(local: &Local, request: &DeployRequested) {
    let view = local.store.environment(&request.application, &request.environment).await.unwrap();
    let plan = Plan { kind: Kind::Staging, with_database: false };
    let deployment = Deployment::new(request.clone(), plan, view.lock.token + 1);
    let opening = Opening {
        application: request.application.clone(),
        environment: request.environment.clone(),
        observed_token: view.lock.token,
        ended_hold: None,
        entry: entry(1, "requested", State::CheckingSource, &deployment),
        summary: summary(request, None),
    };
    assert_eq!(local.store.open(&opening).await.unwrap(), Opened::Written);
}

/// Ends the deployment that holds the lock.
pub(crate) async fn close(local: &Local, request: &DeployRequested, state: State) {
    let view = local.store.environment(&request.application, &request.environment).await.unwrap();
    let deployment = ended(request.clone(), state);
    let record = (state == State::Healthy).then(|| lockstep::ports::EnvironmentRecord {
        current: Some(previous()),
        last_healthy: Some(previous()),
        dirty: None,
        desired: Some(1),
    });
    let closing = Closing {
        application: request.application.clone(),
        environment: request.environment.clone(),
        token: view.lock.token,
        entry: entry(2, "locked/checking-source", state, &deployment),
        record,
        beta: None,
        summary: summary(request, Some(&state.to_string())),
    };
    assert_eq!(local.store.close(&closing).await.unwrap(), Appended::Written);
}

/// Records the request as rejected.
pub(crate) async fn reject(local: &Local, request: &DeployRequested) {
    let rejected = Rejected {
        application: request.application.clone(),
        environment: request.environment.clone(),
        because_of: None,
        entry: entry(1, "requested", State::Rejected, &ended(request.clone(), State::Rejected)),
        summary: Some(summary(request, Some("rejected"))),
    };
    assert_eq!(local.store.reject(&rejected).await.unwrap(), Opened::Written);
}
