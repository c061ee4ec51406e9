//! Environment variables over the file: `LOCKSTEP__WORKER__POLL_SECONDS=5` sets `worker.poll_seconds`. A
//! variable names a key of the file and nothing else, so a misspelt one is refused like a misspelt key.

use super::ConfigError;

const PREFIX: &str = "LOCKSTEP__";

pub(super) fn apply(
    table: &mut toml::Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        set(table, &keys, literal(&value)).map_err(|()| {
            ConfigError::Invalid(format!(
                "{name} sets a key inside `{}`, which is not a section",
                keys.join(".")
            ))
        })?;
    }
    Ok(())
}

/// A TOML literal where the text is one (a number, true, an array), else the text.
fn literal(text: &str) -> toml::Value {
    let document: Result<toml::Table, _> = toml::from_str(&format!("value = {text}"));
    let parsed = document.ok().and_then(|mut table| table.remove("value"));
    parsed.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn set(table: &mut toml::Table, keys: &[String], value: toml::Value) -> Result<(), ()> {
    let Some((first, rest)) = keys.split_first() else { return Err(()) };
    // Names of applications and environments have hyphens, which variables cannot.
    let hyphenated = first.replace('_', "-");
    let key = if table.contains_key(&hyphenated) { hyphenated } else { first.clone() };
    if rest.is_empty() {
        table.insert(key, value);
        return Ok(());
    }
    let section = table.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    set(section.as_table_mut().ok_or(())?, rest, value)
}
