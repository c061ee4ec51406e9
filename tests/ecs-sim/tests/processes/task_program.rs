//! A program for the tasks of tests: answers HTTP on `PORT` with what it finds around it.
//!
//! `/env` gives its environment, `/cwd` its working directory, `/exit` ends it with code 7; anything else gives the
//! value of `ANSWER`. With `CRASH` set it complains and exits with code 3 at once.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os("CRASH").is_some() {
        let _ = writeln!(std::io::stderr(), "told to crash");
        return ExitCode::from(3);
    }
    let port = std::env::var("PORT").ok().and_then(|port| port.parse::<u16>().ok());
    let Some(listener) = port.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok()) else {
        return ExitCode::from(4);
    };
    for stream in listener.incoming().flatten() {
        if answer(stream).is_some_and(|path| path == "/exit") {
            return ExitCode::from(7);
        }
    }
    ExitCode::SUCCESS
}

/// Answers one request and returns its path.
fn answer(mut stream: TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    while !lines.next()?.ok()?.is_empty() {}
    let body = match path.as_str() {
        "/env" => std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect(),
        "/cwd" => std::env::current_dir().ok()?.display().to_string(),
        _ => std::env::var("ANSWER").unwrap_or_default(),
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    Some(path)
}
