//! Images: looked up in the registry for every task, unpacked once per digest.
//!
//! The lookup is not saved even when the image is unpacked already: a task of an image that is gone from its
//! registry must fail to start, as it does where every task runs on a fresh host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use oci_image::unpack::Unpacked;
use tokio::sync::OnceCell;

use crate::model::ImageDigests;

type Slot = Arc<OnceCell<Arc<Unpacked>>>;

/// The images of one simulator.
#[derive(Debug)]
pub(super) struct Images {
    directory: PathBuf,
    unpacked: Mutex<HashMap<String, Slot>>,
}

impl Images {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, unpacked: Mutex::new(HashMap::new()) }
    }

    /// The digest that a reference names now.
    pub(super) async fn resolve(&self, image: &str) -> Result<String, String> {
        let reference = parse(image)?;
        let config = ClientConfig {
            protocol: ClientProtocol::Http,
            connect_timeout: Some(Duration::from_secs(5)),
            read_timeout: Some(Duration::from_secs(30)),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| error.to_string())?;
        client
            .fetch_manifest_digest(&reference, &RegistryAuth::Anonymous)
            .await
            .map_err(|error| format!("{image}: {error}"))
    }

    /// The image, unpacked. Of several tasks that want it at once, one pulls and the others wait.
    pub(super) async fn pull(&self, image: &str) -> Result<Arc<Unpacked>, String> {
        let digest = self.resolve(image).await?;
        let reference = parse(image)?;
        let pinned = format!("{}/{}@{digest}", reference.registry(), reference.repository());
        let slot = {
            let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(unpacked.entry(pinned.clone()).or_default())
        };
        let into = self.directory.join(uuid::Uuid::now_v7().to_string());
        let pull = || async {
            let unpacked = oci_image::unpack::pull(&pinned, &into).await;
            unpacked.map(Arc::new).map_err(|error| error.to_string())
        };
        slot.get_or_try_init(pull).await.map(Arc::clone)
    }
}

/// Only registries on this machine: the simulator never reaches beyond it.
fn parse(image: &str) -> Result<Reference, String> {
    let host = image.split_once('/').map_or("", |(registry, _)| registry);
    let local = host.rsplit_once(':').is_some_and(|(name, _)| {
        let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
        name == "localhost" || address.is_ok_and(|address| address.is_loopback())
    });
    if !local {
        return Err(format!("{image}: this simulator pulls from 127.0.0.1:PORT/REPOSITORY only"));
    }
    image.parse().map_err(|error| format!("{image}: {error}"))
}

pub(super) fn digests(image: &Unpacked) -> ImageDigests {
    ImageDigests { index: image.index_digest.clone(), manifest: image.manifest_digest.clone() }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_registries_of_this_machine_are_pulled_from() {
        for image in ["127.0.0.1:5000/app:1", "localhost:5000/a/b@sha256:0000"] {
            assert!(!parse(image).is_err_and(|error| error.contains("only")), "{image}");
        }
        for image in
            ["postgres:16", "docker.io/library/postgres", "registry.test:5000/app", "10.0.0.1:5000/app"]
        {
            assert!(parse(image).unwrap_err().contains("only"), "{image}");
        }
    }
}
