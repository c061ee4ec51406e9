//! The configuration written down: docs/configuration.md, made of the types' JSON Schema, so keys, types, defaults and meanings
//! are those that `lockstep` reads. Must never hold a key, a default or a meaning of its own.

use std::fmt::Write as _;

use serde_json::Value;

use super::Config;
use super::unknown::resolve;

/// Begins docs/configuration.md.
const INTRODUCTION: &str = "\
<!-- Generated from the types in worker/src/config. To renew it after a change there:
UPDATE_GENERATED=1 cargo test -p lockstep --test config reference -->

# The configuration

One file, `lockstep.toml`: `--config` or `LOCKSTEP_CONFIG` names another. Workers, senders and operators read the same one. An unknown
key is refused, with the nearest known one named; so is a value that cannot be. `lockstep doctor` holds what is configured against what
exists.

An environment variable goes over the file: `LOCKSTEP__`, then the key's path in capitals with two underscores between its parts, such as
`LOCKSTEP__WORKER__POLL_SECONDS=5` for `worker.poll_seconds`; a hyphen in a name is an underscore there. What it holds is read as TOML if it
is TOML (a number, `true`, a list), else as text.

No secret stands in the file. It names the variables that hold them: the GitHub token or App key, the registry's password, a webhook's
address and secret. AWS credentials come from the SDK's usual chain.

`<name>` stands for a name of yours. A key without a default must be there, unless it says *optional*.
";

/// docs/configuration.md.
#[must_use]
pub fn reference() -> String {
    let schema = schemars::schema_for!(Config);
    let mut page = Page { text: INTRODUCTION.to_owned(), root: schema.as_value() };
    page.section("", page.root, None);
    page.text
}

struct Page<'a> {
    text: String,
    root: &'a Value,
}

/// A key that holds a section of its own.
struct Inner<'a> {
    path: String,
    schema: &'a Value,
    meaning: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// One section: its keys as a table, then the sections in it.
    fn section(&mut self, path: &str, schema: &'a Value, meaning: Option<&str>) {
        let schema = resolve(schema, self.root);
        let title = if path.is_empty() { "The file itself".to_owned() } else { format!("`{path}`") };
        self.add(&format!("\n## {title}\n"));
        if let Some(meaning) = meaning.or_else(|| description(schema)).filter(|_| !path.is_empty()) {
            self.add(&format!("{}\n", sentence(meaning)));
        }
        let (keys, inner) = self.keys(path, schema);
        if !keys.is_empty() {
            self.add("| Key | Type | Default | Meaning |\n|---|---|---|---|");
            for key in keys {
                self.add(&key);
            }
        }
        for Inner { path, schema, meaning } in inner {
            self.section(&path, schema, meaning);
        }
    }

    /// The lines of a section's own keys, and the sections in it.
    fn keys(&self, path: &str, schema: &'a Value) -> (Vec<String>, Vec<Inner<'a>>) {
        let (mut lines, mut inner) = (Vec::new(), Vec::new());
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let resolved = resolve(property, self.root);
            let meaning = description(property);
            if is_section(resolved) {
                inner.push(Inner { path: here, schema: resolved, meaning });
            } else if let Some(named) = resolved.get("additionalProperties").filter(|inner| inner.is_object())
            {
                inner.push(Inner { path: format!("{here}.<name>"), schema: named, meaning: None });
            } else if let Some(element) =
                resolved.get("items").filter(|items| is_section(resolve(items, self.root)))
            {
                inner.push(Inner { path: format!("{here}[]"), schema: element, meaning });
            } else {
                let default = match property.get("default") {
                    Some(Value::Null) | None if required.contains(&key.as_str()) => String::new(),
                    Some(Value::Null) | None => "optional".to_owned(),
                    Some(value) => format!("`{value}`"),
                };
                let meaning = meaning.or_else(|| description(resolved)).map(sentence).unwrap_or_default();
                let (kind, values) = self.kind(property);
                lines.push(format!("| `{key}` | {kind} | {default} | {} |", cell(&(meaning + &values))));
            }
        }
        (lines, inner)
    }

    /// A value's type in words, and, where it is one of a few, what each means.
    fn kind(&self, property: &Value) -> (String, String) {
        let schema = resolve(property, self.root);
        if let Some(choices) = schema.get("oneOf").or_else(|| schema.get("enum")).and_then(Value::as_array) {
            let name = |choice: &Value| choice.get("const").unwrap_or(choice).as_str().map(str::to_owned);
            let names = choices.iter().flat_map(|choice| match &choice["enum"] {
                Value::Array(several) => several.iter().filter_map(name).collect(),
                _ => name(choice).into_iter().collect::<Vec<_>>(),
            });
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            let meanings: String = choices
                .iter()
                .filter_map(|choice| {
                    Some(format!(" `{}`: {}", name(choice)?, sentence(description(choice)?)))
                })
                .collect();
            return (format!("one of {}", names.join(", ")), meanings);
        }
        let one = match &schema["type"] {
            Value::Array(types) => types.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match one {
            Some("array") => {
                let (element, values) = self.kind(&schema["items"]);
                (format!("list of {element}"), values)
            }
            Some("integer") => ("integer".to_owned(), String::new()),
            Some("boolean") => ("`true` or `false`".to_owned(), String::new()),
            _ => ("text".to_owned(), String::new()),
        }
    }

    fn add(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn is_section(schema: &Value) -> bool {
    schema.get("properties").is_some_and(Value::is_object)
}

fn description(schema: &Value) -> Option<&str> {
    schema.get("description").and_then(Value::as_str)
}

fn sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.ends_with(['.', ':', '?']) { text } else { text + "." }
}

/// Text in a cell of a table; outside of code, placeholders in angle brackets would be taken for HTML.
fn cell(text: &str) -> String {
    let parts = text.replace('|', "\\|");
    let parts = parts.split('`').enumerate();
    let escaped =
        parts.map(|(place, part)| if place % 2 == 0 { part.replace('<', "\\<") } else { part.to_owned() });
    escaped.collect::<Vec<_>>().join("`")
}
