//! An image described, turned into the documents that a registry stores: configuration, manifest, index.
//!
//! Building is deterministic: the same description yields the same digests. It must never read the clock;
//! a creation time is part of the description.

use std::collections::BTreeMap;

use oci_client::manifest::{IMAGE_CONFIG_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use serde_json::{Value, json};

use crate::blob::Blob;
use crate::error::Error;
pub use crate::layer::{Content, FileSpec, LayerSpec, PackedLayer};
use crate::platform;

/// The media type of an attestation's payload (in-toto attestation framework).
const IN_TOTO_MEDIA_TYPE: &str = "application/vnd.in-toto+json";

/// What a tag of the image is to name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// The image's manifest itself.
    Manifest,
    /// An index with the image's manifest and an attestation manifest of platform `unknown/unknown`, as
    /// `docker buildx build --push` writes it.
    #[default]
    Index,
}

/// A description of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageSpec {
    /// The layers, lowest first.
    pub layers: Vec<LayerSpec>,
    /// The program and its fixed arguments; absolute in the image.
    pub entrypoint: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Labels, such as `org.opencontainers.image.revision`.
    pub labels: BTreeMap<String, String>,
    /// When the image counts as created, RFC 3339; left out of the image when absent.
    pub created: Option<String>,
    /// What the tag names.
    pub shape: Shape,
}

/// An image ready to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The layers and the configuration of the image and of its attestation.
    pub(crate) blobs: Vec<Blob>,
    /// The manifests to store by digest before the tag is written.
    pub(crate) manifests: Vec<Blob>,
    /// The document that the tag is to name.
    pub(crate) tagged: Blob,
    manifest_digest: String,
}

impl Built {
    /// The digest of what a tag of this image names: the index or the manifest.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.tagged.digest()
    }

    /// The digest of the platform's manifest; equal to [`Built::digest`] for [`Shape::Manifest`].
    #[must_use]
    pub fn manifest_digest(&self) -> &str {
        &self.manifest_digest
    }
}

impl ImageSpec {
    /// Packs the layers and writes the documents. Blocking; on an asynchronous runtime use its blocking pool.
    ///
    /// # Errors
    /// As [`LayerSpec::pack`].
    pub fn build(&self) -> Result<Built, Error> {
        self.build_on(&[])
    }

    /// As [`ImageSpec::build`], with `base` beneath the layers: packing a large program once is enough.
    ///
    /// # Errors
    /// As [`LayerSpec::pack`].
    pub fn build_on(&self, base: &[PackedLayer]) -> Result<Built, Error> {
        let mut layers = base.to_vec();
        for layer in &self.layers {
            layers.push(layer.pack()?);
        }
        let config = Blob::new(IMAGE_CONFIG_MEDIA_TYPE, self.config(&layers).to_string());
        let manifest = manifest(&config, layers.iter().map(|layer| &layer.blob));
        let manifest_digest = manifest.digest().to_owned();
        let mut blobs: Vec<Blob> = layers.into_iter().map(|layer| layer.blob).collect();
        blobs.push(config);
        if self.shape == Shape::Manifest {
            return Ok(Built { blobs, manifests: Vec::new(), tagged: manifest, manifest_digest });
        }
        let statement = Blob::new(IN_TOTO_MEDIA_TYPE, statement(&manifest_digest).to_string());
        let attestation_config =
            Blob::new(IMAGE_CONFIG_MEDIA_TYPE, attestation_config(&statement).to_string());
        let attestation = self::manifest(&attestation_config, std::iter::once(&statement));
        let tagged = Blob::new(OCI_IMAGE_INDEX_MEDIA_TYPE, index(&manifest, &attestation).to_string());
        blobs.extend([statement, attestation_config]);
        Ok(Built { blobs, manifests: vec![manifest, attestation], tagged, manifest_digest })
    }

    /// The image configuration (OCI image specification, "OCI Image Configuration").
    fn config(&self, layers: &[PackedLayer]) -> Value {
        let env: Vec<String> = self.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        let mut config = json!({
            "architecture": platform::architecture(),
            "os": platform::OS,
            "config": { "Entrypoint": self.entrypoint, "Env": env, "Labels": self.labels },
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        if let Some(created) = &self.created {
            config["created"] = json!(created);
        }
        config
    }
}

fn manifest<'a>(config: &Blob, layers: impl Iterator<Item = &'a Blob>) -> Blob {
    let document = json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE_MEDIA_TYPE,
        "config": config.descriptor(),
        "layers": layers.map(Blob::descriptor).collect::<Vec<_>>(),
    });
    Blob::new(OCI_IMAGE_MEDIA_TYPE, document.to_string())
}

/// The index: the image first, then its attestation, annotated with the manifest that it speaks of.
fn index(manifest: &Blob, attestation: &Blob) -> Value {
    let mut image = manifest.descriptor();
    image["platform"] = json!({ "architecture": platform::architecture(), "os": platform::OS });
    let mut proof = attestation.descriptor();
    proof["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
    proof["annotations"] = json!({
        "vnd.docker.reference.digest": manifest.digest(),
        "vnd.docker.reference.type": "attestation-manifest",
    });
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE,
        "manifests": [image, proof],
    })
}

/// The provenance statement about the manifest, without any claim that this builder cannot make.
fn statement(manifest_digest: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{
            "name": "image",
            "digest": { "sha256": manifest_digest.trim_start_matches("sha256:") },
        }],
        "predicate": {
            "builder": { "id": "" },
            "buildType": "https://mobyproject.org/buildkit@v1",
            "metadata": { "reproducible": false },
        },
    })
}

fn attestation_config(statement: &Blob) -> Value {
    json!({
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [statement.digest()] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(shape: Shape) -> ImageSpec {
        ImageSpec {
            layers: vec![LayerSpec::single("/app/hello", 0o755, "hello")],
            entrypoint: vec!["/app/hello".into()],
            labels: BTreeMap::from([("revision".into(), "abc".into()), ("title".into(), "t".into())]),
            shape,
            ..ImageSpec::default()
        }
    }

    #[test]
    fn the_same_description_has_the_same_digest() {
        for shape in [Shape::Manifest, Shape::Index] {
            assert_eq!(spec(shape).build().unwrap(), spec(shape).build().unwrap());
        }
    }

    #[test]
    fn a_label_changes_the_digest() {
        let mut other = spec(Shape::Index);
        other.labels.insert("run".into(), "2".into());
        assert_ne!(spec(Shape::Index).build().unwrap().digest(), other.build().unwrap().digest());
    }

    #[test]
    fn both_shapes_hold_the_same_manifest() {
        let plain = spec(Shape::Manifest).build().unwrap();
        let index = spec(Shape::Index).build().unwrap();
        assert_eq!(plain.digest(), plain.manifest_digest());
        assert_eq!(plain.manifest_digest(), index.manifest_digest());
        assert_ne!(index.digest(), index.manifest_digest());
        let document: Value = serde_json::from_slice(index.tagged.bytes()).unwrap();
        assert_eq!(document["manifests"][0]["digest"], index.manifest_digest());
        assert_eq!(document["manifests"][1]["platform"]["os"], "unknown");
        assert_eq!(
            document["manifests"][1]["annotations"]["vnd.docker.reference.digest"],
            index.manifest_digest()
        );
    }

    #[test]
    fn a_packed_base_is_the_same_as_a_first_layer() {
        let mut upper = spec(Shape::Index);
        let base = upper.layers.remove(0).pack().unwrap();
        assert_eq!(upper.build_on(&[base]).unwrap(), spec(Shape::Index).build().unwrap());
    }
}
