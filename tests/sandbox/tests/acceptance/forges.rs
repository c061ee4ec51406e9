//! The build is dispatched once and found again under every setting of what GitHub leaves open: whether a
//! dispatch tells the run's id, how soon a run is listed, what its name is, what kind of image it pushes.

use github_sim::{ImageShape, Knobs};
use sandbox::Options;
use sandbox::sample::Variant;

use crate::stage::{Stage, beta};

async fn one_build_one_image(knobs: Knobs) {
    let stage = Stage::set_with(Options { github: knobs, ..Options::default() }).await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let tag = beta("0.1.0", &sha);
    let staged = stage.deploy().await;
    staged.expect("healthy", 0);
    assert_eq!(stage.builds(), 1, "dispatched once");
    stage.promote(&tag).await.expect("healthy", 0);
    let digest = stage.tag(&tag).await.unwrap();
    assert_eq!(stage.tag("0.1.0").await.as_ref(), Some(&digest), "retagged byte for byte");
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(sha.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_dispatch_tells_no_id_and_runs_are_listed_late_without_a_branch() {
    let knobs = Knobs {
        old_dispatch: true,
        dispatch_listing_lag_ms: 3000,
        null_head_branch: true,
        ..Knobs::default()
    };
    one_build_one_image(knobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_run_is_named_after_its_workflow_and_the_image_is_a_plain_manifest() {
    let knobs = Knobs {
        old_dispatch: true,
        workflow_name_as_run_name: true,
        image_shape: ImageShape::Manifest,
        reproducible: false,
        ..Knobs::default()
    };
    one_build_one_image(knobs).await;
}
