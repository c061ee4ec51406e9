//! The client for one registry: HTTP for loopback, HTTPS for everything else, time-outs on both.
//!
//! It must never fall back from HTTPS to HTTP.

use std::net::IpAddr;
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::{Client, Reference};

use crate::error::Error;

/// A registry that does not answer within this time is taken for unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Parses a reference and makes a client for its registry.
pub(crate) fn open(reference: &str) -> Result<(Client, Reference), Error> {
    let parsed: Reference = reference
        .parse()
        .map_err(|error| Error::Reference { reference: reference.to_owned(), reason: format!("{error}") })?;
    let registry = parsed.resolve_registry();
    let protocol = if is_loopback(registry) { ClientProtocol::Http } else { ClientProtocol::Https };
    let config = ClientConfig {
        protocol,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        ..ClientConfig::default()
    };
    let client = Client::try_from(config)
        .map_err(|source| Error::registry(format!("preparing a client for {registry}"), source))?;
    Ok((client, parsed))
}

fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _port)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        for registry in ["127.0.0.1:5000", "localhost:5000", "127.0.0.1", "[::1]:5000"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["registry.example.org", "10.0.0.1:5000", "127.0.0.1.example.org:5000"] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }

    #[test]
    fn a_malformed_reference_is_named() {
        let error = open("127.0.0.1:5000/UPPER:tag").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("127.0.0.1:5000/UPPER:tag"), "{error}");
    }
}
