//! The listener. Reads a whole request, hands it to the present run, and sends the whole answer, or closes the
//! connection without one. Must never answer anything by itself.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::call::Request;
use super::tape::Tape;
use crate::run::Run;

/// What becomes of a request.
pub(crate) enum Outcome {
    /// It is answered.
    Answer(Response<Full<Bytes>>),
    /// The connection is closed without an answer.
    Cut,
}

/// The connection is closed because the run wants the answer lost.
#[derive(Debug)]
struct AnswerLost;

impl std::fmt::Display for AnswerLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer is lost on purpose")
    }
}

impl std::error::Error for AnswerLost {}

/// The open listener.
pub(crate) struct Door {
    port: u16,
    tape: Option<Arc<Tape>>,
    present: Arc<Mutex<Option<Arc<Run>>>>,
}

impl Door {
    /// Listens on any free port of 127.0.0.1. What passes it is kept on the tape, if there is one.
    pub(crate) async fn open(tape: Option<Tape>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let present: Arc<Mutex<Option<Arc<Run>>>> = Arc::default();
        let behind = Arc::clone(&present);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let run = behind.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // A connection belongs to the run in which it was opened, also if it outlives it.
                tokio::spawn(attend(stream, run.expect("a run goes on whenever a worker does")));
            }
        });
        Ok(Self { port, tape: tape.map(Arc::new), present })
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The tape.
    pub(crate) fn tape(&self) -> Option<Arc<Tape>> {
        self.tape.clone()
    }

    /// From now on requests are this run's.
    pub(crate) fn leads_to(&self, run: &Arc<Run>) {
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(run));
    }
}

async fn attend(stream: TcpStream, run: Arc<Run>) {
    let service = service_fn(|request| pass(request, Arc::clone(&run)));
    // An error is a connection that a worker dropped, or one that was cut on purpose.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn pass(request: hyper::Request<Incoming>, run: Arc<Run>) -> Result<Response<Full<Bytes>>, AnswerLost> {
    let (head, body) = request.into_parts();
    // A worker that died while it sent: its request never was.
    let Ok(body) = body.collect().await else { return Err(AnswerLost) };
    match run.meet(Request { head, body: body.to_bytes() }).await {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::Cut => Err(AnswerLost),
    }
}
