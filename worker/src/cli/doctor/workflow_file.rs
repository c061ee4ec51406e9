//! What a workflow file says, as far as a check needs it (GitHub docs, "Workflow syntax for GitHub Actions"). Must
//! never run or expand anything.

use yaml_rust2::{Yaml, YamlLoader};

/// A workflow file that is YAML.
pub(super) struct Workflow(Yaml);

impl Workflow {
    /// Reads it; the error in words.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
        if documents.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self(documents.swap_remove(0)))
    }

    /// Every action, image or workflow that it uses and that is not pinned to its content.
    pub(super) fn unpinned(&self) -> Vec<String> {
        let mut used = Vec::new();
        collect_uses(&self.0, &mut used);
        used.retain(|used| !is_pinned(used));
        used
    }

    /// Whether something of this name starts it.
    pub(super) fn starts_on(&self, name: &str) -> bool {
        match self.on() {
            Yaml::String(only) => only == name,
            Yaml::Array(names) => names.iter().any(|one| one.as_str() == Some(name)),
            Yaml::Hash(events) => events.keys().any(|one| one.as_str() == Some(name)),
            _ => false,
        }
    }

    /// The inputs with which it can be dispatched, and whether each must be given.
    pub(super) fn inputs(&self) -> Vec<(String, bool)> {
        let Yaml::Hash(inputs) = &self.on()["workflow_dispatch"]["inputs"] else { return Vec::new() };
        let one = |(name, input): (&Yaml, &Yaml)| {
            let required = input["required"].as_bool().unwrap_or(false) && input["default"].is_badvalue();
            Some((name.as_str()?.to_owned(), required))
        };
        inputs.iter().filter_map(one).collect()
    }

    /// How its runs are named.
    pub(super) fn run_name(&self) -> &str {
        self.0["run-name"].as_str().unwrap_or_default()
    }

    /// Whether its token's permissions are stated, for all of it or for each job.
    pub(super) fn states_permissions(&self) -> bool {
        let stated = |part: &Yaml| !part["permissions"].is_badvalue();
        let jobs = self.0["jobs"].as_hash();
        stated(&self.0) || jobs.is_some_and(|jobs| jobs.values().all(stated))
    }

    /// YAML 1.1 reads the key `on` as true.
    fn on(&self) -> &Yaml {
        let on = &self.0["on"];
        match (on.is_badvalue(), &self.0) {
            (true, Yaml::Hash(parts)) => parts.get(&Yaml::Boolean(true)).unwrap_or(on),
            _ => on,
        }
    }
}

fn collect_uses(part: &Yaml, used: &mut Vec<String>) {
    match part {
        Yaml::Hash(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value.as_str()) {
                    (Some("uses"), Some(name)) => used.push(name.to_owned()),
                    _ => collect_uses(value, used),
                }
            }
        }
        Yaml::Array(parts) => parts.iter().for_each(|part| collect_uses(part, used)),
        _ => {}
    }
}

/// A commit's full SHA, an image's digest, or a file of the same repository, which is at the run's own commit.
fn is_pinned(used: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if used.starts_with("./") {
        return true;
    }
    match used.rsplit_once('@') {
        Some((name, digest)) if name.starts_with("docker://") => {
            digest.strip_prefix("sha256:").is_some_and(|digest| hex(digest, 64))
        }
        Some((_, commit)) => hex(commit, 40),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
name: Build
run-name: Build ${{ inputs.deployment_id }}
on:
  workflow_dispatch:
    inputs:
      deployment_id: { required: true, type: string }
      note: { required: true, default: none }
jobs:
  build:
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - { uses: docker/login-action@v4 }
      - uses: ./.github/local
      - uses: docker://alpine:3
  other:
    uses: acme/shared/.github/workflows/x.yml@main
    permissions: {}
"#;

    #[test]
    fn a_workflow_is_read_whatever_its_style() {
        let workflow = Workflow::read(FILE).unwrap();
        assert_eq!(
            workflow.unpinned(),
            ["docker/login-action@v4", "docker://alpine:3", "acme/shared/.github/workflows/x.yml@main"]
        );
        assert_eq!(workflow.inputs(), [("deployment_id".to_owned(), true), ("note".to_owned(), false)]);
        assert!(workflow.run_name().contains("inputs.deployment_id"));
        assert!(workflow.starts_on("workflow_dispatch") && !workflow.starts_on("push"));
        assert!(workflow.states_permissions());
        for on in ["on: push", "on: [push, pull_request]", "\"on\": { push: }"] {
            let workflow = Workflow::read(&format!("{on}\njobs: {{ a: {{ steps: [] }} }}")).unwrap();
            assert!(workflow.starts_on("push"), "{on}");
            assert!(!workflow.states_permissions());
            assert!(workflow.inputs().is_empty());
        }
        assert!(Workflow::read("a: [").is_err());
        assert!(Workflow::read("").is_err());
    }

    #[test]
    fn pinned_means_by_content() {
        let digest = "0".repeat(64);
        assert!(is_pinned(&format!("docker://alpine@sha256:{digest}")));
        for bad in
            ["actions/checkout", "actions/checkout@v4", "actions/checkout@3d3c42e", "docker://alpine@3"]
        {
            assert!(!is_pinned(bad), "{bad}");
        }
    }
}
