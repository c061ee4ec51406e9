//! The application role: readiness, version and notes over HTTP.
//!
//! It answers from the first moment, so that a check can tell "starting" from "gone", but it must never
//! answer ready before its start has succeeded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::Database;
use crate::release::{Behaviour, ReleaseFile};
use crate::startup::{self, StartError};

/// How long a start waits for the database by default.
pub const DATABASE_PATIENCE: Duration = Duration::from_secs(15);

/// What one run of the application is given.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The release to be.
    pub release: ReleaseFile,
    /// The database's URL; may be left out by a release without migrations and seed.
    pub database_url: Option<String>,
    /// How long to wait for the database at start.
    pub database_patience: Duration,
}

#[derive(Debug)]
struct App {
    release: ReleaseFile,
    database: Option<Database>,
    started: AtomicBool,
}

/// Runs the application on `listener` until `stop` resolves.
///
/// # Errors
/// [`StartError`], as soon as it is known that the release cannot start; it no longer answers then.
pub async fn run(
    settings: Settings,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    startup::may_start(&settings.release)?;
    let app = Arc::new(App {
        database: settings.database_url.as_deref().map(Database::new),
        release: settings.release,
        started: AtomicBool::new(false),
    });
    let serving =
        async { axum::serve(listener, router(Arc::clone(&app))).with_graceful_shutdown(stop).await };
    let preparing = async {
        startup::prepare(&app.release, app.database.as_ref(), settings.database_patience).await?;
        app.started.store(true, Ordering::Release);
        tracing::info!(version = app.release.version, commit = app.release.commit, "started");
        // A started application only ends by being stopped.
        std::future::pending::<Result<(), StartError>>().await
    };
    tokio::select! {
        served = serving => Ok(served?),
        failed = preparing => failed,
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/ready", get(ready))
        .route("/api/v1/info", get(info))
        .route("/api/v1/notes", get(list_notes).post(add_note))
        .with_state(app)
}

async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let status = |code, text: &str| (code, Json(json!({ "status": text })));
    if app.release.behaviour == Behaviour::NeverReady {
        status(StatusCode::SERVICE_UNAVAILABLE, "never ready")
    } else if app.started.load(Ordering::Acquire) {
        status(StatusCode::OK, "ready")
    } else {
        status(StatusCode::SERVICE_UNAVAILABLE, "starting")
    }
}

async fn info(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "version": app.release.version, "commit": app.release.commit }))
}

#[derive(Debug, Deserialize)]
struct Note {
    text: String,
}

async fn add_note(State(app): State<Arc<App>>, Json(note): Json<Note>) -> (StatusCode, Json<Value>) {
    notes(&app, "INSERT INTO marker_notes (text) VALUES (?1)", &[note.text.into()], StatusCode::CREATED).await
}

async fn list_notes(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    notes(&app, "SELECT id, text FROM marker_notes ORDER BY id", &[], StatusCode::OK).await
}

/// Executes `sql` and answers with its rows as objects, or with 503 and the reason.
async fn notes(app: &App, sql: &str, params: &[Value], good: StatusCode) -> (StatusCode, Json<Value>) {
    let unavailable = |reason: String| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": reason })));
    let Some(database) = &app.database else {
        return unavailable("this task was started without DATABASE_URL".to_owned());
    };
    match database.execute(sql, params).await {
        Ok(answer) => {
            let rows = answer.rows.into_iter().map(|row| {
                answer.columns.iter().cloned().zip(row).collect::<serde_json::Map<String, Value>>().into()
            });
            (good, Json(Value::Array(rows.collect())))
        }
        Err(error) => unavailable(error.to_string()),
    }
}
