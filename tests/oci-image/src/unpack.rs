//! An image pulled from a registry, verified and unpacked into a folder, ready to be run.
//!
//! Nothing whose digest was not checked may reach the folder, and a folder with the requested name must never
//! hold half an image: it appears in one step at the end.

use std::path::{Path, PathBuf};

use oci_client::Reference;
use oci_client::client::Client;
use oci_client::config::ConfigFile;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex, OciImageManifest, OciManifest,
};
use oci_client::secrets::RegistryAuth;

use crate::blob;
use crate::error::Error;
use crate::extract;
use crate::platform;
use crate::registry;

const MANIFEST_MEDIA_TYPES: [&str; 4] = [
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
];

/// An unpacked image and how to start it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The folder with the image's files; absolute paths of the image start here.
    pub root: PathBuf,
    /// The program and its fixed arguments.
    pub entrypoint: Vec<String>,
    /// Default arguments after the entrypoint.
    pub cmd: Vec<String>,
    /// The image's environment variables.
    pub env: Vec<(String, String)>,
    /// The working directory in the image, if it names one.
    pub working_dir: Option<String>,
    /// The digest of the index, if the reference named one.
    pub index_digest: Option<String>,
    /// The digest of the manifest that was unpacked.
    pub manifest_digest: String,
}

/// Pulls `reference` (`host:port/repository@sha256:…` or `:tag`) and unpacks its image for this machine's
/// architecture into the folder `into`, which must not exist or be empty.
///
/// The folder appears complete or not at all; only one call at a time may use the same folder. Starting a
/// program from it can fail with "text file busy" for a moment if another thread of this process started a
/// process meanwhile, whose copy of the file handle is not closed yet: try again.
///
/// # Errors
/// Every variant of [`Error`] can occur; [`Error::Registry`] covers an unknown image and an unreachable
/// registry, [`Error::Digest`] bytes that are not what was asked for, [`Error::UnsafePath`] a hostile layer.
pub async fn pull(reference: &str, into: &Path) -> Result<Unpacked, Error> {
    let (client, image) = registry::open(reference)?;
    let (index_digest, manifest_digest, manifest) = resolve(&client, &image).await?;
    let config_bytes = pull_blob(&client, &image, &manifest.config).await?;
    let config: ConfigFile = serde_json::from_slice(&config_bytes)
        .map_err(|source| Error::Document { what: format!("the configuration of {reference}"), source })?;
    let layers = pull_layers(&client, &image, &manifest, &config).await?;
    let root = into.to_path_buf();
    tokio::task::spawn_blocking({
        let root = root.clone();
        move || extract::into_new_folder(&layers, &root)
    })
    .await
    .map_err(|join| Error::io("unpacking", std::io::Error::other(join)))??;
    let run = config.config.unwrap_or_default();
    Ok(Unpacked {
        root,
        entrypoint: run.entrypoint.unwrap_or_default(),
        cmd: run.cmd.unwrap_or_default(),
        env: run.env.unwrap_or_default().iter().map(|pair| split_variable(pair)).collect(),
        working_dir: run.working_dir.filter(|folder| !folder.is_empty()),
        index_digest,
        manifest_digest,
    })
}

/// Follows the reference, through an index if it names one, to this machine's manifest.
async fn resolve(
    client: &Client,
    image: &Reference,
) -> Result<(Option<String>, String, OciImageManifest), Error> {
    let (digest, document) = pull_document(client, image).await?;
    let index = match document {
        OciManifest::Image(manifest) => return Ok((None, digest, manifest)),
        OciManifest::ImageIndex(index) => index,
    };
    let chosen = choose(&index, image)?;
    match pull_document(client, &image.clone_with_digest(chosen)).await? {
        (manifest_digest, OciManifest::Image(manifest)) => Ok((Some(digest), manifest_digest, manifest)),
        (nested, OciManifest::ImageIndex(_)) => Err(Error::Inconsistent {
            what: format!("the index {digest} of {image}"),
            reason: format!("its entry {nested} is an index again, which is not supported"),
        }),
    }
}

fn choose(index: &OciImageIndex, image: &Reference) -> Result<String, Error> {
    let wanted = platform::wanted();
    index.manifests.iter().find(|entry| platform::of(entry) == wanted).map(|e| e.digest.clone()).ok_or_else(
        || Error::NoPlatform {
            reference: image.whole(),
            wanted,
            offered: index.manifests.iter().map(platform::of).collect::<Vec<_>>().join(", "),
        },
    )
}

/// Pulls a manifest or index with the digest of the bytes received, checked against the one asked for.
async fn pull_document(client: &Client, image: &Reference) -> Result<(String, OciManifest), Error> {
    let (bytes, _) = client
        .pull_manifest_raw(image, &RegistryAuth::Anonymous, &MANIFEST_MEDIA_TYPES)
        .await
        .map_err(|source| Error::registry(format!("pulling the manifest of {image}"), source))?;
    let actual = blob::sha256(&bytes);
    if let Some(expected) = image.digest().filter(|expected| *expected != actual) {
        let what = format!("the manifest of {image}");
        return Err(Error::Digest { what, expected: expected.to_owned(), actual });
    }
    let document = serde_json::from_slice(&bytes)
        .map_err(|source| Error::Document { what: format!("the manifest of {image}"), source })?;
    Ok((actual, document))
}

async fn pull_layers(
    client: &Client,
    image: &Reference,
    manifest: &OciImageManifest,
    config: &ConfigFile,
) -> Result<Vec<extract::Layer>, Error> {
    let diff_ids = &config.rootfs.diff_ids;
    if diff_ids.len() != manifest.layers.len() {
        return Err(Error::Inconsistent {
            what: image.whole(),
            reason: format!(
                "its manifest lists {} layers, its configuration {}",
                manifest.layers.len(),
                diff_ids.len()
            ),
        });
    }
    let mut layers = Vec::with_capacity(diff_ids.len());
    for (descriptor, diff_id) in manifest.layers.iter().zip(diff_ids) {
        let compression =
            extract::Compression::of(&descriptor.media_type).ok_or_else(|| Error::MediaType {
                what: format!("layer {} of {image}", descriptor.digest),
                media_type: descriptor.media_type.clone(),
            })?;
        let bytes = pull_blob(client, image, descriptor).await?;
        layers.push(extract::Layer {
            digest: descriptor.digest.clone(),
            diff_id: diff_id.clone(),
            compression,
            bytes,
        });
    }
    Ok(layers)
}

async fn pull_blob(client: &Client, image: &Reference, descriptor: &OciDescriptor) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    client.pull_blob(image, descriptor, &mut bytes).await.map_err(|source| {
        Error::registry(format!("pulling blob {} of {image}", descriptor.digest), source)
    })?;
    Ok(bytes)
}

fn split_variable(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.to_owned(), value.to_owned())
}
