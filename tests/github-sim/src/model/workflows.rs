//! Workflows and their dispatch: which inputs they take and how a run of them is named.
//!
//! The image build is recognised by its inputs; what a dispatched run does is the builder's business.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusal::Refusal;
use super::repository::Repository;

/// An input of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Its name.
    pub name: String,
    /// Whether a dispatch without it is refused.
    pub required: bool,
}

/// A workflow that can be dispatched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowSpec {
    /// The file's name in `.github/workflows`.
    pub file: String,
    /// The workflow's name.
    pub name: String,
    /// The name of a run, with `${{ inputs.NAME }}` replaced; the workflow's name when empty.
    #[serde(default)]
    pub run_name: String,
    /// The inputs.
    #[serde(default)]
    pub inputs: Vec<InputSpec>,
    /// The environment that its job deploys to: then its runs go on until somebody ends them.
    #[serde(default)]
    pub environment: Option<String>,
}

impl WorkflowSpec {
    /// The workflow that builds and pushes an image: `build-image.yml`.
    #[must_use]
    pub fn image_build() -> Self {
        let input = |name: &str, required| InputSpec { name: name.to_owned(), required };
        Self {
            file: "build-image.yml".to_owned(),
            name: "Build image".to_owned(),
            run_name: "Build image ${{ inputs.commit }} for ${{ inputs.deployment_id }}".to_owned(),
            inputs: vec![
                input("deployment_id", true),
                input("commit", true),
                input("version", true),
                input("image_tag", true),
                input("fence", false),
            ],
            environment: None,
        }
    }

    pub(crate) fn create(self, id: u64, now: Timestamp) -> Workflow {
        Workflow { id, spec: self, created_at: now }
    }
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Workflow {
    pub(crate) id: u64,
    pub(crate) spec: WorkflowSpec,
    pub(crate) created_at: Timestamp,
}

/// A dispatch as checked: nothing can refuse it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispatch {
    pub(crate) workflow: u64,
    pub(crate) title: String,
    pub(crate) head_sha: String,
    /// Absent for a dispatch on a tag.
    pub(crate) head_branch: Option<String>,
    pub(crate) inputs: BTreeMap<String, String>,
}

impl Repository {
    /// A workflow by its id or its file's name.
    pub(crate) fn workflow(&self, id_or_file: &str) -> Result<&Workflow, Refusal> {
        self.workflows
            .iter()
            .find(|workflow| workflow.spec.file == id_or_file || workflow.id.to_string() == id_or_file)
            .ok_or_else(Refusal::not_found)
    }

    /// Checks a dispatch as GitHub does: the workflow, the reference, then the inputs.
    pub(crate) fn check_dispatch(
        &self,
        id_or_file: &str,
        reference: &str,
        inputs: &BTreeMap<String, Value>,
    ) -> Result<Dispatch, Refusal> {
        let workflow = self.workflow(id_or_file)?;
        let branch = reference.trim_start_matches("refs/").trim_start_matches("heads/");
        let tag = reference.trim_start_matches("refs/").trim_start_matches("tags/");
        let (head_sha, head_branch) = match (self.branch_head(branch), self.tag_commit(tag)) {
            (Some(sha), _) => (sha.to_owned(), Some(branch.to_owned())),
            (None, Some(sha)) => (sha.to_owned(), None),
            (None, None) => return Err(Refusal::new(422, format!("No ref found for: {reference}"))),
        };
        let known = &workflow.spec.inputs;
        let unexpected: Vec<String> = inputs
            .keys()
            .filter(|name| !known.iter().any(|input| input.name == **name))
            .map(|name| format!("\"{name}\""))
            .collect();
        if !unexpected.is_empty() {
            return Err(Refusal::new(
                422,
                format!("Unexpected inputs provided: [{}]", unexpected.join(", ")),
            ));
        }
        let inputs: BTreeMap<String, String> =
            inputs.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let missing = known
            .iter()
            .find(|input| input.required && inputs.get(&input.name).is_none_or(|value| value.is_empty()));
        if let Some(input) = missing {
            return Err(Refusal::new(422, format!("Required input '{}' not provided", input.name)));
        }
        let title = title(&workflow.spec, &inputs);
        Ok(Dispatch { workflow: workflow.id, title, head_sha, head_branch, inputs })
    }
}

/// GitHub hands inputs to a workflow as text, whatever their JSON type.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn title(workflow: &WorkflowSpec, inputs: &BTreeMap<String, String>) -> String {
    if workflow.run_name.is_empty() {
        return workflow.name.clone();
    }
    workflow.inputs.iter().fold(workflow.run_name.clone(), |title, input| {
        let value = inputs.get(&input.name).map_or("", String::as_str);
        title.replace(&format!("${{{{ inputs.{} }}}}", input.name), value)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::*;

    pub(crate) fn inputs(sha: &str) -> BTreeMap<String, Value> {
        [("deployment_id", "d-1"), ("commit", sha), ("version", "1.0.0"), ("image_tag", "build-d-1")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect()
    }

    #[test]
    fn the_run_is_named_after_the_inputs() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let dispatch = repository.check_dispatch("build-image.yml", "main", &inputs(&sha)).unwrap();
        assert_eq!(dispatch.title, format!("Build image {sha} for d-1"));
        assert_eq!((dispatch.head_sha, dispatch.head_branch), (sha.clone(), Some("main".to_owned())));
        repository.create_reference("refs/tags/t", &sha).unwrap();
        let on_tag = repository.check_dispatch("build-image.yml", "refs/tags/t", &inputs(&sha)).unwrap();
        assert_eq!(on_tag.head_branch, None);
    }

    #[test]
    fn dispatches_are_refused_in_githubs_words() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let refusal = |file: &str, reference: &str, inputs: BTreeMap<String, Value>| {
            let refusal = repository.check_dispatch(file, reference, &inputs).unwrap_err();
            (refusal.status, refusal.message)
        };
        let mut extra = inputs(&sha);
        extra.insert("colour".into(), "red".into());
        let mut missing = inputs(&sha);
        missing.remove("commit");
        assert_eq!(refusal("other.yml", "main", inputs(&sha)), (404, "Not Found".into()));
        assert_eq!(refusal("build-image.yml", "x", inputs(&sha)), (422, "No ref found for: x".into()));
        assert_eq!(
            refusal("build-image.yml", "main", extra),
            (422, "Unexpected inputs provided: [\"colour\"]".into())
        );
        assert_eq!(
            refusal("build-image.yml", "main", missing),
            (422, "Required input 'commit' not provided".into())
        );
    }
}
