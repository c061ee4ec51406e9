//! `plan`: what a deployment would do, step by step, with everything that would be checked and nothing changed. It is
//! the worker's own engine that tells (`rehearsal`); must never judge a request itself, nor send one.

mod arguments;
mod text;

use lockstep_events::{
    ApplicationName, BetaTag, CommitSha, DeployRequested, EnvironmentName, ImageDigest, Overrides, Target,
    Version,
};
use lockstep_state_machines::{Baseline, HealthyRelease, RefusalCode};
use serde::Serialize;

use arguments::PlanArgs;
pub(super) use arguments::PlanCommand;

use super::error::CliError;
use super::output::Output;
use super::requester::requester;
use super::{Exit, place, request, variable, verdict};
use crate::config::{Config, Kind};
use crate::rehearsal::{LeftOut, Look, Prospect, Rehearsal, Step, rehearse};
use crate::timeline;
use crate::wiring;

/// The plan, as JSON says it.
#[derive(Serialize)]
#[serde(tag = "type", rename = "plan")]
struct Plan {
    application: ApplicationName,
    environment: EnvironmentName,
    /// What would be asked for.
    target: String,
    /// In whose name.
    actor: String,
    /// Whether who asks was judged; never where the configuration does not say who may.
    requester_judged: bool,
    #[serde(flatten)]
    answer: Answer,
    exit_code: u8,
    /// What would become of it if the lock were free and neither a hold nor a freeze window stood; only if one of
    /// them is in the way. Everything below is of that.
    were_it_free: Option<Answer>,
    version: Option<Version>,
    commit: Option<CommitSha>,
    beta: Option<BetaTag>,
    /// The image, if it is known before.
    digest: Option<ImageDigest>,
    /// Whether an image would be built; none if it does not come to that.
    build_needed: Option<bool>,
    /// What would be deployed first.
    baseline: Option<Baseline>,
    /// Where a rollback would go; none: nowhere, or it does not come to that.
    rollback_to: Option<HealthyRelease>,
    /// How many tasks would run.
    desired: Option<u32>,
    warnings: Vec<String>,
    steps: Vec<Step>,
    /// What was looked at after the last step, when something could not be looked at.
    looked_at_last: Vec<Look>,
    /// What nobody can know before.
    not_known: Vec<String>,
}

/// What would become of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Answer {
    outcome: Outcome,
    /// Why, unless it would be accepted: for a rejection in the words that the history would have.
    reason: Option<String>,
    refusal: Option<RefusalCode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Accepted,
    Waits,
    Rejected,
    Fails,
    CouldNotLook,
}

impl Outcome {
    fn exit(self) -> Exit {
        match self {
            Self::Accepted => Exit::Done,
            Self::Waits => Exit::NoVerdict,
            Self::Rejected => Exit::Rejected,
            Self::Fails => Exit::Failed,
            Self::CouldNotLook => Exit::Fault,
        }
    }
}

impl From<&Prospect> for Answer {
    fn from(prospect: &Prospect) -> Self {
        let (outcome, reason, refusal) = match prospect {
            Prospect::Accepted => (Outcome::Accepted, None, None),
            Prospect::Waits(on) => (Outcome::Waits, Some(on.clone()), None),
            Prospect::Rejected(refusal) => {
                (Outcome::Rejected, Some(refusal.message.clone()), Some(refusal.code))
            }
            Prospect::Fails(why) => (Outcome::Fails, Some(why.clone()), None),
            Prospect::NotSeen(fault) => (Outcome::CouldNotLook, Some(fault.to_string()), None),
        };
        Self { outcome, reason, refusal }
    }
}

