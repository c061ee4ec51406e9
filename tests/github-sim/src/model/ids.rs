//! Identifiers: rising numbers, node ids and git's object hashes.
//!
//! Everything here must be a function of what is stored, so that a restart changes no id.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// The distance between the number ranges of two repositories: ids are unique across all of them, as
/// GitHub's are.
const RANGE: u64 = 1_000_000_000;

/// A source of rising numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    next: u64,
}

impl Ids {
    /// The numbers of the repository with this position.
    pub(crate) fn for_repository(position: usize) -> Self {
        Self { next: RANGE * (position as u64 + 1) + 1 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }
}

/// An opaque node id in GitHub's style.
pub(crate) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    BASE64_STANDARD.encode(format!("{kind}:{id}"))
}

/// The hash of a git object: kind, length and content, as git computes it.
pub(crate) fn object_hash(kind: &str, content: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("{kind} {}\0", content.len()));
    hasher.update(content);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number for a user's login that stays the same.
pub(crate) fn user_id(login: &str) -> u64 {
    object_hash("user", login.as_bytes())
        .bytes()
        .take(7)
        .fold(0, |number, digit| number * 16 + u64::from((digit as char).to_digit(16).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git() {
        // `printf 'hello' | git hash-object --stdin`
        assert_eq!(object_hash("blob", b"hello"), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
    }

    #[test]
    fn numbers_of_two_repositories_do_not_meet() {
        let (mut one, mut two) = (Ids::for_repository(0), Ids::for_repository(1));
        assert!(one.next() < one.next());
        assert!(two.next() > one.next());
    }
}
