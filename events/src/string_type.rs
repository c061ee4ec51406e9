//! The one way in which this crate makes a string type that cannot hold a bad value: parse on the way in
//! (also from JSON), plain text on the way out, a pattern in the JSON Schema. Must never offer a way round
//! the check.

/// A text that is not a valid value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a valid {what}: expected {expected}")]
pub struct InvalidValue {
    /// The type's name in plain words, such as "commit SHA".
    pub what: &'static str,
    /// What was found instead, cut to 80 characters.
    pub found: String,
    /// What a valid value looks like.
    pub expected: &'static str,
}

impl InvalidValue {
    pub(crate) fn new(what: &'static str, found: &str, expected: &'static str) -> Self {
        Self { what, found: found.chars().take(80).collect(), expected }
    }
}

/// Declares a string newtype. `$check` decides whether a text is a value; `$pattern` says the same to
/// readers of the JSON Schema (as far as a regular expression can).
macro_rules! string_type {
    ($(#[$doc:meta])* $name:ident, what: $what:literal, expected: $expected:literal, pattern: $pattern:literal, check: $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidValue;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::InvalidValue::new($what, text, $expected))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::InvalidValue;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        $crate::string_type::string_schema!($name, $expected, $pattern);
    };
}

/// The JSON Schema of a type that travels as a string.
macro_rules! string_schema {
    ($name:ident, $expected:literal, $pattern:literal) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $expected, "pattern": $pattern })
            }
        }
    };
}

pub(crate) use {string_schema, string_type};
