//! What arrives on the queue: our own messages and EventBridge's. Everything is either understood, and then
//! says the same when it is written again, or is an error with a name.

use fuzz_targets::{Text, check_error};
use lockstep_events::{Message, decode, encode};

use crate::target;

#[test]
fn messages() {
    target!("messages", "messages", |text: &Text| check(&text.lossy()));
}

#[test]
fn eventbridge() {
    target!("eventbridge", "eventbridge", |text: &Text| {
        let text = text.lossy();
        check(&text);
        let Ok(Message::EcsDeploymentStateChange(change)) = decode(&text) else { return };
        // The first resource is the service and nothing else is taken for it.
        assert_eq!(change.service_arn(), change.resources.first().map(String::as_str));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["detail-type"], "ECS Deployment State Change", "another kind was taken for ours");
    });
}

fn check(text: &str) {
    match decode(text) {
        Ok(message) => {
            let written = encode(&message);
            let again = decode(&written).unwrap_or_else(|e| panic!("{e}: {written}"));
            assert_eq!(again, message, "written again it says something else");
            assert_eq!(encode(&again), written, "one message has two spellings");
        }
        Err(error) => check_error(&error.to_string()),
    }
}
