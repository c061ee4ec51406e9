//! The identity of an image. Must never hold a tag: only a digest names bytes.

use crate::string_type::string_type;

string_type!(
    /// A content digest as OCI registries write it (OCI Image Specification, "Digests"): of a manifest or
    /// of an index.
    ImageDigest,
    what: "image digest",
    expected: "`sha256:` and 64 lower-case hexadecimal digits",
    pattern: "^sha256:[0-9a-f]{64}$",
    check: |text| text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
);
