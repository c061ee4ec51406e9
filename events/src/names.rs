//! Names of applications, environments and deployments. They become parts of table keys, image tags and
//! task-definition tags, so they must never hold a separator (`#`, `/`, white space).

use crate::string_type::{string_schema, string_type};

fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

string_type!(
    /// The application that is deployed; one worker may serve several.
    ApplicationName,
    what: "application name",
    expected: "1 to 64 lower-case letters, digits and inner hyphens",
    pattern: "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
    check: is_slug
);

string_type!(
    /// An environment of an application, such as `staging` or `production`; at most one deployment is
    /// under way in it at a time.
    EnvironmentName,
    what: "environment name",
    expected: "1 to 64 lower-case letters, digits and inner hyphens",
    pattern: "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
    check: is_slug
);

/// A deployment's identity and the idempotency key of its request: a version 7 UUID made by whoever asks,
/// so that asking twice is the same request. Version 7 begins with the time, so ids sort by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentId(uuid::Uuid);

impl DeploymentId {
    /// The id as a UUID.
    #[must_use]
    pub fn as_uuid(&self) -> uuid::Uuid {
        self.0
    }
}

impl TryFrom<uuid::Uuid> for DeploymentId {
    type Error = crate::InvalidValue;
    fn try_from(id: uuid::Uuid) -> Result<Self, Self::Error> {
        if id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122 {
            Ok(Self(id))
        } else {
            Err(crate::InvalidValue::new("deployment id", &id.to_string(), "a version 7 UUID (RFC 9562)"))
        }
    }
}

impl std::str::FromStr for DeploymentId {
    type Err = crate::InvalidValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // One spelling only: a key must not be reachable under two names.
        let id = uuid::Uuid::try_parse(text).ok().filter(|id| id.hyphenated().to_string() == text);
        id.and_then(|id| Self::try_from(id).ok()).ok_or_else(|| {
            crate::InvalidValue::new(
                "deployment id",
                text,
                "a version 7 UUID (RFC 9562), lower case and hyphenated",
            )
        })
    }
}

impl TryFrom<String> for DeploymentId {
    type Error = crate::InvalidValue;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeploymentId> for String {
    fn from(id: DeploymentId) -> Self {
        id.to_string()
    }
}

impl std::fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

string_schema!(
    DeploymentId,
    "a version 7 UUID (RFC 9562), lower case and hyphenated",
    "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_id_is_a_version_7_uuid_in_one_spelling() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<DeploymentId>().unwrap().to_string(), text);
        assert!(text.to_uppercase().parse::<DeploymentId>().is_err());
        assert!("936da01f-9abd-4d9d-80c7-02af85c822a8".parse::<DeploymentId>().is_err(), "version 4");
        assert!("01890a5d-ac96-774b-0cce-b302099a8057".parse::<DeploymentId>().is_err(), "another variant");
        assert!("{01890a5d-ac96-774b-bcce-b302099a8057}".parse::<DeploymentId>().is_err());
    }

    #[test]
    fn names_hold_no_separator() {
        assert!("staging".parse::<EnvironmentName>().is_ok());
        for bad in ["", "a#b", "a/b", "Staging", "-a", "a-", "a b", &"a".repeat(65)] {
            assert!(bad.parse::<EnvironmentName>().is_err(), "{bad:?}");
        }
    }
}
