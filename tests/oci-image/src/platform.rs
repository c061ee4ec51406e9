//! Which platform images are built for and chosen from an index: the one that this machine can run.
//!
//! It must never pick an image of another architecture: its program could not be started.

use oci_client::manifest::ImageIndexEntry;

/// Images are Linux images, also where the stand-ins run on another system.
pub(crate) const OS: &str = "linux";

/// This machine's architecture in OCI's (that is Go's) spelling.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// `os/architecture` of an index entry, `unknown/unknown` where it does not say.
pub(crate) fn of(entry: &ImageIndexEntry) -> String {
    entry
        .platform
        .as_ref()
        .map_or_else(|| "unknown/unknown".to_owned(), |p| format!("{}/{}", p.os, p.architecture))
}

/// The platform wanted, as [`of`] writes it.
pub(crate) fn wanted() -> String {
    format!("{OS}/{}", architecture())
}
