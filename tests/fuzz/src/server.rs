//! A server on 127.0.0.1 that gives every request the one answer that is set, for the clients that have no
//! place for a connector: octocrab, oci-client, reqwest.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::answer::Answer;

/// A request as far as targets look at it.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The server; it stops with the runtime that it was started in.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<(Answer, Vec<Request>)>>,
}

impl Server {
    /// A server on a port of its own.
    ///
    /// # Panics
    /// No port can be opened on 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let nothing = Answer { status: None, headers: Vec::new(), body: Vec::new() };
        let server = Self { address, state: Arc::new(Mutex::new((nothing, Vec::new()))) };
        let state = Arc::clone(&server.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        server
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Sets the answer to every request from now on.
    pub fn set(&self, answer: &Answer) {
        *self.state.lock().unwrap() = (answer.clone(), Vec::new());
    }

    /// The requests since then.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().1.clone()
    }
}

/// One connection; the client may send request after request.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<(Answer, Vec<Request>)>>) {
    let mut unread = Vec::new();
    while let Some(request) = read(&mut stream, &mut unread).await {
        let head = request.method == "HEAD";
        let answer = {
            let mut state = state.lock().unwrap();
            state.1.push(request);
            state.0.clone()
        };
        let keep = answer.status.is_some();
        if stream.write_all(&bytes(&answer, head)).await.is_err() || !keep {
            return;
        }
    }
}

/// The next request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some((request, length)) = complete(unread) {
            unread.drain(..length);
            return Some(request);
        }
        let mut chunk = [0; 8192];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        unread.extend_from_slice(&chunk[..read]);
    }
}

/// The request at the start of these bytes and its length, once all of it is there.
fn complete(bytes: &[u8]) -> Option<(Request, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let end = head + 4 + length.unwrap_or(0);
    let body = bytes.get(head + 4..end)?.to_vec();
    let first = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut words = first.lines().next()?.split(' ').map(str::to_owned);
    Some((Request { method: words.next()?, path: words.next()?, body }, end))
}

fn bytes(answer: &Answer, head: bool) -> Vec<u8> {
    let Some(status) = answer.status else { return answer.body.clone() };
    let mut bytes =
        format!("HTTP/1.1 {status} Fuzzed\r\ncontent-length: {}\r\n", answer.body.len()).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    if !head {
        bytes.extend_from_slice(&answer.body);
    }
    bytes
}
