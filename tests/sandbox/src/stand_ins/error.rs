//! Why a stand-in did not start, as something a caller can branch on and a person can act on.
//! Must not describe a failure of a request: those are answered in the protocol of the service.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// A stand-in that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// The address is reachable from other machines; a stand-in accepts any credentials.
    #[error(
        "{service}: {address} can be reached from outside and a stand-in checks no credentials; use 127.0.0.1"
    )]
    NotLoopback {
        /// The stand-in, as a person would call it.
        service: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// Somebody else listens there.
    #[error(
        "{service}: port {port} on {ip} is taken; stop the program that listens there (`ss -ltnp 'sport = :{port}'` \
         names it), choose another port, or port 0 for any free one"
    )]
    PortTaken {
        /// The stand-in, as a person would call it.
        service: &'static str,
        /// The address that was asked for.
        ip: IpAddr,
        /// The port that was asked for.
        port: u16,
    },
    /// The operating system refused the address for another reason.
    #[error(
        "{service}: cannot listen on {address} ({source}); choose a port above 1023, or 0 for any free one"
    )]
    Listen {
        /// The stand-in, as a person would call it.
        service: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The place where its data is kept cannot be used as it is.
    #[error("{service}: cannot use {}: {reason}", path.display())]
    Storage {
        /// The stand-in, as a person would call it.
        service: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}
