//! What the registry refuses: nobody, a wrong password, a tag that must not move. Each is named as what it is, and no
//! password is shown.

use lockstep::adapters::registry::{OciInspector, RegistryAuth};
use lockstep::faults::FaultKind;
use lockstep::ports::Registry as _;
use lockstep::ports::setup::{RegistryInspector as _, UploadTrial};
use specifications::{DebianRegistry, Mode, PASSWORD, Pusher, USER};

use super::images::platform;
use super::{NAME, adapter, settings, stage, user};

const WRONG: &str = "battery staple";

fn wrong() -> RegistryAuth {
    RegistryAuth::Basic { user: USER.to_owned(), password: WRONG.into() }
}

#[tokio::test]
async fn an_anonymous_read_is_refused_and_not_taken_for_a_missing_tag() {
    let stage = stage().await;
    let pusher = Pusher::new(&stage.registry, NAME);
    let (digest, _) = platform(&pusher, "oci", "amd64").await;
    let registry = adapter(&stage.registry, RegistryAuth::Anonymous);
    let faults = [
        registry.resolve("only-amd64").await.unwrap_err(),
        registry.resolve("no-such-tag").await.unwrap_err(),
        registry.contents(&digest).await.unwrap_err(),
        registry.point("latest", &digest).await.unwrap_err(),
    ];
    for fault in faults {
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
        assert!(fault.message.contains("401"), "{fault}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_named_as_such_and_not_shown() {
    let stage = stage().await;
    let pusher = Pusher::new(&stage.registry, NAME);
    let (digest, _) = platform(&pusher, "oci", "amd64").await;
    let registry = adapter(&stage.registry, wrong());
    let inspector = OciInspector::new(settings(&stage.registry, wrong())).unwrap();
    let faults = [
        registry.resolve("only-amd64").await.unwrap_err(),
        registry.contents(&digest).await.unwrap_err(),
        registry.point("latest", &digest).await.unwrap_err(),
        inspector.try_upload().await.unwrap_err(),
    ];
    for fault in faults {
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
        // In our words, or in the registry's own where it sent some.
        let named = ["does not accept this user and password", "authentication required"];
        assert!(named.iter().any(|words| fault.message.contains(words)), "{fault}");
        assert!(!format!("{fault:?} {fault}").contains(WRONG), "{fault:?}");
    }
    assert_eq!(adapter(&stage.registry, user()).resolve("latest").await.unwrap(), None, "nothing was moved");
}

#[tokio::test]
async fn a_push_is_tried_and_leaves_nothing() {
    let stage = stage().await;
    let inspector = OciInspector::new(settings(&stage.registry, user())).unwrap();
    assert!(matches!(inspector.try_upload().await.unwrap(), UploadTrial::Cancelled));
    assert_eq!(adapter(&stage.registry, user()).resolve("latest").await.unwrap(), None);
}

/// docker-registry has no immutable tags of its own; one that may only be read refuses as one that has does.
#[tokio::test]
async fn a_tag_that_must_not_move_is_left_and_says_what_it_names() {
    let stage = stage().await;
    let pusher = Pusher::new(&stage.registry, NAME);
    let (one, _) = platform(&pusher, "oci", "amd64").await;
    let (two, _) = platform(&pusher, "oci", "arm64").await;
    adapter(&stage.registry, user()).point("1.0.0", &one).await.unwrap();

    let frozen = DebianRegistry::start(stage.folder.path(), Mode::ReadOnly).await.unwrap();
    let registry = adapter(&frozen, user());
    registry.point("1.0.0", &one).await.unwrap();
    let fault = registry.point("1.0.0", &two).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused, "{fault}");
    assert!(fault.message.contains(one.as_str()) && fault.message.contains(two.as_str()), "{fault}");
    let fault = registry.point("2.0.0", &two).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused, "{fault}");
    assert!(!format!("{fault:?}").contains(PASSWORD), "{fault:?}");
    assert_eq!(registry.resolve("1.0.0").await.unwrap(), Some(one));
    assert_eq!(registry.resolve("2.0.0").await.unwrap(), None);
}
