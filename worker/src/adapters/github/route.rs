//! Paths of GitHub's REST API, built so that no name can change their meaning: every part is percent-encoded.
//! Must stay relative: octocrab sends credentials along with relative paths only.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 calls unreserved stays as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    path: String,
    query: String,
}

impl Route {
    /// The API's path of a repository.
    pub(super) fn repository(owner: &str, repository: &str) -> Self {
        let root = Self { path: String::new(), query: String::new() };
        root.then("repos").then(owner).then(repository)
    }

    /// One segment more; slashes in it are encoded.
    pub(super) fn then(mut self, segment: &str) -> Self {
        self.path.push('/');
        self.path.extend(utf8_percent_encode(segment, RESERVED));
        self
    }

    /// As many segments more as the text has, separated by slashes.
    pub(super) fn below(self, segments: &str) -> Self {
        segments.split('/').fold(self, |route, segment| route.then(segment))
    }

    /// One query parameter more.
    pub(super) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(&value.to_string(), RESERVED));
        self
    }

    /// The path alone, as it is shown in messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, self.query)
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn names_cannot_change_the_path() {
        let route = Route::repository("an owner", "app").then("tags").then("release/1.0?x#y%2F");
        assert_eq!(route.to_string(), "/repos/an%20owner/app/tags/release%2F1.0%3Fx%23y%252F");
        let route = Route::repository("o", "app").below("contents/apps/server/Cargo.toml").with("ref", "a&b");
        assert_eq!(
            route.with("created", ">=2026-01-01T00:00:00Z").to_string(),
            "/repos/o/app/contents/apps/server/Cargo.toml?ref=a%26b&created=%3E%3D2026-01-01T00%3A00%3A00Z"
        );
    }
}
