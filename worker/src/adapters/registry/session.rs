//! One way of speaking to the registry: a client that logs in as one user and does one request after it.
//!
//! oci-client swallows a login that fails inside a read and goes on anonymously, keeps the first credentials
//! that it is ever given for a host, and sets no limit of time. So every port call logs in by itself first, the
//! reader and the writer are clients of their own, and every step is bounded. Must never send a step twice.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep_events::ImageDigest;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth as Credentials;
use oci_client::{Client, Reference, RegistryOperation};
use secrecy::{ExposeSecret, SecretString};

use super::faults::{fault, from_oci};
use super::manifest::{ACCEPTED, Manifest};
use super::settings::{RegistryAuth, RegistrySettings, RegistrySetupError};
use crate::faults::http::{Secrets, timed_out};
use crate::faults::{FaultKind, Service};
use crate::ports::Answer;

/// A client for one purpose.
pub(super) struct Session {
    client: Client,
    credentials: Credentials,
    purpose: RegistryOperation,
    limit: Duration,
    secrets: Secrets,
}

impl Session {
    /// A session that reads.
    pub(super) fn reader(settings: &RegistrySettings) -> Result<Self, RegistrySetupError> {
        let nobody = RegistryAuth::Anonymous;
        let auth = if settings.anonymous_reads { &nobody } else { &settings.auth };
        Self::new(settings, auth, RegistryOperation::Pull)
    }

    /// A session that writes.
    pub(super) fn writer(settings: &RegistrySettings) -> Result<Self, RegistrySetupError> {
        Self::new(settings, &settings.auth, RegistryOperation::Push)
    }

    fn new(
        settings: &RegistrySettings,
        auth: &RegistryAuth,
        purpose: RegistryOperation,
    ) -> Result<Self, RegistrySetupError> {
        let (credentials, secrets) = match auth {
            RegistryAuth::Anonymous => (Credentials::Anonymous, Secrets::default()),
            RegistryAuth::Basic { user, password } => {
                let credentials = Credentials::Basic(user.clone(), password.expose_secret().to_owned());
                let as_sent = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
                (credentials, Secrets::new([password.clone(), as_sent.into()]))
            }
        };
        let config = ClientConfig {
            protocol: if settings.plain_http { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(settings.call_timeout),
            read_timeout: Some(settings.call_timeout),
            user_agent: concat!("lockstep/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        // `Client::new` would fall back to a default configuration without saying so.
        let client =
            Client::try_from(config).map_err(|error| RegistrySetupError::Client(error.to_string()))?;
        Ok(Self { client, credentials, purpose, limit: settings.call_timeout, secrets })
    }

    /// Logs in for one repository; where the registry asks for nothing, nothing is sent.
    pub(super) async fn log_in(&self, operation: &'static str, image: &Reference) -> Answer<()> {
        self.token(operation, image).await.map(|_token| ())
    }

    /// As [`Session::log_in`], with the token that the registry's token service issued, if there is one.
    pub(super) async fn token(
        &self,
        operation: &'static str,
        image: &Reference,
    ) -> Answer<Option<SecretString>> {
        let token = self.step(operation, self.client.auth(image, &self.credentials, self.purpose)).await?;
        Ok(token.map(SecretString::from))
    }

    /// What must not be shown.
    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The digest that a tag names (HEAD; a GET follows where the answer to HEAD has no digest, as an answer
    /// that there is no such tag has none).
    pub(super) async fn digest(
        &self,
        operation: &'static str,
        tag: &Reference,
    ) -> Answer<Option<ImageDigest>> {
        let asked = self.client.fetch_manifest_digest(tag, &self.credentials);
        let Some(digest) = absent(self.step(operation, asked).await)? else { return Ok(None) };
        digest.parse().map(Some).map_err(|error| {
            fault(
                operation,
                FaultKind::Unintelligible,
                &format!("{}: {error}", tag.tag().unwrap_or_default()),
            )
        })
    }

    /// The manifest of a digest, byte for byte, and what it is. oci-client compares the bytes with the digest.
    pub(super) async fn manifest(
        &self,
        operation: &'static str,
        image: &Reference,
    ) -> Answer<Option<(Vec<u8>, Manifest)>> {
        let asked = self.client.pull_manifest_raw(image, &self.credentials, ACCEPTED);
        let Some((bytes, _digest)) = absent(self.step(operation, asked).await)? else { return Ok(None) };
        let manifest = Manifest::read(&bytes).map_err(|words| {
            let digest = image.digest().unwrap_or_default();
            fault(operation, FaultKind::Unintelligible, &self.secrets.hide(&format!("{digest} is {words}")))
        })?;
        Ok(Some((bytes.to_vec(), manifest)))
    }

    /// Puts a manifest's bytes under a tag.
    pub(super) async fn put(
        &self,
        operation: &'static str,
        tag: &Reference,
        bytes: Vec<u8>,
        manifest: &Manifest,
    ) -> Answer<()> {
        let sent = async {
            match self.client.push_manifest_raw(tag, bytes, manifest.content_type()).await {
                // Another success than 201: whoever puts reads back anyway.
                Ok(_) | Err(OciDistributionError::SpecViolationError(_)) => Ok(()),
                Err(error) => Err(error),
            }
        };
        self.step(operation, sent).await
    }

    async fn step<T>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, OciDistributionError>>,
    ) -> Answer<T> {
        match tokio::time::timeout(self.limit, request).await {
            Ok(answer) => answer.map_err(|error| from_oci(operation, error, &self.secrets)),
            Err(_) => Err(timed_out(Service::Registry, operation, self.limit)),
        }
    }
}

/// "Not found" is an answer where something may be absent; so is a repository that nothing was pushed to yet.
fn absent<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}
