//! Images of every kind: what a tag names, what is in it, and that moving a tag leaves it as it is.

use lockstep::ports::Registry as _;
use lockstep_events::ImageDigest;
use specifications::{Blob, Pusher, index, manifest};

use super::{NAME, adapter, stage, user};

/// The media types of one family: manifest, index, configuration, layer.
struct Family {
    manifest: &'static str,
    index: &'static str,
    config: &'static str,
    layer: &'static str,
}

const OCI: Family = Family {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};
const DOCKER: Family = Family {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

/// An image of one platform, pushed under a tag of its own: digest and bytes.
pub(super) async fn platform(pusher: &Pusher<'_>, family: &str, of: &str) -> (ImageDigest, Vec<u8>) {
    let family = if family == "docker" { &DOCKER } else { &OCI };
    let config = format!("{{\"architecture\":\"{of}\",\"os\":\"linux\",\"rootfs\":{{\"type\":\"layers\"}}}}");
    let config = Blob { media_type: family.config.to_owned(), bytes: config.into_bytes() };
    let layer = Blob { media_type: family.layer.to_owned(), bytes: format!("layer {of}").into_bytes() };
    pusher.blob(&config).await.unwrap();
    pusher.blob(&layer).await.unwrap();
    let bytes = manifest(family.manifest, &config, &layer);
    let digest = pusher.tag(&format!("only-{of}"), family.manifest, &bytes).await.unwrap();
    (digest, bytes)
}

/// An image for two platforms, pushed under the tag: its index's digest, bytes and media type, and the platforms'.
struct Multi {
    digest: ImageDigest,
    bytes: Vec<u8>,
    media_type: &'static str,
    platforms: Vec<ImageDigest>,
}

async fn multi(pusher: &Pusher<'_>, tag: &str, kind: &str) -> Multi {
    let name = if kind == "docker" { "docker" } else { "oci" };
    let family = if kind == "docker" { &DOCKER } else { &OCI };
    let (amd64, first) = platform(pusher, name, "amd64").await;
    let (arm64, second) = platform(pusher, name, "arm64").await;
    let named = (kind != "nameless").then_some(family.index);
    let platforms = [("amd64", &amd64, first.len()), ("arm64", &arm64, second.len())];
    let bytes = index(named, family.manifest, &platforms);
    let digest = pusher.tag(tag, family.index, &bytes).await.unwrap();
    Multi { digest, bytes, media_type: family.index, platforms: vec![amd64, arm64] }
}

#[tokio::test]
async fn an_index_of_two_platforms_keeps_its_bytes_and_its_digest() {
    let stage = stage().await;
    let (pusher, registry) = (Pusher::new(&stage.registry, NAME), adapter(&stage.registry, user()));
    for kind in ["oci", "docker", "nameless"] {
        let built = format!("build-{kind}");
        let image = multi(&pusher, &built, kind).await;
        assert_eq!(registry.resolve(&built).await.unwrap().as_ref(), Some(&image.digest), "{kind}");
        for tag in [format!("1.0.0-{kind}"), "latest".to_owned()] {
            registry.point(&tag, &image.digest).await.unwrap();
            pusher.is_kept(&tag, image.media_type, &image.bytes).await.unwrap();
            assert_eq!(registry.resolve(&tag).await.unwrap().as_ref(), Some(&image.digest), "{kind}");
            // Doing it again changes nothing.
            registry.point(&tag, &image.digest).await.unwrap();
            pusher.is_kept(&tag, image.media_type, &image.bytes).await.unwrap();
        }
        let contents = registry.contents(&image.digest).await.unwrap().unwrap();
        let expected: Vec<ImageDigest> = std::iter::once(image.digest).chain(image.platforms).collect();
        assert_eq!(contents.runnable, expected, "{kind}");
    }
}

#[tokio::test]
async fn an_image_of_one_platform_keeps_its_bytes_and_its_digest() {
    let stage = stage().await;
    let (pusher, registry) = (Pusher::new(&stage.registry, NAME), adapter(&stage.registry, user()));
    for (family, media_type) in [("oci", OCI.manifest), ("docker", DOCKER.manifest)] {
        let (digest, bytes) = platform(&pusher, family, "amd64").await;
        registry.point("latest", &digest).await.unwrap();
        pusher.is_kept("latest", media_type, &bytes).await.unwrap();
        assert_eq!(registry.contents(&digest).await.unwrap().unwrap().runnable, [digest], "{family}");
    }
}

#[tokio::test]
async fn a_tag_moves_from_an_index_to_another_and_back() {
    let stage = stage().await;
    let (pusher, registry) = (Pusher::new(&stage.registry, NAME), adapter(&stage.registry, user()));
    let (one, two) = (multi(&pusher, "one", "oci").await, multi(&pusher, "two", "docker").await);
    for image in [&one, &two, &one] {
        registry.point("latest", &image.digest).await.unwrap();
        assert_eq!(registry.resolve("latest").await.unwrap().as_ref(), Some(&image.digest));
        pusher.is_kept("latest", image.media_type, &image.bytes).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_there_is_an_answer() {
    let stage = stage().await;
    let registry = adapter(&stage.registry, user());
    assert_eq!(registry.resolve("latest").await.unwrap(), None, "a repository that nothing was pushed to");
    let pusher = Pusher::new(&stage.registry, NAME);
    platform(&pusher, "oci", "amd64").await;
    assert_eq!(registry.resolve("no-such-tag").await.unwrap(), None);
    let absent: ImageDigest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    assert_eq!(registry.contents(&absent).await.unwrap(), None);
    let fault = registry.point("latest", &absent).await.unwrap_err();
    assert!(fault.message.contains(absent.as_str()), "{fault}");
    assert_eq!(registry.resolve("latest").await.unwrap(), None, "nothing was moved");
}

/// The violation that must be found: a tool that reads an index and writes it anew, as some retagging tools do.
#[tokio::test]
async fn an_index_that_was_written_anew_is_noticed() {
    let stage = stage().await;
    let pusher = Pusher::new(&stage.registry, NAME);
    let image = multi(&pusher, "build", "oci").await;
    let parsed: serde_json::Value = serde_json::from_slice(&image.bytes).unwrap();
    let anew = pusher.tag("1.0.0", image.media_type, parsed.to_string().as_bytes()).await.unwrap();
    let problem = pusher.is_kept("1.0.0", image.media_type, &image.bytes).await.unwrap_err();
    assert_eq!(problem, format!("1.0.0 is {anew} and was {}", image.digest));
    // The adapter sees it too, and puts it right.
    let registry = adapter(&stage.registry, user());
    assert_eq!(registry.resolve("1.0.0").await.unwrap(), Some(anew));
    registry.point("1.0.0", &image.digest).await.unwrap();
    pusher.is_kept("1.0.0", image.media_type, &image.bytes).await.unwrap();
}
