//! The token service of the registry stand-in: `GET /token`, and what each token it issued may do.
//! Must decide nothing about a caller: who may get what is the gate's answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ferro_oci_server::{OciError, OciErrorCode};
use jiff::Timestamp;
use uuid::Uuid;

use super::auth::{Access, Caller, Gate};

/// How long a token is good for; what Docker Hub says too.
const LIFETIME: Duration = Duration::from_secs(300);

/// What a token may do with one repository.
#[derive(Clone)]
pub(super) struct Grant {
    repository: String,
    pull: bool,
    push: bool,
}

impl Grant {
    /// Whether this grant is enough.
    pub(super) fn covers(&self, repository: &str, access: Access) -> bool {
        let granted = match access {
            Access::Pull => self.pull,
            Access::Push => self.push,
        };
        self.repository == repository && granted
    }
}

/// The tokens issued so far: gone with the process, as if they had expired.
#[derive(Default)]
pub(super) struct Tokens {
    issued: Mutex<HashMap<String, (Instant, Vec<Grant>)>>,
}

impl Tokens {
    /// What a token may do; nothing when it was never issued or is too old.
    pub(super) fn grants(&self, token: &str) -> Option<Vec<Grant>> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, grants) = issued.get(token)?;
        (at.elapsed() < LIFETIME).then(|| grants.clone())
    }

    fn issue(&self, grants: Vec<Grant>) -> String {
        let token = Uuid::now_v7().simple().to_string();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, (at, _)| at.elapsed() < LIFETIME);
        issued.insert(token.clone(), (Instant::now(), grants));
        token
    }
}

/// `GET /token`, where the gate issues tokens; nothing elsewhere.
pub(super) fn routes(gate: Arc<Gate>) -> Router {
    if !gate.issues_tokens() {
        return Router::new();
    }
    Router::new().route("/token", get(token)).with_state(gate)
}

async fn token(
    State(gate): State<Arc<Gate>>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = gate.caller(&headers);
    if matches!(caller, Caller::Stranger) {
        return OciError::new(OciErrorCode::Unauthorized, "incorrect user or password").into_response();
    }
    let grants = parameters
        .iter()
        .filter(|(name, _)| name == "scope")
        .flat_map(|(_, scopes)| scopes.split_whitespace())
        .filter_map(|scope| grant(&gate, &caller, scope))
        .collect();
    let token = gate.tokens.issue(grants);
    Json(serde_json::json!({
        "token": token,
        "access_token": token,
        "expires_in": LIFETIME.as_secs(),
        "issued_at": Timestamp::now(),
    }))
    .into_response()
}

/// What the caller gets of a scope `repository:NAME:ACTION,ACTION`.
fn grant(gate: &Gate, caller: &Caller, scope: &str) -> Option<Grant> {
    let (repository, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
    let wants = |action| actions.split(',').any(|asked| asked == action);
    Some(Grant {
        repository: repository.to_owned(),
        pull: wants("pull") && gate.grants(caller, Access::Pull),
        push: wants("push") && gate.grants(caller, Access::Push),
    })
}
