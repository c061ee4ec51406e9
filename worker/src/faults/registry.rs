//! What the error codes of an OCI registry mean (OCI Distribution Specification, "Error Codes"). Must stay a
//! plain table: which error of its client library carries them is the adapter's business.

use super::FaultKind;

/// The codes that say more than "refused".
pub const CODES: &[(FaultKind, &[&str])] = &[
    (FaultKind::Throttled, &["TOOMANYREQUESTS"]),
    (FaultKind::Denied, &["UNAUTHORIZED", "DENIED"]),
    (FaultKind::NotFound, &["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"]),
];

/// What the codes of one refusal mean together: the first that says more than "refused" decides.
#[must_use]
pub fn kind_of_codes<'c>(mut codes: impl Iterator<Item = &'c str>) -> FaultKind {
    let told = |code: &str| CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(kind, _)| *kind);
    codes.find_map(told).unwrap_or(FaultKind::Refused)
}
