//! Manifests as bytes, with white space of their own: whoever writes one anew changes its digest. Must never be
//! written through a JSON library.

use lockstep_events::ImageDigest;
use sha2::{Digest as _, Sha256};

/// A configuration or a layer.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The digest of bytes, `sha256:…`.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn entry(media_type: &str, bytes: &[u8]) -> String {
    let (digest, size) = (digest_of(bytes), bytes.len());
    format!("{{ \"mediaType\":\"{media_type}\",\n   \"size\":{size}, \"digest\" : \"{digest}\" }}")
}

/// An image's manifest.
#[must_use]
pub fn manifest(media_type: &str, config: &Blob, layer: &Blob) -> Vec<u8> {
    let config = entry(&config.media_type, &config.bytes);
    let layer = entry(&layer.media_type, &layer.bytes);
    format!(
        "{{\"schemaVersion\" : 2,\n\t\"mediaType\":\"{media_type}\",\n  \"config\": {config},\n  \"layers\":[{layer}]\n}}\n"
    )
    .into_bytes()
}

/// An index of manifests (an OCI index or a Docker manifest list), one for each platform: architecture, digest, size.
/// `named` is the media type that it says of itself; OCI's may leave it out.
#[must_use]
pub fn index(named: Option<&str>, child: &str, platforms: &[(&str, &ImageDigest, usize)]) -> Vec<u8> {
    let named = named.map(|named| format!("\"mediaType\": \"{named}\", ")).unwrap_or_default();
    let entries: Vec<String> = platforms
        .iter()
        .map(|(architecture, digest, size)| {
            format!(
                "{{\"mediaType\":\"{child}\", \"digest\":\"{digest}\",\"size\":{size},\n   \
                 \"platform\": {{\"os\":\"linux\",\"architecture\":\"{architecture}\"}}}}"
            )
        })
        .collect();
    format!("{{ {named}\"schemaVersion\":2,\n\n  \"manifests\" :[{}]}}", entries.join(",\n     "))
        .into_bytes()
}
