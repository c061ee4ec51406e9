//! `status`: of each environment what runs, who holds the lock, and the newest deployments. Reads only; what
//! it says of an environment is Lockstep's record, never a look at ECS.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::output::Output;
use super::place::{self, word};
use super::standing::standing;
use super::table::Table;
use super::{Exit, transition};
use crate::config::{Config, Kind};
use crate::engine::hold;
use crate::ports::{EnvironmentRecord, HealthyRelease, Hold, Store, Summary};
use crate::wiring;

/// How many deployments are listed.
const NEWEST: u32 = 10;

#[derive(Serialize)]
#[serde(tag = "type", rename = "status")]
struct Status {
    environments: Vec<Environment>,
}

#[derive(Serialize)]
struct Environment {
    application: ApplicationName,
    environment: EnvironmentName,
    kind: Kind,
    under_way: Option<UnderWay>,
    hold: Option<OnHold>,
    record: EnvironmentRecord,
    deployments: Vec<Summary>,
}

/// The deployment that holds the lock.
#[derive(Serialize)]
struct UnderWay {
    id: DeploymentId,
    actor: Option<String>,
    locked_since: Option<Timestamp>,
    fencing_token: u64,
    state: Option<String>,
    since: Option<Timestamp>,
    deadline: Option<Timestamp>,
    #[serde(skip)]
    standing: String,
}

/// The hold that was set last, unless it was released.
#[derive(Serialize)]
struct OnHold {
    #[serde(flatten)]
    hold: Hold,
    /// Whether it is over, by the clock of whoever looks: nobody has released it, its time has come.
    ended: bool,
}

/// `status [environment]`.
pub(super) async fn status(
    config: &Config,
    application: Option<&ApplicationName>,
    environment: Option<&EnvironmentName>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let mut wanted = Vec::new();
    if let Some(environment) = environment {
        let application = place::application(config, application)?;
        let kind = application.has(environment)?;
        wanted.push((application.name, environment.clone(), kind));
    } else {
        for application in place::applications(config, application)? {
            for (name, section) in &application.config.environments {
                let name = name.parse().map_err(|e| CliError::Usage(format!("environment {name}: {e}")))?;
                wanted.push((application.name.clone(), name, section.kind));
            }
        }
    }
    let (store, _) = wiring::table_and_queue(config).await;
    let mut environments = Vec::new();
    for (application, environment, kind) in wanted {
        environments.push(look(store.as_ref(), application, environment, kind).await?);
    }
    let status = Status { environments };
    output.show(&status, || status.environments.iter().flat_map(lines).collect())?;
    Ok(Exit::Done)
}

async fn look(
    store: &dyn Store,
    application: ApplicationName,
    environment: EnvironmentName,
    kind: Kind,
) -> Result<Environment, CliError> {
    let view = store.environment(&application, &environment).await?;
    let deployments = store.deployments(&application, &environment, NEWEST).await?;
    let now = Timestamp::now();
    let hold = view.lock.hold.map(|hold| OnHold { ended: hold.is_over(now), hold });
    let under_way = match view.lock.holder {
        None => None,
        Some(id) => {
            let newest = store.newest(id).await?;
            // A snapshot of another version hides the details, not that the lock is held.
            let machine = newest.as_ref().and_then(|newest| transition::machine(newest).ok());
            let state = newest.map(|newest| newest.to);
            Some(UnderWay {
                id,
                actor: view.lock.actor,
                locked_since: view.lock.since,
                fencing_token: view.lock.token,
                since: machine.as_ref().map(Machine::since),
                deadline: machine.as_ref().and_then(Machine::deadline),
                standing: machine.as_ref().map_or_else(|| state.clone().unwrap_or_default(), standing),
                state,
            })
        }
    };
    Ok(Environment { application, environment, kind, under_way, hold, record: view.record, deployments })
}

fn lines(environment: &Environment) -> Vec<String> {
    let record = &environment.record;
    let mut lines = vec![format!(
        "{} of {} ({})",
        environment.environment,
        environment.application,
        word(environment.kind)
    )];
    lines.push(match &record.current {
        Some(release) => format!("  runs: {}", in_words(release)),
        None => "  runs: not known to Lockstep".to_owned(),
    });
    lines.extend(record.dirty.iter().map(|why| format!("  unverified: {why}")));
    if record.last_healthy != record.current {
        lines.extend(record.last_healthy.iter().map(|last| format!("  last healthy: {}", in_words(last))));
    }
    lines.push(match &environment.under_way {
        Some(holder) => {
            let since = holder.locked_since.map(|at| format!(" since {at:.0}")).unwrap_or_default();
            let actor = holder.actor.as_deref().unwrap_or("somebody");
            format!("  under way: {} by {actor}{since}: {}", holder.id, holder.standing)
        }
        None => "  under way: nothing".to_owned(),
    });
    let in_force = environment.hold.iter().filter(|hold| !hold.ended);
    lines.extend(in_force.map(|hold| format!("  on hold: {}", hold::in_words(&hold.hold))));
    let mut table = Table::new(["TAKEN UP", "DEPLOYMENT", "OUTCOME", "WHAT", "BY", "WHY"]);
    for summary in &environment.deployments {
        table.row([
            format!("{:.0}", summary.at),
            summary.id.to_string(),
            summary.outcome.clone().unwrap_or_else(|| "under way".to_owned()),
            summary.target.clone(),
            summary.actor.clone(),
            summary.reason.clone().unwrap_or_default(),
        ]);
    }
    lines.extend(table.lines(2));
    lines
}

/// A release in one line.
pub(super) fn in_words(release: &HealthyRelease) -> String {
    let commit = release.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
    format!(
        "{}{commit}, {}, {}, healthy since {:.0} (deployment {})",
        release.image_tag, release.digest, release.task_definition, release.at, release.deployment
    )
}
