//! What the deployed application answers when it is asked whether it is ready. It may be broken in any way;
//! only a 2xx with the configured field counts.

use std::time::Duration;

use fuzz_targets::{Answer, Server};
use lockstep::adapters::readiness::HttpApplication;
use lockstep::ports::{Application, ReadinessProbe};
use serde_json::Value;

use crate::{runtime, target};

const POINTER: &str = "/build/commit";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn readiness_answers() {
    let runtime = runtime();
    let server = runtime.block_on(Server::start());
    let application = HttpApplication::new(Duration::from_secs(5)).unwrap();
    let probe =
        |must_equal| ReadinessProbe { url: format!("http://{}/ready", server.authority()), must_equal };
    let plain = probe(None);
    let strict = probe(Some((POINTER.to_owned(), COMMIT.to_owned())));
    target!("readiness_answers", "readiness", |answer: &Answer| {
        server.set(answer);
        let (seen, seen_strictly) =
            runtime.block_on(async { (application.probe(&plain).await, application.probe(&strict).await) });
        assert_eq!(server.requests().len(), 2, "one GET for each probe, no redirect followed");
        for seen in [&seen, &seen_strictly] {
            assert!(seen.detail.chars().count() <= 301, "{} characters", seen.detail.chars().count());
            let success = seen.status.is_some_and(|status| (200..300).contains(&status));
            assert!(success || !seen.ready, "{seen:?} for {answer:?}");
        }
        assert!(seen.ready || !seen_strictly.ready, "the stricter probe is ready and the other is not");
        // Bytes that are no answer of ours may hold one all the same.
        if seen_strictly.ready && answer.status.is_some() {
            let json: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(
                json.pointer(POINTER),
                Some(&Value::String(COMMIT.to_owned())),
                "another build is ready"
            );
        }
    });
}
