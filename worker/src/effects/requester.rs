//! Who asks: whether GitHub confirms that the run which a request names exists, is what the environment wants, and was
//! approved for exactly this. The body of a request is a claim; everything here is read from GitHub.
//!
//! Reads only, but for the note of which deployment a run's attempt asked for: put if absent, so a repeat finds its own.
//! Must never be asked again once it is on record: the run may have ended by then.

use lockstep_events::{BetaTag, DeployRequested, Overrides, Target};
use lockstep_state_machines::{Approval, Refusal, RefusalCode, RequesterOutcome, Warrant, WarrantedRun};

use super::{EffectError, Scene, seen};
use crate::config::RequestsConfig;
use crate::ports::{ReviewRules, ReviewState, RunBinding, RunReview, WorkflowRun};

/// Looks into who asks. Who may ask without a run was let in by their sender alone.
pub(super) async fn check(
    requests: &RequestsConfig,
    scene: &Scene<'_>,
) -> Result<RequesterOutcome, EffectError> {
    let deployment = scene.deployment();
    let sender = deployment.sender.clone();
    let run = match deployment.request.requester.workflow_run_id {
        None => None,
        Some(id) => match confirm(id, requests, scene).await? {
            Ok(run) => Some(run),
            Err(refusal) => return Ok(RequesterOutcome::Refused(refusal)),
        },
    };
    Ok(RequesterOutcome::Confirmed(Box::new(Warrant { sender, run })))
}

/// Whoever asks may not.
const fn not_allowed(message: String) -> Refusal {
    Refusal { code: RefusalCode::NotAllowed, message }
}

/// Whoever asks might, but nobody who counts has approved it.
const fn not_approved(message: String) -> Refusal {
    Refusal { code: RefusalCode::NotApproved, message }
}

