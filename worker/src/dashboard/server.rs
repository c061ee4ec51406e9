//! The server: which address is which page, and what every answer says about itself to a browser. Only GET and HEAD are
//! answered, since nothing here changes anything; must never answer under a name that it was not told, so that no site
//! can make a visitor's browser read it by pointing its own name here.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use lockstep_events::{DeploymentId, InvalidValue};
use maud::Markup;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::assets::Assets;
use super::filter::Filter;
use super::live::Live;
use super::place::{self, Place};
use super::{html, read};
use crate::config::Config;
use crate::faults::Fault;
use crate::ports::{Clock, Store};

/// The pause between two looks for news, while a page is open.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many pages may wait for news at once.
pub const LISTENERS: usize = 100;

/// Nothing but what this server itself sends may run, style or be framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the page is made from.
pub struct Dashboard {
    /// The table.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The environments.
    pub places: Vec<Place>,
    /// The names under which it is reached, beside addresses and `localhost`.
    pub hosts: Vec<String>,
}

impl Dashboard {
    /// For every environment of the configuration.
    ///
    /// # Errors
    /// A name in the configuration is none.
    pub fn new(
        config: &Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        hosts: Vec<String>,
    ) -> Result<Self, InvalidValue> {
        Ok(Self { store, clock, places: place::all(config)?, hosts })
    }
}

struct Server {
    dashboard: Dashboard,
    assets: Assets,
    live: Live,
    shutdown: CancellationToken,
}

/// Answers on this listener until the shutdown.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    dashboard: Dashboard,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let stop = shutdown.clone();
    let server = Arc::new(Server { dashboard, assets: Assets::new(), live: Live::new(), shutdown: stop });
    let answering = axum::serve(listener, router(server.clone()))
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let looking = server.live.look(&server.dashboard, &shutdown);
    let (answered, ()) = tokio::join!(answering, looking);
    answered
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/deployments/{id}", get(deployment))
        .route("/live", get(live))
        .route("/assets/{name}", get(asset))
        .fallback(nowhere)
        .layer(middleware::from_fn_with_state(server.clone(), guard))
        .with_state(server)
}

/// Refuses unknown names, and has every answer say what a browser may do with it.
async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let mut response = if host.is_some_and(|host| is_known(host, &server.dashboard.hosts)) {
        next.run(request).await
    } else {
        let words = "this name is not one of this server's: give it with --host";
        (StatusCode::MISDIRECTED_REQUEST, words).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// An address cannot be another site's name; a name can.
fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

async fn overview(State(server): State<Arc<Server>>, Query(filter): Query<Filter>) -> Response {
    if let Err(words) = filter.check(&server.dashboard.places) {
        return page(StatusCode::BAD_REQUEST, html::trouble(&server.assets, "No such filter", &words));
    }
    match read::overview(&server.dashboard, filter).await {
        Ok(overview) => page(StatusCode::OK, html::overview(&server.assets, &overview)),
        Err(fault) => unavailable(&server, &fault),
    }
}

async fn deployment(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<DeploymentId>() else { return no_deployment(&server) };
    match read::deployment(&server.dashboard, id).await {
        Ok(Some(found)) => page(StatusCode::OK, html::deployment(&server.assets, &found)),
        Ok(None) => no_deployment(&server),
        Err(fault) => unavailable(&server, &fault),
    }
}

#[derive(Deserialize)]
struct About {
    deployment: Option<DeploymentId>,
}

async fn live(State(server): State<Arc<Server>>, Query(about): Query<About>) -> Response {
    match server.live.listen(about.deployment, server.shutdown.clone()) {
        Some(news) => news.into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "too many pages wait for news").into_response(),
    }
}

async fn asset(State(server): State<Arc<Server>>, uri: Uri) -> Response {
    match server.assets.at(uri.path()) {
        Some(asset) => {
            // Its name changes with its content.
            let keep = "public, max-age=31536000, immutable";
            ([(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, keep)], asset.content).into_response()
        }
        None => nowhere(State(server)).await,
    }
}

async fn nowhere(State(server): State<Arc<Server>>) -> Response {
    let words = "There is nothing at this address.";
    page(StatusCode::NOT_FOUND, html::trouble(&server.assets, "Not found", words))
}

fn no_deployment(server: &Server) -> Response {
    let words = "No deployment has this id. A request that was sent just now has no record until a worker takes it up: \
         then load this page again.";
    page(StatusCode::NOT_FOUND, html::trouble(&server.assets, "No such deployment", words))
}

fn unavailable(server: &Server, fault: &Fault) -> Response {
    tracing::warn!(%fault, "a page could not be made");
    let words = format!("The table could not be read: {fault}. Load this page again.");
    page(StatusCode::SERVICE_UNAVAILABLE, html::trouble(&server.assets, "The table cannot be read", &words))
}

fn page(status: StatusCode, markup: Markup) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reached_under_addresses_and_under_names_that_it_was_told() {
        let told = ["deploy.example.test".to_owned()];
        for known in
            ["127.0.0.1:8700", "127.0.0.1", "[::1]:8700", "localhost:1", "LOCALHOST", "Deploy.Example.test"]
        {
            assert!(is_known(known, &told), "{known}");
        }
        for stranger in
            ["evil.test:8700", "127.0.0.1.evil.test", "deploy.example.test.evil.test", "", "localhost:x"]
        {
            assert!(!is_known(stranger, &told), "{stranger}");
        }
        assert!(!is_known("deploy.example.test", &[]));
    }
}
