//! The one way to GitHub: authenticated, bounded in time, sent once, and every refusal a fault with GitHub's
//! own words. Must never repeat a call (octocrab's retries are off; it resends only what was answered 401 to
//! an expired installation token, which GitHub did not act upon), and must never show a secret.

use http::header::{ACCEPT, HeaderMap, HeaderValue, LINK};
use http::{Method, Request, StatusCode, Uri};
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use octocrab::service::middleware::retry::RetryConfig;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::route::Route;
use super::settings::{GitHubAuth, GitHubSettings, GitHubSetupError};
use super::words::{first_line, ran_out_of_time, words};
use crate::faults::http::{Secrets, chain, excerpt, refusal, timed_out};
use crate::faults::{Condition, Fault, FaultKind, Service};
use crate::ports::Answer;

/// The largest page that GitHub gives.
const PAGE_SIZE: u32 = 100;
/// More than any list that is read here can have (GitHub itself ends filtered lists of runs at 1,000 entries).
const MOST_PAGES: u32 = 20;

/// A client of one repository.
pub(super) struct Client {
    settings: GitHubSettings,
    secrets: Secrets,
    /// Speaks as the token's owner or as the App.
    speaker: Octocrab,
    /// Speaks as the App's installation, once that is known.
    installation: OnceCell<Octocrab>,
}

/// An answer that is a success.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: String,
    secrets: Secrets,
}

/// One page of a list, as GitHub wraps it.
pub(super) trait Listing: DeserializeOwned {
    /// What is listed.
    type Item;
    /// The entries of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

impl Client {
    pub(super) fn new(settings: GitHubSettings) -> Result<Self, GitHubSetupError> {
        let base = base_uri(&settings.api_url)?;
        let builder = Octocrab::builder()
            .base_uri(base)
            .map_err(|error| GitHubSetupError::Client(first_line(&error)))?
            .add_retry_config(RetryConfig::None)
            .set_connect_timeout(Some(settings.call_timeout))
            .set_read_timeout(Some(settings.call_timeout))
            .set_write_timeout(Some(settings.call_timeout));
        let (builder, secret) = match &settings.auth {
            GitHubAuth::Token(token) => {
                // octocrab would panic on it.
                HeaderValue::from_str(token.expose_secret()).map_err(|_| GitHubSetupError::Token)?;
                (builder.personal_token(token.clone()), token.clone())
            }
            GitHubAuth::App { id, private_key } => {
                let builder = builder
                    .app_from_rsa_pem(AppId(*id), private_key.expose_secret())
                    .map_err(|_| GitHubSetupError::PrivateKey)?;
                (builder, private_key.clone())
            }
        };
        let speaker = builder.build().map_err(|error| GitHubSetupError::Client(first_line(&error)))?;
        Ok(Self { settings, secrets: Secrets::new([secret]), speaker, installation: OnceCell::new() })
    }

    /// An answer whose fault does not show the token: GitHub's own words may hold it wherever they are quoted.
    pub(super) fn discreet<T>(&self, answer: Answer<T>) -> Answer<T> {
        answer.map_err(|fault| Fault { message: self.secrets.hide(&fault.message), ..fault })
    }

    /// The repository's own path.
    pub(super) fn route(&self) -> Route {
        Route::repository(&self.settings.owner, &self.settings.repository)
    }

    /// GETs something that must exist.
    pub(super) async fn get<T: DeserializeOwned>(&self, operation: &'static str, route: Route) -> Answer<T> {
        self.send(operation, Method::GET, route, None).await?.read(operation)
    }

    /// GETs something that may not exist: 404 is `None`.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        route: Route,
    ) -> Answer<Option<T>> {
        match self.get(operation, route).await {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// GETs every page of a list.
    pub(super) async fn list<L: Listing>(
        &self,
        operation: &'static str,
        route: Route,
    ) -> Answer<Vec<L::Item>> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let route = route.clone().with("per_page", PAGE_SIZE).with("page", page);
            let reply = self.send(operation, Method::GET, route, None).await?;
            let more = reply.has_next_page();
            all.extend(reply.read::<L>(operation)?.into_items());
            if !more {
                return Ok(all);
            }
        }
        let message = format!("{} goes on after {MOST_PAGES} pages", route.path());
        Err(fault(operation, Condition::EndlessList.kind(), message))
    }

