//! `TaskDefinition`: what was registered, completed the way ECS completes it.
//!
//! ECS adds members that nobody sent (empty lists, defaults of a container): a client that compares or re-registers
//! what it read must cope with them.

use serde_json::{Map, Value, json};

use super::seconds;
use crate::model::{TaskDefinition, World};

/// A `TaskDefinition`.
pub(crate) fn task_definition(world: &World, definition: &TaskDefinition) -> Value {
    let mut shape = definition.content.clone();
    if let Some(containers) = shape.get_mut("containerDefinitions").and_then(Value::as_array_mut) {
        containers.iter_mut().filter_map(Value::as_object_mut).for_each(complete_container);
    }
    add(&mut shape, "volumes", json!([]));
    add(&mut shape, "placementConstraints", json!([]));
    let compatibilities = shape.get("requiresCompatibilities").cloned().unwrap_or_else(|| json!(["EC2"]));
    add(&mut shape, "compatibilities", compatibilities);
    add(&mut shape, "requiresAttributes", json!([]));
    shape.insert("taskDefinitionArn".to_owned(), json!(definition.arn));
    shape.insert("revision".to_owned(), json!(definition.revision));
    shape.insert("status".to_owned(), json!(if definition.is_active() { "ACTIVE" } else { "INACTIVE" }));
    shape.insert("registeredAt".to_owned(), json!(seconds(definition.registered_at)));
    shape.insert("registeredBy".to_owned(), json!(format!("arn:aws:iam::{}:root", world.arns.account_id)));
    if let Some(at) = definition.deregistered_at {
        shape.insert("deregisteredAt".to_owned(), json!(seconds(at)));
    }
    Value::Object(shape)
}

fn complete_container(container: &mut Map<String, Value>) {
    add(container, "cpu", json!(0));
    add(container, "essential", json!(true));
    for list in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
        add(container, list, json!([]));
    }
    for mapping in container.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(mapping) = mapping.as_object_mut() {
            add(mapping, "protocol", json!("tcp"));
        }
    }
}

fn add(members: &mut Map<String, Value>, key: &str, value: Value) {
    members.entry(key).or_insert(value);
}
