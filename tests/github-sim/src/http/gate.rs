//! What every call to the API passes: credentials, limits, failures on demand, the log and GitHub's headers.
//!
//! A call that is refused here must not reach its handler; one whose answer is lost must have reached it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use uuid::Uuid;

use super::reply::Subject;
use crate::app::App;
use crate::log::LoggedCall;
use crate::model::refusal::Refusal;
use crate::quota::Standing;
use crate::route_kind::RouteKind;

/// The login behind a configured token.
const TOKEN_LOGIN: &str = "deployer";
/// The login behind an installation token.
const APP_LOGIN: &str = "lockstep[bot]";

/// Who makes a call: the login.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub(super) &'static str);

/// How the kind of a call is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The route says it.
    Is(RouteKind),
    /// The path's end says it.
    ByPath(fn(&str) -> RouteKind),
}

/// The gate of one route.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub(super) app: Arc<App>,
    pub(super) kind: Kind,
}

pub(super) async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Gate { app, kind } = gate;
    let kind = match kind {
        Kind::Is(kind) => kind,
        Kind::ByPath(of) => of(request.uri().path()),
    };
    let now = app.now();
    let caller = match admit(&app, kind, request.headers(), now) {
        Ok(caller) => caller,
        Err(refusal) => return dressed(refusal.into_response(), app.quota.look(now)),
    };
    // GitHub does not count questions about the limit itself.
    let standing = if kind == RouteKind::RateLimit { Ok(app.quota.look(now)) } else { app.quota.count(now) };
    let standing = match standing {
        Ok(standing) => standing,
        Err(standing) => {
            let message = "API rate limit exceeded for installation ID 1.";
            return dressed(Refusal::new(403, message).into_response(), standing);
        }
    };
    if let Some(refused) = refused_on_demand(&app, kind) {
        return dressed(refused, standing);
    }
    request.extensions_mut().insert(caller);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let lost = app.knobs.take_lost_answer(kind);
    if method != Method::GET && method != Method::HEAD && !kind.is_unlogged() {
        record(&app, kind, &method, path, &response, !lost);
    }
    if lost {
        // GitHub's front end answers so when the server behind it does not.
        return (StatusCode::BAD_GATEWAY, "<html><body>Unicorn!</body></html>").into_response();
    }
    dressed(response, standing)
}

/// Who calls, if the credentials are good.
fn admit(app: &App, kind: RouteKind, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Refusal> {
    if !headers.contains_key(header::USER_AGENT) {
        let message = "Request forbidden by administrative rules. \
                       Please make sure your request has a User-Agent header.";
        return Err(Refusal::new(403, message));
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("token ")));
    if kind.is_for_apps() {
        let is_jwt = |token: &str| {
            let parts: Vec<&str> = token.split('.').collect();
            parts.len() == 3 && parts.iter().all(|part| !part.is_empty())
        };
        return token
            .filter(|token| is_jwt(token))
            .map(|_| Caller(APP_LOGIN))
            .ok_or_else(|| Refusal::new(401, "A JSON web token could not be decoded"));
    }
    let token = token.ok_or_else(|| Refusal::new(401, "Requires authentication"))?;
    if app.tokens.contains(token) {
        Ok(Caller(TOKEN_LOGIN))
    } else if app.read(|world| world.knows_token(token, now)) {
        Ok(Caller(APP_LOGIN))
    } else {
        Err(Refusal::new(401, "Bad credentials"))
    }
}

/// The answer of a call that a knob refuses.
fn refused_on_demand(app: &App, kind: RouteKind) -> Option<Response> {
    if let Some(limit) = app.knobs.take_secondary_limit() {
        let message =
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let mut response = Refusal::new(limit.status.unwrap_or(403), message).into_response();
        if let Some(seconds) = limit.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return Some(response);
    }
    let status = app.knobs.take_failure(kind)?;
    let word = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    Some(Refusal::new(status, word.unwrap_or("Server Error")).into_response())
}

fn record(app: &App, kind: RouteKind, method: &Method, path: String, response: &Response, answered: bool) {
    let subject = response.extensions().get::<Subject>().cloned().unwrap_or_default();
    let status = response.status().as_u16();
    let outcome = app.change(|world, at| {
        world.log.push(LoggedCall {
            sequence: world.log.len() as u64 + 1,
            at,
            method: method.to_string(),
            path,
            kind,
            status,
            answered,
            subject: subject.0,
        });
        Ok(())
    });
    if let Err(refusal) = outcome {
        tracing::error!(%refusal, "the log of calls is not stored");
    }
}

/// Adds the headers that GitHub puts on every answer.
fn dressed(mut response: Response, standing: Standing) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", standing.limit.into());
    headers.insert("x-ratelimit-remaining", standing.remaining().into());
    headers.insert("x-ratelimit-used", standing.used.into());
    headers.insert("x-ratelimit-reset", standing.reset.into());
    headers.insert("x-ratelimit-resource", HeaderValue::from_static("core"));
    headers.insert("x-github-media-type", HeaderValue::from_static("github.v3; format=json"));
    headers.insert("x-github-api-version-selected", HeaderValue::from_static("2022-11-28"));
    // Hexadecimal digits are a valid header value.
    if let Ok(id) = HeaderValue::from_str(&Uuid::now_v7().simple().to_string().to_uppercase()) {
        headers.insert("x-github-request-id", id);
    }
    response
}
