//! A registry for these tests: ferro-oci-server in memory on 127.0.0.1, behind a gate that asks for credentials
//! as registries in the field do, refuses what a test tells it to, and notes every request. Must never answer
//! for the registry itself but to refuse.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferro_blob_store::{BlobStore, Digest, InMemoryBlobStore};
use ferro_oci_server::{AppState, InMemoryRegistryMeta, RegistryMeta};
use lockstep_events::ImageDigest;

/// The repository's name at the double.
pub(crate) const NAME: &str = "owner/app";
/// The one blob that it has: every manifest's configuration.
pub(crate) const CONFIG: &[u8] = b"{}";
pub(crate) const USER: &str = "robot";
pub(crate) const PASSWORD: &str = "dckr_pat_0nly-for-tests";

/// What the registry asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    Basic,
    /// Docker Hub's: a token of `/token`; anybody's may pull, the user's may pull too unless it is push-only.
    Tokens {
        push_only: bool,
    },
}

/// A refusal to come: the first requests of this method to a path that contains `part`.
pub(crate) struct Refusal {
    pub(crate) method: Method,
    pub(crate) part: &'static str,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) times: u32,
}

type AfterPut = Box<dyn FnOnce() -> (String, Vec<u8>) + Send>;

#[derive(Default)]
struct Told {
    refusals: Vec<Refusal>,
    after_put: Option<AfterPut>,
    requests: Vec<String>,
    tokens: HashMap<String, (bool, bool)>,
}

pub(crate) struct Double {
    address: SocketAddr,
    gate: Gate,
    told: Mutex<Told>,
    metadata: Arc<InMemoryRegistryMeta>,
}

impl Double {
    pub(crate) async fn start(gate: Gate) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let metadata = Arc::new(InMemoryRegistryMeta::new());
        let blobs = InMemoryBlobStore::new();
        blobs.put(&Digest::sha256_of(CONFIG), Bytes::from_static(CONFIG)).await.unwrap();
        let state = AppState::new(Arc::new(blobs), metadata.clone());
        let address = listener.local_addr().unwrap();
        let double = Arc::new(Self { address, gate, told: Mutex::default(), metadata });
        let router = ferro_oci_server::router(state)
            .route("/token", axum::routing::get(token).with_state(Arc::clone(&double)))
            .layer(from_fn_with_state(Arc::clone(&double), guard));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        double
    }

    pub(crate) fn repository(&self) -> String {
        format!("{}/{NAME}", self.address)
    }

    /// Stores a manifest under a tag, past the gate.
    pub(crate) async fn store(&self, tag: &str, media_type: &str, bytes: &[u8]) -> ImageDigest {
        let digest = Digest::sha256_of(bytes);
        let body = Bytes::copy_from_slice(bytes);
        self.metadata.put_manifest(NAME, &tag.parse().unwrap(), &digest, media_type, body).await.unwrap();
        digest.to_string().parse().unwrap()
    }

    /// What a tag holds: its media type and bytes.
    pub(crate) async fn held(&self, tag: &str) -> Option<(String, Vec<u8>)> {
        let held = self.metadata.get_manifest(NAME, &tag.parse().unwrap()).await.unwrap();
        held.map(|(_, media_type, bytes)| (media_type, bytes.to_vec()))
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.told().refusals.push(refusal);
    }

    /// Right after the next manifest was put, somebody else puts this one under that tag.
    pub(crate) fn after_put(&self, tag: &str, bytes: Vec<u8>) {
        let tag = tag.to_owned();
        self.told().after_put = Some(Box::new(move || (tag, bytes)));
    }

    /// Every request so far but those to log in, as `METHOD tag-or-digest as WHO`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.told().requests.clone()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    /// Who sends this, and whether that is enough.
    fn judge(&self, request: &Request) -> (&'static str, bool) {
        let needs_push = !matches!(*request.method(), Method::GET | Method::HEAD);
        let sent = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
        match (self.gate, sent) {
            (Gate::Open, None) => ("nobody", true),
            (Gate::Open, Some(_)) => ("somebody", true),
            (_, None) => ("nobody", false),
            (Gate::Basic, Some(sent)) => ("user", sent == basic()),
            (Gate::Tokens { .. }, Some(sent)) => {
                let known =
                    sent.strip_prefix("Bearer ").and_then(|token| self.told().tokens.get(token).copied());
                let (pull, push) = known.unwrap_or_default();
                let who = if push { "push token" } else { "pull token" };
                (who, if needs_push { push } else { pull || request.uri().path() == "/v2/" })
            }
        }
    }

    fn challenge(&self) -> Response {
        let challenge = match self.gate {
            Gate::Tokens { .. } => {
                format!("Bearer realm=\"http://{}/token\",service=\"double\"", self.address)
            }
            Gate::Basic | Gate::Open => "Basic realm=\"double\"".to_owned(),
        };
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], body).into_response()
    }

    fn refusal(&self, method: &Method, path: &str) -> Option<Response> {
        let mut told = self.told();
        let due = told
            .refusals
            .iter_mut()
            .find(|refusal| refusal.times > 0 && refusal.method == *method && path.contains(refusal.part))?;
        due.times -= 1;
        let status = StatusCode::from_u16(due.status).unwrap();
        Some((status, [(header::RETRY_AFTER, HeaderValue::from(7))], due.body.clone()).into_response())
    }
}

async fn guard(State(double): State<Arc<Double>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path == "/token" {
        return match double.refusal(&method, &path) {
            Some(refusal) => refusal,
            None => next.run(request).await,
        };
    }
    let (who, enough) = double.judge(&request);
    if let Some((_, reference)) = path.split_once("/manifests/") {
        double.told().requests.push(format!("{method} {reference} as {who}"));
    }
    if !enough {
        return double.challenge();
    }
    if let Some(refusal) = double.refusal(&method, &path) {
        return refusal;
    }
    let answer = next.run(request).await;
    let intruder = if method == Method::PUT { double.told().after_put.take() } else { None };
    if let Some(intruder) = intruder {
        let (tag, bytes) = intruder();
        double.store(&tag, "application/vnd.oci.image.manifest.v1+json", &bytes).await;
    }
    answer
}

async fn token(State(double): State<Arc<Double>>, headers: HeaderMap, request: Request) -> Response {
    let Gate::Tokens { push_only } = double.gate else { return StatusCode::NOT_FOUND.into_response() };
    let query = request.uri().query().unwrap_or_default().to_owned();
    assert!(query.contains("service=double") && query.contains("repository%3Aowner%2Fapp%3Apull"), "{query}");
    let user = match headers.get(header::AUTHORIZATION) {
        None => false,
        Some(sent) if sent.to_str().unwrap() == basic() => true,
        Some(_) => {
            let body = r#"{"details":"incorrect username or password"}"#;
            return (StatusCode::UNAUTHORIZED, body).into_response();
        }
    };
    let grant = if user { (!push_only, query.contains("push")) } else { (true, false) };
    let mut told = double.told();
    let token = format!("issued-token-{}", told.tokens.len());
    told.tokens.insert(token.clone(), grant);
    format!(r#"{{"token":"{token}","expires_in":300}}"#).into_response()
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")))
}
