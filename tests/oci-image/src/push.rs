//! A built image brought to a registry: blobs first, then manifests by digest, the tag last.
//!
//! The tag must never be written before everything that it names is there, so that nobody can pull half an
//! image.

use oci_client::client::Client;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use tracing::debug;

use crate::blob::Blob;
use crate::build::Built;
use crate::error::Error;
use crate::registry;

/// What a push left in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The digest that the tag now names: the index or the manifest.
    pub digest: String,
    /// The digest of the platform's manifest.
    pub manifest_digest: String,
}

/// Pushes `built` and lets the tag of `reference` (`host:port/repository:tag`) name it. Blobs that the
/// repository has already are not sent again; an existing tag is moved.
///
/// # Errors
/// [`Error::Reference`] for a malformed reference, [`Error::Registry`] when the registry refuses or cannot be
/// reached, [`Error::Digest`] when the registry stored something else.
pub async fn push(built: &Built, reference: &str, auth: &RegistryAuth) -> Result<Pushed, Error> {
    let (client, target) = registry::open(reference)?;
    client
        .auth(&target, auth, RegistryOperation::Push)
        .await
        .map_err(|source| Error::registry(format!("authenticating to push {reference}"), source))?;
    for blob in &built.blobs {
        push_blob(&client, &target, blob).await?;
    }
    for manifest in &built.manifests {
        push_manifest(&client, &target.clone_with_digest(manifest.digest().to_owned()), manifest).await?;
    }
    push_manifest(&client, &target, &built.tagged).await?;
    let stored = client
        .fetch_manifest_digest(&target, auth)
        .await
        .map_err(|source| Error::registry(format!("reading back {reference}"), source))?;
    if stored != built.digest() {
        return Err(Error::Digest {
            what: format!("{reference} read back after the push"),
            expected: built.digest().to_owned(),
            actual: stored,
        });
    }
    Ok(Pushed { digest: stored, manifest_digest: built.manifest_digest().to_owned() })
}

async fn push_blob(client: &Client, target: &Reference, blob: &Blob) -> Result<(), Error> {
    let digest = blob.digest();
    let failed = |source| Error::registry(format!("pushing blob {digest} to {target}"), source);
    if client.blob_exists(target, digest).await.map_err(failed)? {
        debug!(digest, "blob is there already");
        return Ok(());
    }
    client.push_blob(target, blob.bytes().clone(), digest).await.map_err(failed)?;
    Ok(())
}

async fn push_manifest(client: &Client, target: &Reference, document: &Blob) -> Result<(), Error> {
    let content_type = document.media_type().parse().map_err(|_| Error::MediaType {
        what: format!("the manifest of {target}"),
        media_type: document.media_type().to_owned(),
    })?;
    client
        .push_manifest_raw(target, document.bytes().clone(), content_type)
        .await
        .map_err(|source| Error::registry(format!("pushing the manifest of {target}"), source))?;
    Ok(())
}
