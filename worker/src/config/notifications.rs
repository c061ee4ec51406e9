//! Who is told what becomes of deployments: the sections `notifications` and `notifications.webhooks.<name>`. An address
//! often is a secret itself, so only the name of the variable that holds it stands here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};

/// Who is told, and for how long it is tried.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NotificationsConfig {
    /// How long after something happened it is still told, in seconds: a webhook that has not taken it by then is not
    /// told any more, which is recorded.
    pub give_up_after_seconds: u32,
    /// After how long an environment's lock is held too long, in seconds.
    pub lock_held_too_long_seconds: u32,
    /// Who is told, by a name that the record of deliveries uses.
    pub webhooks: BTreeMap<String, WebhookConfig>,
}

impl Default for NotificationsConfig {
    fn default() -> Self {
        Self { give_up_after_seconds: 3600, lock_held_too_long_seconds: 7200, webhooks: BTreeMap::new() }
    }
}

/// An address that is told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WebhookConfig {
    /// `slack` (an incoming webhook of Slack, or of what speaks like it) or `json` (the whole news, signed).
    pub format: WebhookFormat,
    /// The environment variable that holds the address.
    pub url_variable: String,
    /// The environment variable that holds the secret that `json` is signed with, `whsec_` and base64 (Standard
    /// Webhooks).
    pub secret_variable: Option<String>,
    /// Of which environments, `<application>/<environment>`. Empty: of all.
    #[serde(default)]
    pub environments: Vec<String>,
    /// What is told. Empty: everything.
    #[serde(default)]
    pub occasions: Vec<Occasion>,
}

/// How a webhook is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookFormat {
    /// Slack's message format.
    Slack,
    /// The news as one JSON document, signed.
    Json,
}

/// Something that somebody may want to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A deployment has taken its environment's lock.
    Started,
    /// It failed, and what ran before is being put back.
    RollingBack,
    /// A deployment has held the lock for longer than it should.
    LockHeldTooLong,
    /// It runs, proven.
    Healthy,
    /// It was refused; nothing was touched.
    Rejected,
    /// It was refused because nobody who may had approved it; nothing was touched.
    ApprovalMissing,
    /// It failed, and the record says whether an operator is needed.
    Failed,
    /// What ran before runs again, proven.
    RolledBack,
    /// It was stopped on request before anything was deployed.
    Cancelled,
}

impl Occasion {
    /// Its name, as configured and told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::RollingBack => "rolling-back",
            Self::LockHeldTooLong => "lock-held-too-long",
            Self::Healthy => "healthy",
            Self::Rejected => "rejected",
            Self::ApprovalMissing => "approval-missing",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The longest name of a webhook, in characters: it is part of a key in the table.
const LONGEST_NAME: usize = 64;

impl Config {
    pub(super) fn check_notifications(&self) -> Result<(), ConfigError> {
        let notifications = &self.notifications;
        let invalid = |text: String| Err(ConfigError::Invalid(text));
        if notifications.give_up_after_seconds == 0 || notifications.lock_held_too_long_seconds == 0 {
            return invalid(
                "notifications.give_up_after_seconds and notifications.lock_held_too_long_seconds must be at least 1".into(),
            );
        }
        for (name, webhook) in &notifications.webhooks {
            let path = format!("notifications.webhooks.{name}");
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
                return invalid(format!(
                    "{path}: expected a name of lower-case letters, digits and hyphens, {LONGEST_NAME} at most"
                ));
            }
            match (webhook.format, &webhook.secret_variable) {
                (WebhookFormat::Json, None) => {
                    return invalid(format!(
                        "{path}: `json` is signed, so that its receiver can tell it from anybody's: name the variable that holds the secret in `secret_variable`"
                    ));
                }
                (WebhookFormat::Slack, Some(_)) => {
                    return invalid(format!(
                        "{path}: Slack checks no signature (its address is the secret): remove `secret_variable`"
                    ));
                }
                (WebhookFormat::Json, Some(_)) | (WebhookFormat::Slack, None) => {}
            }
            for wanted in &webhook.environments {
                let known = wanted.split_once('/').is_some_and(|(application, environment)| {
                    let application = self.applications.get(application);
                    application.is_some_and(|application| application.environments.contains_key(environment))
                });
                if !known {
                    return invalid(format!(
                        "{path}.environments: {wanted:?} is not configured: expected <application>/<environment>"
                    ));
                }
            }
        }
        Ok(())
    }
}
