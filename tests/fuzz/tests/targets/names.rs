//! Every type that cannot hold a bad value, given any text: what is accepted is kept to the letter, fits the
//! pattern that the JSON Schema publishes, and is safe where it is put (table keys, image tags, git refs).

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::LazyLock;

use fuzz_targets::{Text, check_error};
use lockstep_events::{
    ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, GitRef, ImageDigest, InvalidValue,
    Reason, ReleaseTagPattern, ShortSha, Version,
};
use regex::Regex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::target;

/// OCI Distribution Specification, "Pulling manifests": what a tag may look like.
static IMAGE_TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$").unwrap());

#[test]
fn names() {
    // The schemas take a while to be made.
    let patterns = Patterns::new();
    target!("names", "names", |text: &Text| {
        // One name a line, so that an edit makes one wrong at a time.
        for text in text.lossy().split('\n') {
            every_type(&patterns, text);
        }
    });
}

struct Patterns(Vec<(&'static str, Regex)>);

impl Patterns {
    fn new() -> Self {
        let of = |name, schema: schemars::Schema| {
            let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str()).unwrap().to_owned();
            (name, Regex::new(&pattern).unwrap())
        };
        Self(vec![
            of("application name", schemars::schema_for!(ApplicationName)),
            of("environment name", schemars::schema_for!(EnvironmentName)),
            of("deployment id", schemars::schema_for!(DeploymentId)),
            of("commit SHA", schemars::schema_for!(CommitSha)),
            of("short SHA", schemars::schema_for!(ShortSha)),
            of("git ref", schemars::schema_for!(GitRef)),
            of("image digest", schemars::schema_for!(ImageDigest)),
            of("reason", schemars::schema_for!(Reason)),
            of("version", schemars::schema_for!(Version)),
            of("beta tag", schemars::schema_for!(BetaTag)),
        ])
    }

    fn fits(&self, what: &str, text: &str) -> bool {
        self.0.iter().find(|(name, _)| *name == what).is_none_or(|(_, pattern)| pattern.is_match(text))
    }
}

fn every_type(patterns: &Patterns, text: &str) {
    for name in [
        parsed::<ApplicationName>(patterns, "application name", text).map(|name| name.to_string()),
        parsed::<EnvironmentName>(patterns, "environment name", text).map(|name| name.to_string()),
        parsed::<DeploymentId>(patterns, "deployment id", text).map(|id| id.to_string()),
    ]
    .into_iter()
    .flatten()
    {
        let separates = |c: char| c.is_whitespace() || c.is_control() || "#/:".contains(c);
        assert!(!name.contains(separates), "{name:?} would end a part of a table key");
    }
    parsed::<ShortSha>(patterns, "short SHA", text);
    parsed::<ImageDigest>(patterns, "image digest", text);
    parsed::<Reason>(patterns, "reason", text);
    if let Some(commit) = parsed::<CommitSha>(patterns, "commit SHA", text) {
        assert!(text.starts_with(commit.short().as_str()));
    }
    if let Some(reference) = parsed::<GitRef>(patterns, "git ref", text) {
        let text = reference.as_str();
        assert!(!text.starts_with('-') && !text.contains(".."), "{text:?} could be an option or a range");
    }
    if let Some(version) = parsed::<Version>(patterns, "version", text) {
        check_image_tag(&version.to_string());
        let commit = "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap();
        let beta = BetaTag::new(version.clone(), &commit).to_string();
        check_image_tag(&beta);
        assert_eq!(*beta.parse::<BetaTag>().unwrap().release_version(), version, "{beta}");
        assert_eq!(ReleaseTagPattern::default().version_of(text), Some(version));
    }
    if let Some(beta) = parsed::<BetaTag>(patterns, "beta tag", text) {
        check_image_tag(text);
        assert_eq!(text, format!("{}-{}.beta", beta.release_version(), beta.short_sha()));
    }
    if let Some(pattern) = parsed::<ReleaseTagPattern>(patterns, "release tag pattern", text) {
        let version: Version = "1.2.3-rc.1".parse().unwrap();
        let tag = pattern.tag_of(&version);
        assert_eq!(pattern.version_of(tag.as_str()), Some(version), "{pattern} does not lead back");
    }
}

/// The value, if the text is one; what holds for every type is checked either way.
fn parsed<T>(patterns: &Patterns, what: &str, text: &str) -> Option<T>
where
    T: FromStr<Err = InvalidValue> + Display + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let json = serde_json::Value::String(text.to_owned());
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text, "a {what} under another spelling");
            assert_eq!(serde_json::to_value(&value).unwrap(), json);
            assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
            assert!(patterns.fits(what, text), "the schema's pattern refuses the {what} {text:?}");
            Some(value)
        }
        Err(error) => {
            assert_eq!(error.what, what);
            assert!(error.to_string().contains(what), "{error}");
            check_error(&error.to_string());
            let through_json = serde_json::from_value::<T>(json).unwrap_err();
            assert!(through_json.to_string().contains(what), "JSON is a way round the check: {through_json}");
            None
        }
    }
}

fn check_image_tag(text: &str) {
    assert!(IMAGE_TAG.is_match(text), "{text:?} cannot be an image tag");
}
