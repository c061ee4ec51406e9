//! What a registry in the field does besides storing: it limits requests, refuses to move tags, and bills for
//! manifests that are fetched. Must leave every request and answer that it does not refuse exactly as it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ferro_oci_server::{OciError, OciErrorCode, Reference, RegistryMeta};
use serde_json::json;

use super::place::Place;

/// What the registry itself takes for a manifest, in bytes (the OCI specification asks for 4 MiB at least).
const LARGEST_MANIFEST: usize = 8 * 1024 * 1024;

/// Whether a tag may be moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagRule {
    /// A tag goes wherever it was pushed last.
    #[default]
    Movable,
    /// A tag that exists stays: other bytes are refused with 400 `TAG_INVALID`, the same bytes are accepted.
    Immutable,
    /// As `Immutable`, and the same bytes are refused too, as Amazon ECR does (`ImageAlreadyExistsException`).
    ImmutableToTheSame,
}

/// The switches and counters of one registry.
#[derive(Default)]
pub struct Behaviour {
    settings: Mutex<Settings>,
    manifest_gets: AtomicU64,
    manifest_puts: AtomicU64,
    /// Taken while a manifest is pushed, so that two pushes of one immutable tag cannot both find it absent.
    pushing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Default)]
struct Settings {
    tag_rule: TagRule,
    requests_to_limit: u32,
    retry_after_seconds: u64,
}

impl Behaviour {
    /// The next `requests` to any repository that pass authentication are answered 429 with this Retry-After.
    /// Logging in (`/v2/`, `/token`) is never limited. Note that oci-client follows a refused HEAD of a
    /// manifest with a GET, which counts as another request.
    pub fn limit_next(&self, requests: u32, retry_after_seconds: u64) {
        let mut settings = self.settings();
        settings.requests_to_limit = requests;
        settings.retry_after_seconds = retry_after_seconds;
    }

    /// From now on tags follow this rule.
    pub fn set_tag_rule(&self, rule: TagRule) {
        self.settings().tag_rule = rule;
    }

    /// Manifest GETs since the start that reached the registry: what Docker Hub counts as pulls. HEAD is free.
    pub fn manifest_gets(&self) -> u64 {
        self.manifest_gets.load(Ordering::SeqCst)
    }

    /// Manifest PUTs since the start that reached the registry, refused ones not among them.
    pub fn manifest_puts(&self) -> u64 {
        self.manifest_puts.load(Ordering::SeqCst)
    }

    fn settings(&self) -> std::sync::MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Retry-After to answer with, if this request is one of those to refuse.
    fn take_limited(&self) -> Option<u64> {
        let mut settings = self.settings();
        settings.requests_to_limit = settings.requests_to_limit.checked_sub(1)?;
        Some(settings.retry_after_seconds)
    }
}

/// What the middleware needs.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) behaviour: Arc<Behaviour>,
    pub(super) metadata: Arc<dyn RegistryMeta>,
}

/// Middleware: limits, counts, and keeps immutable tags where they are.
pub(super) async fn behave(State(front): State<Front>, request: Request, next: Next) -> Response {
    let Some(place) = Place::of(request.uri().path()) else { return next.run(request).await };
    if let Some(seconds) = front.behaviour.take_limited() {
        let refusal = OciError::new(OciErrorCode::TooManyRequests, "the limit of requests is reached");
        let retry_after = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
        return (retry_after, refusal).into_response();
    }
    match &place.manifest {
        Some(_) if request.method() == Method::GET => {
            front.behaviour.manifest_gets.fetch_add(1, Ordering::SeqCst);
            next.run(request).await
        }
        Some(reference) if request.method() == Method::PUT => {
            front.put(&place.repository, reference, request, next).await
        }
        _ => next.run(request).await,
    }
}

impl Front {
    async fn put(&self, repository: &str, reference: &str, request: Request, next: Next) -> Response {
        let rule = self.behaviour.settings().tag_rule;
        let _one_at_a_time = self.behaviour.pushing.lock().await;
        let request = match rule {
            TagRule::Movable => request,
            TagRule::Immutable | TagRule::ImmutableToTheSame => {
                let (head, body) = request.into_parts();
                let body = match to_bytes(body, LARGEST_MANIFEST).await {
                    Ok(body) => body,
                    Err(error) => {
                        return OciError::new(OciErrorCode::SizeInvalid, error.to_string()).into_response();
                    }
                };
                match self.tagged(repository, reference).await {
                    Err(error) => return error.into_response(),
                    Ok(Some(held)) if held != body || rule == TagRule::ImmutableToTheSame => {
                        return tag_is_immutable(repository, reference);
                    }
                    Ok(_) => Request::from_parts(head, Body::from(body)),
                }
            }
        };
        self.behaviour.manifest_puts.fetch_add(1, Ordering::SeqCst);
        next.run(request).await
    }

    /// The manifest that a tag points at; nothing for a digest, which cannot move.
    async fn tagged(&self, repository: &str, reference: &str) -> Result<Option<axum::body::Bytes>, OciError> {
        let reference: Reference = reference.parse()?;
        if !reference.is_tag() {
            return Ok(None);
        }
        let held = self.metadata.get_manifest(repository, &reference).await?;
        Ok(held.map(|(_digest, _media_type, body)| body))
    }
}

/// 400 `TAG_INVALID` is what Amazon ECR's registry endpoint answers; the OCI specification has no code for it.
fn tag_is_immutable(repository: &str, tag: &str) -> Response {
    let message =
        format!("tag {tag} of {repository} exists and may not be overwritten: tags are immutable here");
    let body = json!({ "errors": [{ "code": "TAG_INVALID", "message": message }] });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
