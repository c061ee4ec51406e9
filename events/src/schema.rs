//! The JSON Schemas of the messages, generated from the types. The files under `events/schemas/` are
//! copies for people and other languages; they must never be edited by hand (a test compares them).

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::json;

use crate::{
    BuildFinished, CancelRequested, DeployRequested, ENVELOPE_VERSION, EcsDeploymentStateChange, WakeUp,
};

/// Every schema with the name of its file.
#[must_use]
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("deploy-requested.schema.json", enveloped::<DeployRequested>("deploy-requested")),
        ("cancel-requested.schema.json", enveloped::<CancelRequested>("cancel-requested")),
        ("build-finished.schema.json", enveloped::<BuildFinished>("build-finished")),
        ("wake-up.schema.json", enveloped::<WakeUp>("wake-up")),
        (
            "ecs-deployment-state-change.schema.json",
            generator().into_root_schema_for::<EcsDeploymentStateChange>(),
        ),
    ]
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn enveloped<T: JsonSchema>(kind: &'static str) -> Schema {
    let mut generator = generator();
    let body = generator.subschema_for::<T>();
    let definitions = generator.take_definitions(true);
    schemars::json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "type": "object",
        "required": ["lockstep", "type", "body"],
        "properties": {
            "lockstep": { "const": ENVELOPE_VERSION },
            "type": { "const": kind },
            "body": body,
        },
        "$defs": json!(definitions),
    })
}