    /// Sends one request, once. Anything but a success is a fault.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        route: Route,
        body: Option<&Value>,
    ) -> Answer<Reply> {
        let limit = self.settings.call_timeout;
        let call = async {
            let speaker = self.speaker().await?;
            self.send_as(speaker, method.clone(), &route, body).await
        };
        match tokio::time::timeout(limit, call).await {
            Err(_) => Err(timed_out(Service::GitHub, operation, limit)),
            Ok(Err(error)) => Err(self.failure(operation, &error)),
            Ok(Ok(reply)) if reply.status.is_success() => Ok(reply),
            Ok(Ok(reply)) => {
                let words = format!("{} ({method} {})", words(&reply.body), route.path());
                let words = self.secrets.hide(&words);
                Err(refusal(Service::GitHub, operation, reply.status, &reply.headers, &words))
            }
        }
    }

    async fn send_as(
        &self,
        speaker: &Octocrab,
        method: Method,
        route: &Route,
        body: Option<&Value>,
    ) -> octocrab::Result<Reply> {
        // octocrab adds the API version by itself: added here, the header would be sent twice.
        let request = Request::builder()
            .method(method)
            .uri(route.to_string())
            .header(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        let response = speaker.execute(speaker.build_request(request, body)?).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = speaker.body_to_string(response).await?;
        Ok(Reply { status, headers, body, secrets: self.secrets.clone() })
    }

    /// Who speaks for the repository; of an App, its installation there, asked for once.
    async fn speaker(&self) -> octocrab::Result<&Octocrab> {
        if matches!(self.settings.auth, GitHubAuth::Token(_)) {
            return Ok(&self.speaker);
        }
        self.installation
            .get_or_try_init(|| async {
                #[derive(Deserialize)]
                struct Installation {
                    id: InstallationId,
                }
                let route = self.route().then("installation").to_string();
                let installation: Installation = self.speaker.get(route, None::<&()>).await?;
                self.speaker
                    .installation_builder(installation.id)
                    .repositories(vec![self.settings.repository.clone()])
                    .build()
            })
            .await
    }

    /// What it means that octocrab has no answer to show.
    fn failure(&self, operation: &'static str, error: &octocrab::Error) -> Fault {
        match error {
            octocrab::Error::GitHub { source, .. } => self.app_refused(operation, source),
            octocrab::Error::Service { source, .. } => {
                let condition = if ran_out_of_time(source.as_ref()) {
                    Condition::NoAnswerInTime
                } else {
                    Condition::ConnectionBroke
                };
                fault(operation, condition.kind(), excerpt(&self.secrets.hide(&chain(source.as_ref()))))
            }
            octocrab::Error::Hyper { source, .. } => fault(
                operation,
                Condition::AnswerBrokeOff.kind(),
                excerpt(&self.secrets.hide(&chain(source))),
            ),
            octocrab::Error::JWT { .. } => fault(
                operation,
                Condition::KeyCannotSign.kind(),
                "the GitHub App's private key cannot sign; configure the key that GitHub issued",
            ),
            other => fault(
                operation,
                Condition::UnreadableSuccess.kind(),
                excerpt(&self.secrets.hide(&first_line(other))),
            ),
        }
    }

    /// GitHub's refusal to let the App speak: the only one that octocrab reads by itself here. A 404 of it is
    /// no answer to what was asked, so it must not pass for "there is none".
    fn app_refused(&self, operation: &'static str, error: &octocrab::GitHubError) -> Fault {
        let Self { settings: GitHubSettings { owner, repository, .. }, .. } = self;
        let words = format!(
            "{} (as a GitHub App; is it installed on {owner}/{repository}, and is the key its own?)",
            self.secrets.hide(&error.message)
        );
        let headers = error.headers.clone().unwrap_or_default();
        let mut fault = refusal(Service::GitHub, operation, error.status_code, &headers, &words);
        if fault.kind == FaultKind::NotFound {
            fault.kind = Condition::AppNotInstalled.kind();
        }
        fault
    }
}

impl Reply {
    /// The body as JSON of this shape.
    pub(super) fn read<T: DeserializeOwned>(&self, operation: &'static str) -> Answer<T> {
        serde_json::from_str(&self.body).map_err(|error| {
            // serde quotes values that do not fit.
            let words = self.secrets.hide(&format!("unexpected JSON: {error}"));
            fault(operation, Condition::UnreadableSuccess.kind(), excerpt(&words))
        })
    }

    fn has_next_page(&self) -> bool {
        self.headers
            .get_all(LINK)
            .iter()
            .any(|link| link.to_str().is_ok_and(|link| link.contains("rel=\"next\"")))
    }
}

/// A fault of GitHub.
pub(super) fn fault(operation: &'static str, kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault::new(Service::GitHub, operation, kind, message)
}

fn base_uri(url: &str) -> Result<Uri, GitHubSetupError> {
    // What stands before an @ may be a password.
    let wrong = || GitHubSetupError::ApiUrl { url: url.rsplit('@').next().unwrap_or_default().to_owned() };
    let uri: Uri = url.trim_end_matches('/').parse().map_err(|_| wrong())?;
    let http = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if http && plain { Ok(uri) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_s_url_is_absolute_and_holds_no_credentials() {
        assert!(base_uri("https://api.github.com/").is_ok());
        assert!(base_uri("https://github.example.com/api/v3").is_ok());
        for bad in ["api.github.com", "/repos", "ftp://api.github.com", "https://user:pass@host", ""] {
            assert!(base_uri(bad).is_err(), "{bad:?}");
        }
    }
}
