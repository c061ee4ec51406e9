//! The repository's workflows: can the worker have an image built, and is what they run what somebody reviewed.

use super::check::Check::{self, BuildWorkflow, WorkflowsPermissions, WorkflowsPinned, WorkflowsTriggers};
use super::finding::Finding;
use super::workflow_file::Workflow;
use crate::ports::Answer;
use crate::ports::setup::{ForgeInspector, WorkflowFile};

/// What the worker dispatches the build with (`effects/build`); GitHub refuses inputs that a workflow does not have.
const INPUTS: [&str; 5] = ["deployment_id", "commit", "version", "image_tag", "fence"];

/// Looks at every workflow file of the branch.
pub(super) async fn look(forge: &dyn ForgeInspector, build: &str, branch: &str) -> Vec<Finding> {
    let files = match forge.workflows(branch).await {
        Ok(files) => files,
        Err(fault) => {
            let all = [BuildWorkflow, WorkflowsPinned, WorkflowsTriggers, WorkflowsPermissions];
            return all.map(|check| Finding::blocked(check, &fault)).to_vec();
        }
    };
    let mut findings = vec![judge_build(&files, &forge.workflow_state(build).await, build, branch)];
    // Of no workflows there is nothing to say.
    if !files.is_empty() {
        findings.extend(judge(&files));
    }
    findings
}