/// `plan staging` and `plan promote <beta>`.
pub(super) async fn plan(
    config: &Config,
    application: Option<&ApplicationName>,
    command: PlanCommand,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (environment, kind, target, overrides, args) = match command {
        PlanCommand::Deploy { environment, reference, skip_baseline, args } => {
            let overrides = Overrides { skip_baseline, ..set_aside(&args) };
            (environment, Kind::Staging, Target::Commit { reference }, overrides, args)
        }
        PlanCommand::Promote { beta: tag, environment, allow_unvalidated, args } => {
            let overrides = Overrides { allow_unvalidated, ..set_aside(&args) };
            (environment, Kind::Production, Target::Beta { tag }, overrides, args)
        }
    };
    let application = place::application(config, application)?;
    application.has_of_kind(&environment, kind)?;
    let section = application.config.environments.get(environment.as_str());
    let judged = !args.whoever_asks && section.is_some_and(|section| section.requests.is_some());
    let id = request::new_id();
    let request = DeployRequested {
        id,
        application: application.name,
        environment,
        target,
        requester: requester(variable),
        requested_at: request::made_at(id),
        overrides,
    };
    output.progress("reading what the worker would read");
    let plan = make(config, request, judged, args.whoever_asks).await;
    output.end_progress();
    let plan = plan?;
    if plan.answer.outcome != Outcome::Accepted {
        let reason = plan.answer.reason.as_deref().unwrap_or_default();
        output.annotate_error(&format!("{}: {reason}", text::would(plan.answer.outcome)));
    }
    let exit = plan.answer.outcome.exit();
    output.show(&plan, || text::lines(&plan))?;
    Ok(exit)
}

fn set_aside(args: &PlanArgs) -> Overrides {
    Overrides { despite_freeze: args.despite_freeze.clone(), ..Overrides::default() }
}

/// Rehearses the request; once more if only what stands at this moment is in the way, as if it did not.
async fn make(
    config: &Config,
    request: DeployRequested,
    judged: bool,
    whoever_asks: bool,
) -> Result<Plan, CliError> {
    let world = wiring::world(config).await?;
    let left_out = LeftOut { requester: whoever_asks, standing: false };
    let first = rehearse(&world, &request, left_out).await.map_err(CliError::NotPlanned)?;
    let answer = Answer::from(&first.prospect);
    let passes =
        matches!(answer.refusal, Some(RefusalCode::LockHeld | RefusalCode::OnHold | RefusalCode::Frozen));
    if !passes {
        return Ok(told(request, judged, answer, None, first));
    }
    let left_out = LeftOut { standing: true, ..left_out };
    let free = rehearse(&world, &request, left_out).await.map_err(CliError::NotPlanned)?;
    let were_it_free = Some(Answer::from(&free.prospect));
    Ok(told(request, judged, answer, were_it_free, free))
}

fn told(
    request: DeployRequested,
    requester_judged: bool,
    answer: Answer,
    were_it_free: Option<Answer>,
    rehearsal: Rehearsal,
) -> Plan {
    let digest = rehearsal.digest().cloned();
    let Rehearsal { steps, looked_at_last, deployment, not_known, .. } = rehearsal;
    let source = deployment.as_ref().and_then(|deployment| deployment.source.clone());
    let inspection = deployment.as_ref().and_then(|deployment| deployment.inspection.clone());
    Plan {
        target: timeline::target(&request.target),
        application: request.application,
        environment: request.environment,
        actor: request.requester.actor,
        requester_judged,
        exit_code: answer.outcome.exit().code(),
        answer,
        were_it_free,
        build_needed: source.as_ref().map(|source| source.digest.is_none()),
        version: source.as_ref().map(|source| source.version.clone()),
        commit: source.as_ref().map(|source| source.commit.clone()),
        beta: source.as_ref().map(|source| source.beta.clone()),
        baseline: source.and_then(|source| source.baseline),
        digest,
        desired: inspection.as_ref().map(|inspection| inspection.desired),
        rollback_to: inspection.and_then(|inspection| inspection.previous),
        warnings: deployment.as_ref().map(verdict::warnings).unwrap_or_default(),
        steps,
        looked_at_last,
        not_known,
    }
}
