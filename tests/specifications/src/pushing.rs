//! Pushes and reads as any client of the distribution API does, beside the adapter and without its code, so that what
//! the adapter did is seen by somebody else. Must never go through lockstep.

use lockstep_events::ImageDigest;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, RequestBuilder, Response};

use crate::debian::{DebianRegistry, PASSWORD, USER};
use crate::manifests::{Blob, digest_of};

/// Why something could not be pushed or read, in words.
type Problem = String;

/// What a tag holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The content type that it is served with.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A client of one repository, as the registry's user.
#[derive(Debug)]
pub struct Pusher<'a> {
    registry: &'a DebianRegistry,
    name: &'a str,
    client: Client,
}

impl<'a> Pusher<'a> {
    /// A client of the repository of this name.
    #[must_use]
    pub fn new(registry: &'a DebianRegistry, name: &'a str) -> Self {
        Self { registry, name, client: Client::new() }
    }

    fn url(&self, rest: &str) -> String {
        self.registry.url(&format!("{}/{rest}", self.name))
    }

    async fn sent(request: RequestBuilder) -> Result<Response, Problem> {
        let answer = request.basic_auth(USER, Some(PASSWORD)).send().await.map_err(|e| e.to_string())?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(format!("{status}: {}", answer.text().await.unwrap_or_default()))
    }

    /// Pushes a blob.
    ///
    /// # Errors
    /// In words.
    pub async fn blob(&self, blob: &Blob) -> Result<(), Problem> {
        let opened = Self::sent(self.client.post(self.url("blobs/uploads/"))).await?;
        let place = opened.headers().get(LOCATION).and_then(|at| at.to_str().ok());
        let place = place.ok_or("the upload is nowhere")?;
        let mark = if place.contains('?') { '&' } else { '?' };
        let place = format!("{place}{mark}digest={}", digest_of(&blob.bytes));
        let kind = (CONTENT_TYPE, "application/octet-stream");
        Self::sent(self.client.put(place).header(kind.0, kind.1).body(blob.bytes.clone())).await?;
        Ok(())
    }

    /// Puts a manifest under a tag; its digest.
    ///
    /// # Errors
    /// In words.
    pub async fn tag(&self, tag: &str, media_type: &str, bytes: &[u8]) -> Result<ImageDigest, Problem> {
        let put = self.client.put(self.url(&format!("manifests/{tag}"))).header(CONTENT_TYPE, media_type);
        Self::sent(put.body(bytes.to_vec())).await?;
        digest_of(bytes).parse().map_err(|error| format!("{error}"))
    }

    /// What a tag or a digest holds, asked for as this media type.
    ///
    /// # Errors
    /// In words.
    pub async fn held(&self, reference: &str, media_type: &str) -> Result<Stored, Problem> {
        let get = self.client.get(self.url(&format!("manifests/{reference}"))).header(ACCEPT, media_type);
        let answer = Self::sent(get).await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let media_type = kind.unwrap_or_default().to_owned();
        let bytes = answer.bytes().await.map_err(|e| e.to_string())?.to_vec();
        Ok(Stored { media_type, bytes })
    }

    /// Whether a tag holds exactly these bytes; else in words what it holds instead.
    ///
    /// # Errors
    /// In words.
    pub async fn is_kept(&self, tag: &str, media_type: &str, bytes: &[u8]) -> Result<(), Problem> {
        let held = self.held(tag, media_type).await?;
        if held.media_type != media_type {
            return Err(format!("{tag} is {} and was {media_type}", held.media_type));
        }
        let (found, expected) = (digest_of(&held.bytes), digest_of(bytes));
        if held.bytes == bytes { Ok(()) } else { Err(format!("{tag} is {found} and was {expected}")) }
    }
}
