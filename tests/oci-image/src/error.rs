//! What can go wrong with an image, in words that name the image or file and what was expected of it.
//!
//! It must never hide the cause: every variant that wraps another error keeps it as its source.

use std::path::PathBuf;

use oci_client::errors::{DigestError, OciDistributionError};

/// A failure to build, push, pull or unpack an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no image reference.
    #[error(
        "`{reference}` is not an image reference (expected host:port/repository:tag or @sha256:…): {reason}"
    )]
    Reference {
        /// The text as given.
        reference: String,
        /// Why it was refused.
        reason: String,
    },
    /// The registry refused a request or could not be reached.
    #[error("{doing} at the registry failed")]
    Registry {
        /// What was being done, naming the blob, manifest or tag.
        doing: String,
        /// What the client library reported.
        #[source]
        source: Box<OciDistributionError>,
    },
    /// Bytes that do not have the digest under which they were asked for.
    #[error("{what}: expected digest {expected} but got {actual}; do not run this image")]
    Digest {
        /// Which bytes.
        what: String,
        /// The digest asked for or promised.
        expected: String,
        /// The digest of the bytes received.
        actual: String,
    },
    /// A manifest, index or configuration that is not what its media type says.
    #[error("{what} is not a valid document of its kind")]
    Document {
        /// Which document, of which image.
        what: String,
        /// The parser's complaint.
        #[source]
        source: serde_json::Error,
    },
    /// An image whose parts do not fit together.
    #[error("{what}: {reason}")]
    Inconsistent {
        /// Which image or part.
        what: String,
        /// What does not fit.
        reason: String,
    },
    /// An index without a manifest for this machine.
    #[error("{reference} has no image for {wanted}; it offers {offered}")]
    NoPlatform {
        /// The reference that was pulled.
        reference: String,
        /// The platform wanted, as `os/architecture`.
        wanted: String,
        /// The platforms present.
        offered: String,
    },
    /// A media type that this crate cannot read.
    #[error("{what} has media type `{media_type}`, which is not supported; use OCI tar or tar+gzip layers")]
    MediaType {
        /// Which part of the image.
        what: String,
        /// Its media type.
        media_type: String,
    },
    /// A file name that leaves the image's root, in a layer to build or one to unpack.
    #[error("the path `{path}` in {layer} leaves the image's root: refused")]
    UnsafePath {
        /// The offending path.
        path: String,
        /// The layer it is in.
        layer: String,
    },
    /// The folder to unpack into holds something already.
    #[error("{} is not empty: unpack an image into a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// A file operation failed.
    #[error("{doing} failed")]
    Io {
        /// What was being done, naming the file.
        doing: String,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// A failure at the registry; a digest that the client library found wrong is reported like one that
    /// we found wrong.
    pub(crate) fn registry(doing: impl Into<String>, source: OciDistributionError) -> Self {
        match source {
            OciDistributionError::DigestError(DigestError::VerificationError { expected, actual }) => {
                Self::Digest { what: doing.into(), expected, actual }
            }
            source => Self::Registry { doing: doing.into(), source: Box::new(source) },
        }
    }

    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}