fn judge_build(files: &[WorkflowFile], state: &Answer<Option<String>>, name: &str, branch: &str) -> Finding {
    let problem = |seen: String, remedy: &str| Finding::problem(BuildWorkflow, seen, remedy);
    let path = format!(".github/workflows/{name}");
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return problem(
            format!("{path} is not on {branch}"),
            "put it there (infra/github/workflows/build-image.yml), or correct `github.build_workflow`",
        );
    };
    let workflow = match Workflow::read(&file.text) {
        Ok(workflow) => workflow,
        Err(why) => return problem(format!("{path} is not YAML: {why}"), "correct it"),
    };
    if !workflow.starts_on("workflow_dispatch") {
        return problem(
            format!("{path} cannot be dispatched"),
            "add `on: workflow_dispatch` with its inputs",
        );
    }
    let inputs = workflow.inputs();
    let missing: Vec<_> =
        INPUTS.into_iter().filter(|name| !inputs.iter().any(|(input, _)| input == name)).collect();
    let extra: Vec<_> = inputs
        .iter()
        .filter(|(name, required)| *required && !INPUTS.contains(&name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() || !extra.is_empty() {
        return problem(
            format!("{path} lacks the inputs [{}] and demands [{}]", missing.join(", "), extra.join(", ")),
            "give it the inputs deployment_id, commit, version, image_tag and fence, and demand no other",
        );
    }
    let unnamed = ["inputs.deployment_id", "inputs.commit"]
        .into_iter()
        .find(|name| !workflow.run_name().contains(name));
    if let Some(unnamed) = unnamed {
        return problem(
            format!("the run-name of {path} does not hold {unnamed}"),
            "put ${{ inputs.deployment_id }} and ${{ inputs.commit }} into its run-name: by both the worker knows a build again",
        );
    }
    match state {
        Ok(Some(state)) if state == "active" => Finding::ok(BuildWorkflow, format!("{path} is active")),
        Ok(Some(state)) => problem(format!("{path} is {state}"), "enable it under Actions"),
        Ok(None) => Finding::warning(
            BuildWorkflow,
            format!("{path} is on {branch}, but GitHub does not list it yet"),
            "look under Actions whether GitHub found a mistake in it",
        ),
        Err(fault) => Finding::blocked(BuildWorkflow, fault),
    }
}

fn judge(files: &[WorkflowFile]) -> Vec<Finding> {
    let read: Vec<_> = files.iter().map(|file| (&file.path, Workflow::read(&file.text))).collect();
    let unreadable =
        read.iter().filter_map(|(path, workflow)| Some(format!("{path}: {}", workflow.as_ref().err()?)));
    let unreadable: Vec<String> = unreadable.collect();
    let bad = |is_bad: &dyn Fn(&Workflow) -> Vec<String>| -> Vec<String> {
        let files = read.iter().filter_map(|(path, workflow)| Some((path, workflow.as_ref().ok()?)));
        files
            .flat_map(|(path, workflow)| {
                is_bad(workflow).into_iter().map(move |what| format!("{path}{what}"))
            })
            .collect()
    };
    let count = files.len();
    let judged = |check: Check, bad: Vec<String>, good: &str, remedy: &str| match (
        bad.as_slice(),
        unreadable.as_slice(),
    ) {
        ([], []) => Finding::ok(check, format!("{count} workflows: {good}")),
        ([], unreadable) => {
            Finding::unseen(check, unreadable.join("; "), "correct these files: they are not YAML")
        }
        (bad, _) => Finding::problem(check, bad.join("; "), remedy),
    };
    vec![
        judged(
            WorkflowsPinned,
            bad(&|workflow| workflow.unpinned().into_iter().map(|used| format!(" uses {used}")).collect()),
            "everything used is pinned by commit or digest",
            "pin it by its commit's full SHA (an image by its digest), with the version as a comment",
        ),
        judged(
            WorkflowsTriggers,
            bad(&|workflow| some(workflow.starts_on("pull_request_target"), " runs on pull_request_target")),
            "none runs on pull_request_target",
            "use pull_request: pull_request_target gives strangers' code the repository's secrets",
        ),
        judged(
            WorkflowsPermissions,
            bad(&|workflow| some(!workflow.states_permissions(), " does not state permissions")),
            "each states its permissions",
            "state `permissions:` for the workflow (best: none) and for each job what it needs",
        ),
    ]
}

fn some(is: bool, what: &str) -> Vec<String> {
    if is { vec![what.to_owned()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{self, CouldNotLook, Ok as Fine, Problem, Warning};
    use super::*;
    use crate::faults::{Fault, FaultKind, Service};

    const BUILD: &str = include_str!("../../../../infra/github/workflows/build-image.yml");

    fn build(text: &str) -> Vec<WorkflowFile> {
        vec![WorkflowFile { path: ".github/workflows/build-image.yml".into(), text: text.into() }]
    }

    fn judged(text: &str, state: Option<&str>) -> Outcome {
        judge_build(&build(text), &Ok(state.map(str::to_owned)), "build-image.yml", "main").outcome
    }

    #[test]
    fn our_own_build_workflow_will_do_and_each_that_cannot_be_used_will_not() {
        assert_eq!(judged(BUILD, Some("active")), Fine);
        assert_eq!(judged(BUILD, Some("disabled_manually")), Problem);
        assert_eq!(judged(BUILD, None), Warning);
        assert_eq!(judged("a: [", Some("active")), Problem);
        assert_eq!(judged("on: push\njobs: {}", Some("active")), Problem);
        assert_eq!(judged(&BUILD.replace("run-name", "x-name"), Some("active")), Problem);
        assert_eq!(judged(&BUILD.replace("fence:", "fenced:"), Some("active")), Problem);
        let absent = judge_build(&[], &Ok(None), "build-image.yml", "main");
        assert_eq!(absent.outcome, Problem);
        let denied = Err(Fault::new(Service::GitHub, "x", FaultKind::Denied, "403"));
        assert_eq!(judge_build(&build(BUILD), &denied, "build-image.yml", "main").outcome, CouldNotLook);
    }

    #[test]
    fn what_workflows_use_run_on_and_may_do() {
        let outcomes =
            |text: &str| judge(&build(text)).iter().map(|finding| finding.outcome).collect::<Vec<_>>();
        assert_eq!(outcomes(BUILD), [Fine, Fine, Fine]);
        let loose = "on: pull_request_target\njobs: { a: { steps: [ { uses: actions/checkout@v4 } ] } }";
        assert_eq!(outcomes(loose), [Problem, Problem, Problem]);
        assert_eq!(outcomes("a: ["), [CouldNotLook; 3]);
    }
}
