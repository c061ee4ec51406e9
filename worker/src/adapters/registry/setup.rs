//! Whether the repository can be pushed to: opens an upload as a push does and cancels it. Must never upload a byte,
//! and never send credentials to another host than the registry.

use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use http::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::faults::fault;
use super::session::Session;
use super::settings::{Place, RegistryAuth, RegistrySettings, RegistrySetupError};
use crate::faults::http::{chain, excerpt, refusal, transport};
use crate::faults::{FaultKind, Service};
use crate::ports::Answer;
use crate::ports::setup::{RegistryInspector, UploadTrial};

const OPEN: &str = "open an upload";

/// Logging in is for a repository; no tag of it is looked at.
const ANY_TAG: &str = "latest";

/// Looks at one image repository.
pub struct OciInspector {
    place: Place,
    writer: Session,
    auth: RegistryAuth,
    scheme: &'static str,
    client: Client,
}

impl OciInspector {
    /// An inspector of one repository. Nothing is sent yet.
    ///
    /// # Errors
    /// [`RegistrySetupError`]: the repository's name or the HTTP client's configuration is unusable.
    pub fn new(settings: RegistrySettings) -> Result<Self, RegistrySetupError> {
        Ok(Self {
            place: Place::parse(&settings.repository)?,
            writer: Session::writer(&settings)?,
            scheme: if settings.plain_http { "http" } else { "https" },
            client: client(settings.call_timeout)
                .map_err(|error| RegistrySetupError::Client(error.to_string()))?,
            auth: settings.auth,
        })
    }

    fn authorized(&self, request: RequestBuilder, token: Option<&SecretString>) -> RequestBuilder {
        match (token, &self.auth) {
            (Some(token), _) => request.bearer_auth(token.expose_secret()),
            (None, RegistryAuth::Basic { user, password }) => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            (None, RegistryAuth::Anonymous) => request,
        }
    }

    /// Where the upload that was opened is, if the registry itself holds it.
    fn upload(&self, opened: &Url, headers: &HeaderMap) -> Option<Url> {
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let upload = opened.join(location).ok()?;
        (upload.origin() == opened.origin()).then_some(upload)
    }

    /// Why it could not be cancelled; nothing when it was.
    async fn cancel(&self, upload: Option<Url>, token: Option<&SecretString>) -> Option<String> {
        let Some(upload) = upload else {
            return Some("the registry did not say where it is, or keeps it on another host".to_owned());
        };
        match self.authorized(self.client.delete(upload), token).send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the registry answered {}", answer.status())),
            Err(error) => Some(self.writer.secrets().hide(&excerpt(&chain(&error.without_url())))),
        }
    }
}

#[async_trait]
impl RegistryInspector for OciInspector {
    async fn try_upload(&self) -> Answer<UploadTrial> {
        let reference = self.place.tag(ANY_TAG);
        let token = self.writer.token(OPEN, &reference).await?;
        let url = format!(
            "{}://{}/v2/{}/blobs/uploads/",
            self.scheme,
            reference.resolve_registry(),
            reference.repository()
        );
        let url: Url = url
            .parse()
            .map_err(|error| fault(OPEN, FaultKind::Refused, &format!("the registry's address: {error}")))?;
        let asked = self.authorized(self.client.post(url.clone()), token.as_ref()).send().await;
        let answer = asked.map_err(|error| transport(Service::Registry, OPEN, error))?;
        if !answer.status().is_success() {
            return Err(self.refused(answer).await);
        }
        let upload = self.upload(&url, answer.headers());
        Ok(match self.cancel(upload, token.as_ref()).await {
            None => UploadTrial::Cancelled,
            Some(why) => UploadTrial::LeftToLapse(why),
        })
    }
}

impl OciInspector {
    async fn refused(&self, answer: Response) -> crate::faults::Fault {
        let (status, headers) = (answer.status(), answer.headers().clone());
        // Without a body the status has to do.
        let words = answer.text().await.unwrap_or_default();
        refusal(Service::Registry, OPEN, status, &headers, &self.writer.secrets().hide(&words))
    }
}

fn client(limit: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        .timeout(limit)
        .user_agent(concat!("lockstep/", env!("CARGO_PKG_VERSION")))
        .build()
}
