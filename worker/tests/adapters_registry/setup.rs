//! Whether the repository can be pushed to, found out without pushing.

use std::time::Duration;

use axum::http::Method;
use lockstep::adapters::registry::{OciInspector, RegistryAuth, RegistrySettings};
use lockstep::faults::FaultKind;
use lockstep::ports::setup::{RegistryInspector, UploadTrial};

use crate::double::{Double, Gate, PASSWORD, Refusal};
use crate::user;

fn inspector(double: &Double, auth: RegistryAuth) -> OciInspector {
    OciInspector::new(RegistrySettings {
        repository: double.repository(),
        auth,
        anonymous_reads: true,
        plain_http: true,
        call_timeout: Duration::from_secs(20),
    })
    .unwrap()
}

#[tokio::test]
async fn an_upload_is_opened_and_cancelled_whatever_the_login() {
    for gate in [Gate::Open, Gate::Basic, Gate::Tokens { push_only: true }] {
        let double = Double::start(gate).await;
        let trial = inspector(&double, user()).try_upload().await.unwrap();
        assert_eq!(trial, UploadTrial::Cancelled);
    }
}

#[tokio::test]
async fn who_may_not_push_is_told_so() {
    for gate in [Gate::Basic, Gate::Tokens { push_only: false }] {
        let double = Double::start(gate).await;
        let fault = inspector(&double, RegistryAuth::Anonymous).try_upload().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    }
}

#[tokio::test]
async fn an_upload_that_cannot_be_cancelled_lapses() {
    let double = Double::start(Gate::Open).await;
    let body = format!("no, {PASSWORD}");
    double.refuse(Refusal { method: Method::DELETE, part: "/blobs/uploads/", status: 405, body, times: 1 });
    let trial = inspector(&double, user()).try_upload().await.unwrap();
    let UploadTrial::LeftToLapse(why) = trial else { panic!("{trial:?}") };
    assert!(why.contains("405") && !why.contains(PASSWORD), "{why}");
}
