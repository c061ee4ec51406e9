//! What the bytes of a manifest say: their media type and, of an index, which manifests are in it. Must never
//! write a manifest: bytes go back as they came, or their digest is another.

use http::HeaderValue;
use lockstep_events::ImageDigest;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Every kind of manifest that can be deployed. A registry that is asked for fewer may convert or pick one.
pub(super) const ACCEPTED: &[&str] = &[
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
];

/// A manifest or an index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// One of [`ACCEPTED`].
    pub(super) media_type: &'static str,
    /// The manifests of an index; none for a manifest.
    pub(super) children: Vec<ImageDigest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<String>,
    manifests: Option<Vec<Child>>,
    config: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Child {
    digest: ImageDigest,
}

impl Manifest {
    /// Reads a manifest's bytes.
    ///
    /// # Errors
    /// In words: not JSON, or not an image's manifest.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let shape: Shape = serde_json::from_slice(bytes).map_err(|error| format!("no manifest: {error}"))?;
        let media_type = match &shape.media_type {
            Some(named) => ACCEPTED.iter().copied().find(|accepted| accepted == named),
            // OCI's formats may leave it out, Docker's may not (OCI Image Specification, "mediaType").
            None if shape.manifests.is_some() => Some(OCI_IMAGE_INDEX_MEDIA_TYPE),
            None if shape.config.is_some() => Some(OCI_IMAGE_MEDIA_TYPE),
            None => None,
        };
        let Some(media_type) = media_type else {
            let named = shape.media_type.as_deref().unwrap_or("nothing known");
            return Err(format!(
                "no image: its media type is {named}, expected one of {}",
                ACCEPTED.join(", ")
            ));
        };
        let children = shape.manifests.unwrap_or_default().into_iter().map(|child| child.digest).collect();
        Ok(Self { media_type, children })
    }

    /// The media type as a header.
    pub(super) fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(self.media_type)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(manifest: &Value) -> Result<Manifest, String> {
        Manifest::read(manifest.to_string().as_bytes())
    }

    #[test]
    fn the_media_type_is_the_one_named_or_the_one_the_shape_has() {
        let child = format!("sha256:{}", "a".repeat(64));
        let index = json!({ "schemaVersion": 2, "manifests": [{ "digest": child }] });
        let read_index = read(&index).unwrap();
        assert_eq!(read_index.media_type, OCI_IMAGE_INDEX_MEDIA_TYPE);
        assert_eq!(read_index.children, [child.parse().unwrap()]);
        assert_eq!(read(&json!({ "config": {}, "layers": [] })).unwrap().media_type, OCI_IMAGE_MEDIA_TYPE);
        for named in ACCEPTED {
            assert_eq!(read(&json!({ "mediaType": named })).unwrap().media_type, *named);
        }
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        let signed = json!({ "schemaVersion": 1, "fsLayers": [] });
        assert!(read(&signed).unwrap_err().contains("nothing known"));
        let artifact = json!({ "mediaType": "application/vnd.example+json", "config": {} });
        assert!(read(&artifact).unwrap_err().contains("application/vnd.example+json"));
        assert!(Manifest::read(b"<html>").unwrap_err().contains("no manifest"));
        assert!(read(&json!({ "manifests": [{ "digest": "sha256:short" }] })).is_err());
    }
}