/// The run with what speaks for it, or why it does not count.
async fn confirm(
    id: u64,
    requests: &RequestsConfig,
    scene: &Scene<'_>,
) -> Result<Result<WarrantedRun, Refusal>, EffectError> {
    let (place, request) = (scene.place, &scene.deployment().request);
    let (forge, github) = (&place.application.forge, &place.application.config.github);
    let Some(workflow) = requests.workflow.clone() else {
        return Ok(Err(not_allowed(format!(
            "no workflow's run may ask for {}: set requests.workflow",
            request.environment
        ))));
    };
    let Some(run) = seen(forge.workflow_run(id).await)? else {
        return Ok(Err(not_allowed(format!(
            "there is no run {id} in {}/{}: start {workflow} there",
            github.owner, github.repository
        ))));
    };
    let branch = seen(forge.default_branch().await)?;
    if let Some(message) = wrong_run(&run, &workflow, &branch, request) {
        return Ok(Err(not_allowed(message)));
    }
    // A tag can have the branch's name.
    if !seen(forge.is_on_branch(&run.head_sha, &branch).await)? {
        return Ok(Err(not_allowed(format!(
            "run {id} is of commit {}, which is not on {branch}: start {workflow} from {branch}",
            run.head_sha.short()
        ))));
    }
    let approvals = match approvals(&run, requests, scene).await? {
        Ok(approvals) => approvals,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let ours = RunBinding { run: id, attempt: run.attempt, deployment: request.id, at: scene.now };
    let stands = seen(scene.world.store.bind_run(place.application_name, &ours).await)?;
    if stands.deployment != ours.deployment {
        return Ok(Err(not_allowed(format!(
            "attempt {} of run {id} asked for deployment {} already, at {:.0}: one run asks for one deployment; start {workflow} again",
            run.attempt, stands.deployment, stands.at
        ))));
    }
    let actor = request.requester.actor.clone();
    let again_by = run.triggering_actor.filter(|by| !by.eq_ignore_ascii_case(&actor));
    Ok(Ok(WarrantedRun { id, attempt: run.attempt, url: run.url, workflow, actor, again_by, approvals }))
}

/// What of the run does not fit what is asked for, if anything: what was found, what is expected, what to do.
fn wrong_run(run: &WorkflowRun, workflow: &str, branch: &str, request: &DeployRequested) -> Option<String> {
    let (id, environment, requester) = (run.id, &request.environment, &request.requester);
    let start = format!("start {workflow} from {branch} under Actions");
    let file = run.path.split_once('@').map_or(run.path.as_str(), |(file, _ref)| file);
    if file != format!(".github/workflows/{workflow}") {
        return Some(format!(
            "run {id} is of {file}, but {environment} is deployed to by {workflow}: {start}"
        ));
    }
    if run.event != "workflow_dispatch" {
        return Some(format!("run {id} was started by {}, not by workflow_dispatch: {start}", run.event));
    }
    if run.head_repository.as_deref() != Some(run.repository.as_str()) {
        let whose = run.head_repository.as_deref().unwrap_or("a repository that is gone");
        return Some(format!("run {id} is of {whose}, a fork, and not of {}: {start}", run.repository));
    }
    if run.head_branch.as_deref() != Some(branch) {
        let found = run.head_branch.as_deref().unwrap_or("no branch");
        return Some(format!("run {id} is of {found}, not of {branch}: {start}"));
    }
    if requester.workflow_run_attempt != Some(run.attempt) {
        let said = requester.workflow_run_attempt.map_or("none".to_owned(), |attempt| attempt.to_string());
        return Some(format!(
            "run {id} is in attempt {}, but the request names attempt {said}: {start}",
            run.attempt
        ));
    }
    if run.completed {
        return Some(format!(
            "run {id} has ended, and only a run that waits for the verdict may ask (--wait): {start}"
        ));
    }
    let started_by = run.actor.as_deref().unwrap_or("nobody that GitHub still knows");
    if !started_by.eq_ignore_ascii_case(&requester.actor) {
        return Some(format!(
            "run {id} was started by {started_by}, but the request names {}",
            requester.actor
        ));
    }
    // A run's title, which is what was approved, names no rule that is set aside; the body alone does.
    if request.overrides != Overrides::default() {
        return Some(format!(
            "run {id} asks with rules set aside, which nobody can read in its title: ask so from a terminal, with a sender of requests.people_senders"
        ));
    }
    wrong_target(run, &request.target).map(|message| format!("{message}: {start}"))
}

/// A promotion's beta must be the one that reviewers could read in the run's title; a staging deployment must be of the
/// run's own commit.
fn wrong_target(run: &WorkflowRun, target: &Target) -> Option<String> {
    let id = run.id;
    match target {
        Target::Beta { tag } => {
            let named: Vec<BetaTag> =
                run.title.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            (named != [tag.clone()]).then(|| {
                format!(
                    "run {id} is titled {:?}, which does not name {tag} and no other beta, so it was not approved for that",
                    run.title
                )
            })
        }
        Target::Commit { reference } => {
            let asked_for = reference.as_ref().map_or("the default branch", |reference| reference.as_str());
            (asked_for != run.head_sha.as_str()).then(|| {
                format!(
                    "run {id} is of commit {}, but the request names {asked_for}: a workflow asks for its own commit (--ref \"$GITHUB_SHA\")",
                    run.head_sha
                )
            })
        }
    }
}

/// The approvals that count, none where none is wanted; or why the run may not deploy.
async fn approvals(
    run: &WorkflowRun,
    requests: &RequestsConfig,
    scene: &Scene<'_>,
) -> Result<Result<Vec<Approval>, Refusal>, EffectError> {
    let (place, forge) = (scene.place, &scene.place.application.forge);
    let name = place.environment.github_environment(place.environment_name.as_str());
    let kind = place.environment.kind;
    let rules = seen(forge.review_rules(name).await)?;
    let wanted = ReviewRules {
        required: requests.wants_approval(kind) || rules.is_some_and(|rules| rules.required),
        prevents_self_review: requests.wants_another(kind)
            || rules.is_some_and(|rules| rules.prevents_self_review),
    };
    if !wanted.required {
        return Ok(Ok(Vec::new()));
    }
    // A review is of a run and does not name the attempt: an earlier one's must not let a later one through.
    if run.attempt > 1 {
        return Ok(Err(not_approved(format!(
            "run {} is in attempt {}, and which attempt was approved cannot be told: start the workflow anew instead of again",
            run.id, run.attempt
        ))));
    }
    if rules.is_none() {
        return Ok(Err(not_approved(format!(
            "a run must be approved for {name}, but GitHub has no environment of that name: create it with required reviewers, or correct requests.github_environment"
        ))));
    }
    let reviews = seen(forge.reviews(run.id).await)?;
    Ok(judge(&reviews, name, run, wanted.prevents_self_review))
}

fn judge(
    reviews: &[RunReview],
    environment: &str,
    run: &WorkflowRun,
    by_another: bool,
) -> Result<Vec<Approval>, Refusal> {
    let id = run.id;
    let ours =
        |review: &&RunReview| review.environments.iter().any(|name| name.eq_ignore_ascii_case(environment));
    let of = |state| reviews.iter().filter(ours).filter(move |review| review.state == state);
    // For good: GitHub fails a run when one of its jobs is rejected (documentation, "Reviewing deployments": "If a job is
    // rejected, the workflow will fail"), and another attempt's approvals do not count here. So no later approval can mend it.
    if let Some(review) = of(ReviewState::Rejected).next() {
        return Err(not_allowed(format!(
            "run {id} was rejected for {environment} by {} ({:?}): start the workflow again",
            reviewer(review),
            Approval::new(String::new(), &review.comment).comment
        )));
    }
    let approved: Vec<_> = of(ReviewState::Approved).collect();
    if approved.is_empty() {
        return Err(not_approved(format!(
            "run {id} was not approved for {environment}: its job must name that environment, and a reviewer approve it"
        )));
    }
    let counts = |review: &&&RunReview| !by_another || is_anothers(review, run);
    let counting = approved.iter().filter(counts);
    let counting: Vec<_> =
        counting.map(|review| Approval::new(reviewer(review).to_owned(), &review.comment)).collect();
    if counting.is_empty() {
        return Err(not_approved(format!(
            "run {id} was approved for {environment} by {} alone, who started it: somebody else must approve",
            reviewer(approved[0])
        )));
    }
    Ok(counting)
}

/// Whether it is known to be by somebody else than who started the run, first or again.
fn is_anothers(review: &RunReview, run: &WorkflowRun) -> bool {
    let is = |who: &Option<String>, by: &str| who.as_deref().is_none_or(|who| who.eq_ignore_ascii_case(by));
    review.by.as_deref().is_some_and(|by| !is(&run.actor, by) && !is(&run.triggering_actor, by))
}

fn reviewer(review: &RunReview) -> &str {
    review.by.as_deref().unwrap_or("somebody that GitHub no longer knows")
}
