//! Every name is configuration: another pattern of release tags, another readiness answer that must name the
//! commit. The whole way there and back again works with them.

use sandbox::Options;
use sandbox::sample::Variant;

use crate::stage::{Stage, beta};

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_tagged_as_configured_and_the_answer_must_name_the_commit() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let url = format!("http://127.0.0.1:{}/api/v1/info", stage.sandbox.places().ports.production);
    let production = "LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__PRODUCTION__READINESS";
    stage.add_worker_with(
        "worker-1",
        &[
            ("LOCKSTEP__APPLICATIONS__SAMPLE__RELEASE_TAG", "release-{version}"),
            (&format!("{production}__URL"), &url),
            (&format!("{production}__COMMIT_POINTER"), "/commit"),
        ],
    );
    let first = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &first)).await.expect("healthy", 0);
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "release-0.1.0");
    let reference = stage.github("git/ref/tags/release-0.1.0").await.unwrap();
    assert_eq!(reference["object"]["sha"].as_str(), Some(first.as_str()));
    assert!(stage.tag("0.1.0").await.is_some(), "the image tag is the version, whatever the git tag is");

    let second = stage.sandbox.push("0.2.0", Variant::CrashesAtStart, "Second").unwrap();
    stage.deploy().await.expect("rolled-back", 5);
    let promoted = ["promote", &beta("0.2.0", &second), "--allow-unvalidated", "to see it rolled back"];
    stage.wait(&promoted).await.expect("rolled-back", 5);
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "release-0.1.0");
    let notes = stage.github("releases/tags/release-0.2.0").await.unwrap();
    assert!(notes["body"].as_str().unwrap().contains("Rolled back"), "{notes}");
}
