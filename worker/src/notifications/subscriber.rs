//! One address with what it wants to be told, and how the news is written for it. Must never hold the address itself:
//! that is the adapter's.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{News, slack};
use crate::config::{Occasion, WebhookConfig, WebhookFormat};
use crate::ports::{Notice, Webhook};

/// An address that is told.
#[derive(Clone)]
pub struct Subscriber {
    /// Its name in the record of deliveries.
    pub name: String,
    /// Where it is told.
    pub webhook: Arc<dyn Webhook>,
    format: WebhookFormat,
    environments: BTreeSet<String>,
    occasions: BTreeSet<Occasion>,
}

impl Subscriber {
    /// As configured.
    #[must_use]
    pub fn new(name: String, config: &WebhookConfig, webhook: Arc<dyn Webhook>) -> Self {
        Self {
            name,
            webhook,
            format: config.format,
            environments: config.environments.iter().cloned().collect(),
            occasions: config.occasions.iter().copied().collect(),
        }
    }

    /// Whether it wants to be told this.
    #[must_use]
    pub fn wants(&self, news: &News) -> bool {
        let environment = format!("{}/{}", news.application, news.environment);
        (self.environments.is_empty() || self.environments.contains(&environment))
            && (self.occasions.is_empty() || self.occasions.contains(&news.occasion))
    }

    /// The news as it is sent.
    #[must_use]
    pub fn notice(&self, news: &News, at: jiff::Timestamp) -> Notice {
        let body = match self.format {
            WebhookFormat::Slack => slack::message(news).to_string(),
            // Strings, numbers and options of them: nothing that JSON cannot hold.
            WebhookFormat::Json => serde_json::to_string(news).unwrap_or_default(),
        };
        Notice { id: news.id.clone(), at, body }
    }
}
