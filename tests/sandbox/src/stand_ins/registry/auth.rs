//! Who may do what: the challenges that registries in the field answer with, Basic and the token flow of
//! Docker Hub (<https://distribution.github.io/distribution/spec/auth/token/>). Must never let a request
//! under `/v2/` through that the chosen mode does not allow.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferro_oci_server::{OciError, OciErrorCode};

use super::place::Place;
use super::tokens::Tokens;

/// What a token service calls the registry it issues tokens for.
const SERVICE: &str = "registry.sandbox";

/// Who may pull and push.
#[derive(Clone)]
pub enum RegistryAuth {
    /// Everybody, unasked.
    Open,
    /// Whoever sends this user and password with every request.
    Basic {
        /// The one user.
        user: String,
        /// Its password.
        password: String,
    },
    /// Whoever got a token for it first, as at Docker Hub: `GET /token?service=…&scope=repository:NAME:pull,push`
    /// with Basic credentials, or without any. A scope that is not granted is left out of the token without an
    /// error, and the request that needed it is answered 401 `insufficient_scope`.
    Token {
        /// The one user.
        user: String,
        /// Its password, or at Docker Hub an access token used as one.
        password: String,
        /// Whether a token asked for without credentials may pull: a public repository.
        anonymous_pull: bool,
        /// Whether a token asked for with credentials may push and nothing else.
        push_only: bool,
    },
}

/// What a request needs to be allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads.
    Pull,
    /// Everything that changes something, and the state of an upload.
    Push,
}

/// Who sent a request for a token.
pub(super) enum Caller {
    /// Nobody: no credentials were sent.
    Anonymous,
    /// The user, with the right password.
    User,
    /// Somebody with credentials that are wrong.
    Stranger,
}

/// Decides on requests.
pub(super) struct Gate {
    auth: RegistryAuth,
    realm: String,
    pub(super) tokens: Tokens,
}

impl Gate {
    /// A gate for the registry served on `address`.
    pub(super) fn new(auth: RegistryAuth, address: SocketAddr) -> Self {
        Self { auth, realm: format!("http://{address}/token"), tokens: Tokens::default() }
    }

    /// Whether tokens are issued at all.
    pub(super) fn issues_tokens(&self) -> bool {
        matches!(self.auth, RegistryAuth::Token { .. })
    }

    /// Whose credentials these are.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Caller {
        match (&self.auth, basic(headers)) {
            (_, None) if !headers.contains_key(header::AUTHORIZATION) => Caller::Anonymous,
            (
                RegistryAuth::Basic { user, password } | RegistryAuth::Token { user, password, .. },
                Some((given_user, given_password)),
            ) if *user == given_user && *password == given_password => Caller::User,
            _ => Caller::Stranger,
        }
    }

    /// Whether a token that this caller asks for may be used for `access`.
    pub(super) fn grants(&self, caller: &Caller, access: Access) -> bool {
        let RegistryAuth::Token { anonymous_pull, push_only, .. } = &self.auth else { return false };
        match caller {
            Caller::Anonymous => *anonymous_pull && access == Access::Pull,
            Caller::User => !*push_only || access == Access::Push,
            Caller::Stranger => false,
        }
    }

    /// Lets a request through, or says how to ask for what it lacks.
    fn check(&self, request: &Request) -> Result<(), Refusal> {
        match &self.auth {
            RegistryAuth::Open => Ok(()),
            RegistryAuth::Basic { .. } => match self.caller(request.headers()) {
                Caller::User => Ok(()),
                Caller::Anonymous | Caller::Stranger => Err(Refusal {
                    challenge: format!("Basic realm=\"{SERVICE}\""),
                    message: "send the user and its password",
                }),
            },
            RegistryAuth::Token { .. } => self.check_token(request),
        }
    }

    fn check_token(&self, request: &Request) -> Result<(), Refusal> {
        let place = Place::of(request.uri().path());
        let access = access(request.method(), request.uri().path());
        let mut challenge = format!("Bearer realm=\"{}\",service=\"{SERVICE}\"", self.realm);
        if let Some(place) = &place {
            let actions = match access {
                Access::Pull => "pull",
                Access::Push => "pull,push",
            };
            challenge.push_str(&format!(",scope=\"repository:{}:{actions}\"", place.repository));
        }
        let Some(token) = bearer(request.headers()) else {
            return Err(Refusal { challenge, message: "ask the realm for a token" });
        };
        let Some(grants) = self.tokens.grants(token) else {
            challenge.push_str(",error=\"invalid_token\"");
            let message = "the token is unknown or has expired; ask the realm for another";
            return Err(Refusal { challenge, message });
        };
        match place {
            // Any token logs in.
            None => Ok(()),
            Some(place) if grants.iter().any(|grant| grant.covers(&place.repository, access)) => Ok(()),
            Some(_) => {
                challenge.push_str(",error=\"insufficient_scope\"");
                Err(Refusal {
                    challenge,
                    message: "the token was not granted this access to this repository",
                })
            }
        }
    }
}

/// Middleware: everything that the gate does not let through is answered here.
pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    match gate.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn access(method: &Method, path: &str) -> Access {
    let reads = method == Method::GET || method == Method::HEAD;
    if reads && !path.contains("/blobs/uploads/") { Access::Pull } else { Access::Push }
}

/// A request that was not let through.
struct Refusal {
    /// The `WWW-Authenticate` header.
    challenge: String,
    message: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = OciError::new(OciErrorCode::Unauthorized, self.message).into_response();
        // Cannot fail in practice: the parts come from a valid URI and from constants.
        if let Ok(challenge) = HeaderValue::from_str(&self.challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
