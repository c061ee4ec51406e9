//! Images through a real registry: built, pushed, pulled, unpacked. It must never reach beyond 127.0.0.1.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use ferro_blob_store::InMemoryBlobStore;
use oci_image::build::{ImageSpec, LayerSpec, Shape};
use oci_image::{Error, RegistryAuth, push, unpack};

/// Serves `app` on a port of its own.
async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// A registry of this test's own, counting the upload sessions begun.
async fn registry() -> (String, Arc<AtomicUsize>) {
    let uploads = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&uploads);
    let app = ferro_oci_server::build_app(Arc::new(InMemoryBlobStore::new())).layer(middleware::from_fn(
        move |request: Request, next: Next| {
            if request.method() == Method::POST && request.uri().path().ends_with("/blobs/uploads/") {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            next.run(request)
        },
    ));
    (serve(app).await, uploads)
}

fn spec(shape: Shape, text: &str) -> ImageSpec {
    ImageSpec {
        layers: vec![
            LayerSpec::single("/app/program", 0o755, "#!/bin/sh\necho hello\n"),
            LayerSpec::single("/app/release.json", 0o644, text.to_owned()),
        ],
        entrypoint: vec!["/app/program".into(), "serve".into()],
        env: vec![("GREETING".into(), "a=b".into())],
        labels: BTreeMap::from([("org.opencontainers.image.revision".into(), "0".repeat(40))]),
        created: Some("2026-11-23T00:00:00Z".into()),
        shape,
    }
}

#[tokio::test]
async fn both_shapes_come_back_as_they_went() {
    let (registry, _) = registry().await;
    let folder = tempfile::tempdir().unwrap();
    for (shape, tag) in [(Shape::Manifest, "plain"), (Shape::Index, "index")] {
        let built = spec(shape, tag).build().unwrap();
        let pushed = push(&built, &format!("{registry}/app:{tag}"), &RegistryAuth::Anonymous).await.unwrap();
        assert_eq!(pushed.digest, built.digest());

        for (name, reference) in [
            ("tag", format!("{registry}/app:{tag}")),
            ("digest", format!("{registry}/app@{}", pushed.digest)),
            ("manifest", format!("{registry}/app@{}", pushed.manifest_digest)),
        ] {
            let root = folder.path().join(format!("{tag}-{name}"));
            let unpacked = unpack::pull(&reference, &root).await.unwrap();
            assert_eq!(unpacked.manifest_digest, pushed.manifest_digest);
            let through_index = shape == Shape::Index && name != "manifest";
            assert_eq!(unpacked.index_digest, through_index.then(|| pushed.digest.clone()), "{reference}");
            assert_eq!(unpacked.entrypoint, ["/app/program", "serve"]);
            assert_eq!(unpacked.env, [("GREETING".to_owned(), "a=b".to_owned())]);
            assert_eq!(std::fs::read_to_string(root.join("app/release.json")).unwrap(), tag);
            let mode = std::fs::metadata(root.join("app/program")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
        }
    }
}

#[tokio::test]
async fn blobs_already_there_are_not_sent_again() {
    let (registry, uploads) = registry().await;
    let first = spec(Shape::Manifest, "one").build().unwrap();
    push(&first, &format!("{registry}/app:one"), &RegistryAuth::Anonymous).await.unwrap();
    assert_eq!(uploads.load(Ordering::SeqCst), 3, "two layers and a configuration");
    push(&first, &format!("{registry}/app:again"), &RegistryAuth::Anonymous).await.unwrap();
    assert_eq!(uploads.load(Ordering::SeqCst), 3);
    let second = spec(Shape::Manifest, "two").build().unwrap();
    push(&second, &format!("{registry}/app:two"), &RegistryAuth::Anonymous).await.unwrap();
    assert_eq!(uploads.load(Ordering::SeqCst), 5, "only the changed layer and its configuration");
}

#[tokio::test]
async fn a_tag_moves_and_its_old_image_stays_reachable() {
    let (registry, _) = registry().await;
    let folder = tempfile::tempdir().unwrap();
    let reference = format!("{registry}/app:latest");
    let mut digests = Vec::new();
    for text in ["old", "new"] {
        let built = spec(Shape::Index, text).build().unwrap();
        digests.push(push(&built, &reference, &RegistryAuth::Anonymous).await.unwrap().digest);
    }
    let now = unpack::pull(&reference, &folder.path().join("now")).await.unwrap();
    assert_eq!(now.index_digest.as_ref(), digests.get(1));
    let old =
        unpack::pull(&format!("{registry}/app@{}", digests[0]), &folder.path().join("old")).await.unwrap();
    assert_eq!(std::fs::read_to_string(old.root.join("app/release.json")).unwrap(), "old");
}

#[tokio::test]
async fn an_unknown_tag_and_a_dead_registry_are_named() {
    let (registry, _) = registry().await;
    let folder = tempfile::tempdir().unwrap();
    for reference in [format!("{registry}/app:missing"), "127.0.0.1:1/app:latest".to_owned()] {
        let error = unpack::pull(&reference, &folder.path().join("root")).await.unwrap_err();
        assert!(matches!(error, Error::Registry { .. }), "{error}");
        assert!(error.to_string().contains(&reference), "{error}");
        assert!(!folder.path().join("root").exists());
    }
}

#[tokio::test]
async fn bytes_that_were_tampered_with_are_never_unpacked() {
    let store = Arc::new(InMemoryBlobStore::new());
    let app = ferro_oci_server::build_app(store);
    let honest = serve(app.clone()).await;
    let built = spec(Shape::Index, "honest").build().unwrap();
    let pushed = push(&built, &format!("{honest}/app:x"), &RegistryAuth::Anonymous).await.unwrap();

    for part in ["/blobs/", "/manifests/"] {
        let lying =
            serve(app.clone().layer(middleware::from_fn(move |request: Request, next: Next| async move {
                let concerned = request.uri().path().contains(part);
                let response = next.run(request).await;
                if !concerned {
                    return response;
                }
                let (mut head, body) = response.into_parts();
                let mut bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
                bytes.push(b' ');
                head.headers.remove("content-length");
                axum::response::Response::from_parts(head, bytes.into())
            })))
            .await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let error = unpack::pull(&format!("{lying}/app@{}", pushed.digest), &root).await.unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{part}: {error}");
        assert!(!root.exists());
    }
}
