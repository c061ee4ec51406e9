//! `status`: of each environment what runs, who holds the lock, and the newest deployments. Reads only; what
//! it says of an environment is Lockstep's record, never a look at ECS. How it is shown is `overview`'s.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::output::Output;
use super::place;
use super::standing::standing;
use super::{Exit, overview, transition};
use crate::config::freeze::frozen;
use crate::config::{Config, EnvironmentConfig, Kind};
use crate::ports::{EnvironmentRecord, HealthyRelease, Hold, Store, Summary};
use crate::wiring;

/// How many deployments JSON lists.
const NEWEST: u32 = 10;

#[derive(Serialize)]
#[serde(tag = "type", rename = "status")]
struct Status {
    environments: Vec<Environment>,
}

#[derive(Serialize)]
pub(super) struct Environment {
    pub(super) application: ApplicationName,
    pub(super) environment: EnvironmentName,
    pub(super) kind: Kind,
    pub(super) under_way: Option<UnderWay>,
    pub(super) hold: Option<OnHold>,
    /// The freeze window that is on by the clock of whoever looks, in words.
    pub(super) frozen: Option<String>,
    pub(super) record: EnvironmentRecord,
    pub(super) deployments: Vec<Summary>,
}

/// The deployment that holds the lock.
#[derive(Serialize)]
pub(super) struct UnderWay {
    pub(super) id: DeploymentId,
    pub(super) actor: Option<String>,
    pub(super) locked_since: Option<Timestamp>,
    pub(super) fencing_token: u64,
    pub(super) state: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) deadline: Option<Timestamp>,
    #[serde(skip)]
    pub(super) standing: String,
}

/// The hold that was set last, unless it was released.
#[derive(Serialize)]
pub(super) struct OnHold {
    #[serde(flatten)]
    pub(super) hold: Hold,
    /// Whether it is over, by the clock of whoever looks: nobody has released it, its time has come.
    pub(super) ended: bool,
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
        application.has(environment)?;
        let section = application.config.environments.get(environment.as_str());
        wanted.extend(section.map(|section| (application.name, environment.clone(), section)));
    } else {
        for application in place::applications(config, application)? {
            for (name, section) in &application.config.environments {
                let name = name.parse().map_err(|e| CliError::Usage(format!("environment {name}: {e}")))?;
                wanted.push((application.name.clone(), name, section));
            }
        }
    }
    let (store, _) = wiring::table_and_queue(config).await;
    let mut environments = Vec::new();
    for (application, environment, section) in wanted {
        environments.push(look(store.as_ref(), application, environment, section).await?);
    }
    let (status, now) = (Status { environments }, Timestamp::now());
    output.show(&status, || output.folded(overview::lines(&status.environments, now)))?;
    Ok(Exit::Done)
}

async fn look(
    store: &dyn Store,
    application: ApplicationName,
    environment: EnvironmentName,
    section: &EnvironmentConfig,
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
    Ok(Environment {
        application,
        environment,
        kind: section.kind,
        under_way,
        hold,
        frozen: frozen(&section.freeze, now).map(|frozen| frozen.to_string()),
        record: view.record,
        deployments,
    })
}

/// A release in one line.
pub(super) fn in_words(release: &HealthyRelease) -> String {
    let commit = release.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
    format!(
        "{}{commit}, {}, {}, healthy since {:.0} (deployment {})",
        release.image_tag, release.digest, release.task_definition, release.at, release.deployment
    )
}
