//! Versions and the tags made of them: the beta tag `{version}-{sha7}.beta` and a release's git tag. Must
//! never accept a leading `v` or build metadata: neither survives as an image tag under the same name.

use std::fmt;
use std::str::FromStr;

use crate::string_type::{InvalidValue, string_schema};
use crate::{CommitSha, ShortSha};

const VERSION: &str = "a semantic version without `v` and without build metadata, such as 0.1.0";
const BETA: &str = "{version}-{first 7 digits of the commit}.beta without `v`, such as 0.1.0-abcdef0.beta";
const TAG_PATTERN: &str =
    "a git tag with `{version}` in it exactly once, such as {version} or release-{version}";

/// The version of a release (Semantic Versioning 2.0.0). Build metadata is refused: `+` is not allowed in
/// an image tag, and two versions that differ only in it would be the same release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(semver::Version);

impl FromStr for Version {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // 128 is the longest image tag; 13 of them go to `-abcdefg.beta`.
        let version = semver::Version::parse(text).ok().filter(|v| v.build.is_empty() && text.len() <= 115);
        version.map(Self).ok_or_else(|| InvalidValue::new("version", text, VERSION))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tag of an image (and prerelease) that staging validates and production promotes:
/// `{version}-{sha7}.beta`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BetaTag {
    version: Version,
    short_sha: ShortSha,
}

impl BetaTag {
    /// The beta tag of this version built from this commit.
    #[must_use]
    pub fn new(version: Version, commit: &CommitSha) -> Self {
        Self { version, short_sha: commit.short() }
    }

    /// The version that promoting this beta releases.
    #[must_use]
    pub fn release_version(&self) -> &Version {
        &self.version
    }

    /// The first seven digits of the commit it was built from.
    #[must_use]
    pub fn short_sha(&self) -> &ShortSha {
        &self.short_sha
    }
}

impl FromStr for BetaTag {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.strip_suffix(".beta").and_then(|rest| rest.rsplit_once('-'));
        let (version, sha) = parts.ok_or_else(|| InvalidValue::new("beta tag", text, BETA))?;
        match (version.parse(), sha.parse()) {
            (Ok(version), Ok(short_sha)) => Ok(Self { version, short_sha }),
            _ => Err(InvalidValue::new("beta tag", text, BETA)),
        }
    }
}

impl fmt::Display for BetaTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.beta", self.version, self.short_sha)
    }
}

/// How a release's git tag is made from its version. The image tag is always the version itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseTagPattern(String);

impl ReleaseTagPattern {
    /// The git tag of the release of this version.
    #[must_use]
    pub fn tag_of(&self, version: &Version) -> ReleaseTag {
        ReleaseTag(self.0.replacen("{version}", &version.to_string(), 1))
    }

    /// The version that a git tag releases, if it fits the pattern.
    #[must_use]
    pub fn version_of(&self, tag: &str) -> Option<Version> {
        let (before, after) = self.0.split_once("{version}")?;
        tag.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
    }
}

impl Default for ReleaseTagPattern {
    fn default() -> Self {
        Self("{version}".to_owned())
    }
}

impl FromStr for ReleaseTagPattern {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let once = text.matches("{version}").count() == 1;
        let sample = text.replacen("{version}", "0.1.0", 1);
        if once && sample.parse::<crate::GitRef>().is_ok() && !sample.contains(['{', '}']) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::new("release tag pattern", text, TAG_PATTERN))
        }
    }
}

impl fmt::Display for ReleaseTagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The git tag of a release, made by a [`ReleaseTagPattern`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ReleaseTag(String);

impl ReleaseTag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! through_text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidValue;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}
through_text!(Version, BetaTag, ReleaseTagPattern);

string_schema!(
    Version,
    "a semantic version without `v` and without build metadata, such as 0.1.0",
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$"
);
string_schema!(
    BetaTag,
    "{version}-{first 7 digits of the commit}.beta without `v`, such as 0.1.0-abcdef0.beta",
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?-[0-9a-f]{7}\.beta$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beta_tag_yields_its_release_version() {
        let tag: BetaTag = "0.1.0-abcdef0.beta".parse().unwrap();
        assert_eq!(tag.release_version().to_string(), "0.1.0");
        assert_eq!(tag.short_sha().as_str(), "abcdef0");
        assert_eq!(tag.to_string(), "0.1.0-abcdef0.beta");
        let candidate: BetaTag = "1.0.0-rc.1-abcdef0.beta".parse().unwrap();
        assert_eq!(candidate.release_version().to_string(), "1.0.0-rc.1");
    }

    #[test]
    fn malformed_beta_tags_are_refused() {
        for bad in ["v0.1.0-abcdef0.beta", "0.1.0-abcdefg.beta", "0.1.0-abcdef0", "0.1-abcdef0.beta", ""] {
            let error = bad.parse::<BetaTag>().unwrap_err();
            assert!(error.to_string().contains("{version}-"), "{error}");
        }
        assert!("0.1.0+meta".parse::<Version>().is_err());
    }

    #[test]
    fn the_release_tag_follows_the_pattern_both_ways() {
        let version: Version = "0.2.0".parse().unwrap();
        let plain = ReleaseTagPattern::default();
        assert_eq!(plain.tag_of(&version).as_str(), "0.2.0");
        let prefixed: ReleaseTagPattern = "release-{version}".parse().unwrap();
        assert_eq!(prefixed.tag_of(&version).as_str(), "release-0.2.0");
        assert_eq!(prefixed.version_of("release-0.2.0"), Some(version));
        assert_eq!(prefixed.version_of("0.2.0"), None);
        for bad in ["", "release", "{version}{version}", "a b {version}", "{Version}"] {
            assert!(bad.parse::<ReleaseTagPattern>().is_err(), "{bad:?}");
        }
    }
}
