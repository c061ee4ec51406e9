//! Posts a notice to an address over HTTP. Must never follow a redirect (the signature is for this address), and never
//! let the address, which may be a secret itself, into a fault or a log line.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::faults::Service;
use crate::faults::http::{Secrets, refusal, transport};
use crate::notifications::SigningKey;
use crate::ports::{Answer, Notice, Webhook};

const OPERATION: &str = "POST";

/// As much of an answer as is read.
const MOST_BYTES: usize = 16 * 1024;

/// An address that is posted to.
pub struct HttpWebhook {
    client: Client,
    address: Url,
    key: Option<SigningKey>,
    hidden: Secrets,
}

/// A text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address that begins with https:// (or http:// on this host)")]
pub struct NoAddress;

impl HttpWebhook {
    /// A client whose every try takes at most `timeout`. With a key, what is posted is signed.
    ///
    /// # Errors
    /// The text is no address, or one that would send the news in the clear.
    pub fn new(
        address: &SecretString,
        key: Option<SigningKey>,
        timeout: Duration,
    ) -> Result<Self, NoAddress> {
        let url = Url::parse(address.expose_secret().trim()).map_err(|_| NoAddress)?;
        let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(NoAddress);
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .user_agent(concat!("lockstep/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| NoAddress)?;
        // Its path is what a chat's address keeps secret; a service that answers may quote it alone.
        let secrets = [url.as_str(), url.path(), url.query().unwrap_or_default()];
        let secrets = secrets.into_iter().filter(|secret| secret.len() > 1);
        let hidden = Secrets::new(secrets.map(|secret| SecretString::from(secret.to_owned())));
        Ok(Self { client, address: url, key, hidden })
    }
}

#[async_trait]
impl Webhook for HttpWebhook {
    async fn post(&self, notice: &Notice) -> Answer<()> {
        let at = notice.at.as_second();
        let mut request = self
            .client
            .post(self.address.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &notice.id)
            .header("webhook-timestamp", at)
            .body(notice.body.clone());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.sign(&notice.id, at, &notice.body));
        }
        let mut response =
            request.send().await.map_err(|error| transport(Service::Webhook, OPERATION, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(());
        }
        let mut words = Vec::new();
        while words.len() < MOST_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => words.extend_from_slice(&chunk),
                // The status says enough.
                Ok(None) | Err(_) => break,
            }
        }
        words.truncate(MOST_BYTES);
        let words = self.hidden.hide(&String::from_utf8_lossy(&words));
        Err(refusal(Service::Webhook, OPERATION, status, &headers, &words))
    }
}

impl std::fmt::Debug for HttpWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpWebhook")
    }
}
