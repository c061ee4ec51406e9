//! Refuses keys that do not exist, naming the nearest one that does. Works on the JSON Schema of the
//! configuration types, so it can never disagree with them.

use serde_json::Value;

use super::{Config, ConfigError};

pub(super) fn refuse(table: &toml::Table) -> Result<(), ConfigError> {
    let schema = schemars::schema_for!(Config);
    walk(table, schema.as_value(), schema.as_value(), "")
}

fn walk(table: &toml::Table, schema: &Value, root: &Value, path: &str) -> Result<(), ConfigError> {
    let schema = resolve(schema, root);
    let known = schema.get("properties").and_then(Value::as_object);
    for (key, value) in table {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let inner = match known.and_then(|known| known.get(key)) {
            Some(inner) => inner,
            None => match schema.get("additionalProperties") {
                Some(inner @ Value::Object(_)) => inner,
                _ => {
                    let names = known.into_iter().flat_map(|known| known.keys());
                    return Err(ConfigError::UnknownKey { key: here, nearest: nearest(key, names) });
                }
            },
        };
        match value {
            toml::Value::Table(section) => walk(section, inner, root, &here)?,
            toml::Value::Array(elements) => {
                let Some(inner) = resolve(inner, root).get("items") else { continue };
                for (place, element) in elements.iter().enumerate() {
                    if let toml::Value::Table(section) = element {
                        walk(section, inner, root, &format!("{here}[{place}]"))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Follows `$ref`, and the one alternative of an optional section that is not `null`.
pub(super) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(pointer.trim_start_matches('#'));
        return target.map_or(schema, |target| resolve(target, root));
    }
    for list in ["anyOf", "allOf", "oneOf"] {
        let alternatives = schema.get(list).and_then(Value::as_array);
        let section = alternatives.and_then(|all| all.iter().find(|s| s.get("$ref").is_some()));
        if let Some(section) = section {
            return resolve(section, root);
        }
    }
    schema
}

fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let scored = names.map(|name| (strsim::damerau_levenshtein(key, name), name));
    let (distance, name) = scored.min()?;
    (distance <= key.len().max(3) / 2 + 1).then(|| name.clone())
}
