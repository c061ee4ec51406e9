//! Task definitions: registered once, never changed, only deregistered.
//!
//! Everything that was sent is kept as JSON and given back, known to this simulator or not.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::arns::last_segment;
use super::{ApiError, ContainerSpec, Millis, World};

/// One revision of a family.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// 1, 2, 3, … within the family; never reused.
    pub revision: u32,
    /// What RegisterTaskDefinition was sent, without the tags.
    pub content: Map<String, Value>,
    /// The tags, as sent (`[{key, value}]`).
    pub tags: Vec<Value>,
    /// When it was registered.
    pub registered_at: Millis,
    /// When it was deregistered: it is INACTIVE from then on.
    pub deregistered_at: Option<Millis>,
}

/// How callers name a task definition: family, family:revision or the full ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefinitionRef {
    /// The family.
    pub family: String,
    /// Absent: the latest ACTIVE revision.
    pub revision: Option<u32>,
}

impl TaskDefinitionRef {
    /// Reads any of the three spellings.
    ///
    /// # Errors
    /// `InvalidParameterException` when what follows the colon is not a revision number.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let name = last_segment(text);
        match name.split_once(':') {
            None => Ok(Self { family: name.to_owned(), revision: None }),
            Some((family, revision)) => {
                let number = revision
                    .parse()
                    .map_err(|_| ApiError::invalid(format!("Invalid revision number. Number: {revision}")))?;
                Ok(Self { family: family.to_owned(), revision: Some(number) })
            }
        }
    }
}

impl TaskDefinition {
    /// Whether new deployments may use it.
    pub fn is_active(&self) -> bool {
        self.deregistered_at.is_none()
    }

    /// `family:revision`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    pub(crate) fn containers(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.content
            .get("containerDefinitions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
    }
}

/// A container is essential unless its definition says otherwise. [ContainerDefinition, API reference]
pub(crate) fn is_essential(container: &Map<String, Value>) -> bool {
    container.get("essential").and_then(Value::as_bool).unwrap_or(true)
}

pub(crate) fn text(container: &Map<String, Value>, key: &str) -> String {
    container.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What to run of a container definition, from the given image reference.
pub(crate) fn spec_of(container: &Map<String, Value>, image: String) -> ContainerSpec {
    let words = |key: &str| -> Option<Vec<String>> {
        let list = container.get(key)?.as_array()?;
        (!list.is_empty()).then(|| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let environment = container.get("environment").and_then(Value::as_array).into_iter().flatten();
    ContainerSpec {
        name: text(container, "name"),
        image,
        environment: environment
            .filter_map(|pair| {
                Some((pair.get("name")?.as_str()?.to_owned(), pair.get("value")?.as_str()?.to_owned()))
            })
            .collect(),
        entry_point: words("entryPoint"),
        command: words("command"),
        stop_timeout_seconds: container.get("stopTimeout").and_then(Value::as_u64),
    }
}

impl World {
    /// RegisterTaskDefinition: stores what was sent as the family's next revision.
    ///
    /// # Errors
    /// `ClientException` without a family or without containers that have a name and an image.
    pub fn register_task_definition(
        &mut self,
        now: Millis,
        mut content: Map<String, Value>,
    ) -> Result<TaskDefinition, ApiError> {
        let family = text(&content, "family");
        let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if family.is_empty() || family.len() > 255 || !family.chars().all(well_formed) {
            return Err(ApiError::client(format!(
                "Family name {family:?} must have 1 to 255 letters, numbers, hyphens or underscores."
            )));
        }
        let tags = match content.remove("tags") {
            Some(Value::Array(tags)) => tags,
            _ => Vec::new(),
        };
        let revision = self.last_revisions.get(&family).copied().unwrap_or(0) + 1;
        let definition = TaskDefinition {
            arn: self.arns.task_definition(&family, revision),
            family: family.clone(),
            revision,
            content,
            tags,
            registered_at: now,
            deregistered_at: None,
        };
        if definition.containers().next().is_none() {
            return Err(ApiError::client("Container list cannot be empty."));
        }
        if definition.containers().any(|c| text(c, "name").is_empty() || text(c, "image").is_empty()) {
            return Err(ApiError::client("Container.name and Container.image should not be null or empty."));
        }
        if !definition.containers().any(is_essential) {
            return Err(ApiError::client("At least one container in a task definition must be essential."));
        }
        self.last_revisions.insert(family, revision);
        self.task_definitions.insert(definition.arn.clone(), definition.clone());
        Ok(definition)
    }

    /// DeregisterTaskDefinition: INACTIVE from now on; services that use it keep running.
    ///
    /// # Errors
    /// `ClientException` when it does not exist; `InvalidParameterException` without a revision number.
    pub fn deregister_task_definition(
        &mut self,
        now: Millis,
        reference: &str,
    ) -> Result<TaskDefinition, ApiError> {
        let parsed = TaskDefinitionRef::parse(reference)?;
        let Some(revision) = parsed.revision else {
            return Err(ApiError::invalid(
                "Invalid revision number. Number: a revision is needed to deregister.",
            ));
        };
        let arn = self.arns.task_definition(&parsed.family, revision);
        let definition = self
            .task_definitions
            .get_mut(&arn)
            .ok_or_else(|| ApiError::client("The specified task definition does not exist. Specify a valid account, family, revision and try again."))?;
        definition.deregistered_at.get_or_insert(now);
        Ok(definition.clone())
    }

    /// The task definition a caller named; without a revision the family's latest ACTIVE one.
    ///
    /// # Errors
    /// `ClientException` when there is none.
    pub fn task_definition(&self, reference: &str) -> Result<&TaskDefinition, ApiError> {
        let parsed = TaskDefinitionRef::parse(reference)?;
        let found = match parsed.revision {
            Some(revision) => self.task_definitions.get(&self.arns.task_definition(&parsed.family, revision)),
            None => self
                .task_definitions
                .values()
                .filter(|definition| definition.family == parsed.family && definition.is_active())
                .max_by_key(|definition| definition.revision),
        };
        found.ok_or_else(|| ApiError::client("Unable to describe task definition."))
    }
}
