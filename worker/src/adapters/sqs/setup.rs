//! How the queues are set up, by GetQueueAttributes. Must only read.

use std::collections::HashMap;
use std::str::FromStr;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;

use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;
use crate::ports::setup::{QueueInspector, QueueSetup, Redrive};

const ATTRIBUTES: &str = "GetQueueAttributes";

/// Looks at queues, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct SqsInspector {
    client: Client,
}

impl SqsInspector {
    /// SQS by this client; nothing is called yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl QueueInspector for SqsInspector {
    async fn queue(&self, url: &str) -> Answer<Option<QueueSetup>> {
        let asked = self.client.get_queue_attributes().queue_url(url);
        match asked.attribute_names(QueueAttributeName::All).send().await {
            Ok(answer) => setup(&Attributes(answer.attributes.unwrap_or_default())).map(Some),
            Err(error) => {
                let fault = classify(Service::Sqs, ATTRIBUTES, &error);
                if fault.kind == FaultKind::NotFound { Ok(None) } else { Err(fault) }
            }
        }
    }
}

struct Attributes(HashMap<QueueAttributeName, String>);

impl Attributes {
    fn text(&self, name: &QueueAttributeName) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn parsed<T: FromStr>(&self, name: &QueueAttributeName) -> Answer<T> {
        let found = self.text(name);
        found.and_then(|text| text.parse().ok()).ok_or_else(|| {
            unintelligible(&format!("the attribute {} is {found:?}: expected a value", name.as_str()))
        })
    }

    fn is_true(&self, name: &QueueAttributeName) -> bool {
        self.text(name) == Some("true")
    }
}

fn setup(attributes: &Attributes) -> Answer<QueueSetup> {
    let redrive = attributes.text(&QueueAttributeName::RedrivePolicy).map(redrive).transpose()?;
    Ok(QueueSetup {
        arn: attributes.parsed(&QueueAttributeName::QueueArn)?,
        visibility_seconds: attributes.parsed(&QueueAttributeName::VisibilityTimeout)?,
        retention_seconds: attributes.parsed(&QueueAttributeName::MessageRetentionPeriod)?,
        fifo: attributes.is_true(&QueueAttributeName::FifoQueue),
        encrypted: attributes.is_true(&QueueAttributeName::SqsManagedSseEnabled)
            || attributes.text(&QueueAttributeName::KmsMasterKeyId).is_some(),
        redrive,
        policy: attributes.text(&QueueAttributeName::Policy).map(str::to_owned),
    })
}

/// SQS gives the count as it was set: a number or a text (API reference: SetQueueAttributes).
fn redrive(text: &str) -> Answer<Redrive> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u32),
        Text(String),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Policy {
        dead_letter_target_arn: String,
        max_receive_count: Count,
    }
    let policy: Policy = serde_json::from_str(text)
        .map_err(|error| unintelligible(&format!("the redrive policy cannot be read: {error}")))?;
    let max_receive_count = match policy.max_receive_count {
        Count::Number(count) => count,
        Count::Text(count) => count
            .parse()
            .map_err(|_| unintelligible(&format!("maxReceiveCount is {count:?}: expected a number")))?,
    };
    Ok(Redrive { target_arn: policy.dead_letter_target_arn, max_receive_count })
}

fn unintelligible(message: &str) -> Fault {
    Fault::new(Service::Sqs, ATTRIBUTES, FaultKind::Unintelligible, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_count_is_read_as_number_and_as_text() {
        for count in ["10", "\"10\""] {
            let text = format!("{{\"deadLetterTargetArn\":\"arn:d\",\"maxReceiveCount\":{count}}}");
            assert_eq!(
                redrive(&text).unwrap(),
                Redrive { target_arn: "arn:d".into(), max_receive_count: 10 }
            );
        }
        assert_eq!(redrive("{}").unwrap_err().kind, FaultKind::Unintelligible);
    }
}
