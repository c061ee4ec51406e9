//! `hold`: puts an environment on hold, and lists holds. Whether it may is decided by the table; must never touch
//! a deployment.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use serde::Serialize;
use uuid::Uuid;

use super::args::HoldArgs;
use super::error::CliError;
use super::output::Output;
use super::requester::requester;
use super::table::Table;
use super::{Exit, place, variable};
use crate::config::Config;
use crate::engine::hold::{self, Held, HoldWish};
use crate::ports::{Hold, HoldRecord};
use crate::wiring;

/// How many holds are listed.
const NEWEST: u32 = 20;

#[derive(Serialize)]
#[serde(tag = "type", rename = "hold")]
struct Report {
    application: ApplicationName,
    environment: EnvironmentName,
    outcome: Outcome,
    exit_code: u8,
    /// The hold that stands now.
    hold: Option<Hold>,
    /// The one in whose place it was put.
    replaced: Option<Hold>,
    /// The deployment that goes on all the same.
    under_way: Option<DeploymentId>,
    /// The outcome in words.
    message: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Held,
    Refused,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "holds")]
struct Listing {
    application: ApplicationName,
    environment: EnvironmentName,
    holds: Vec<HoldRecord>,
}

/// `hold <environment>`.
pub(super) async fn hold(
    config: &Config,
    application: Option<&ApplicationName>,
    args: HoldArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let application = place::application(config, application)?;
    application.has(&args.environment)?;
    let (store, _) = wiring::table_and_queue(config).await;
    if args.list {
        let holds = store.holds(&application.name, &args.environment, NEWEST).await?;
        let listing = Listing { application: application.name, environment: args.environment, holds };
        output.show(&listing, || lines(&listing))?;
        return Ok(Exit::Done);
    }
    let reason = args.reason.ok_or_else(|| CliError::Usage("say why with --reason, or --list".to_owned()))?;
    let now = Timestamp::now();
    let until = args.until.map(|until| until.moment(now)).transpose().map_err(CliError::Usage)?;
    let hold = Hold { id: Uuid::now_v7(), by: requester(variable).actor, reason, since: now, until };
    let wish = HoldWish {
        application: application.name,
        environment: args.environment,
        hold,
        replace: args.replace,
    };
    let held = hold::hold(store.as_ref(), &wish).await?;
    let report = report(wish, held);
    if report.exit_code != Exit::Done.code() {
        output.annotate_error(&report.message);
    }
    output.show(&report, || vec![report.message.clone()])?;
    Ok(if matches!(report.outcome, Outcome::Held) { Exit::Done } else { Exit::Refused })
}

fn report(wish: HoldWish, held: Held) -> Report {
    let HoldWish { application, environment, hold, .. } = wish;
    match held {
        Held::Set { replaced, under_way } => {
            let instead = replaced.as_ref().map(|old| format!(", in the place of the hold by {}", old.by));
            let goes_on = under_way.map(|id| format!("; deployment {id} is under way and goes on"));
            let message = format!(
                "{environment} is on hold {}{}{}; `lockstep release {environment}` ends it",
                hold::in_words(&hold),
                instead.unwrap_or_default(),
                goes_on.unwrap_or_default(),
            );
            Report {
                application,
                environment,
                outcome: Outcome::Held,
                exit_code: Exit::Done.code(),
                hold: Some(hold),
                replaced,
                under_way,
                message,
            }
        }
        Held::Refused(refused) => Report {
            message: format!("{environment} was not put on hold: {refused}"),
            application,
            environment,
            outcome: Outcome::Refused,
            exit_code: Exit::Refused.code(),
            hold: refused.standing(),
            replaced: None,
            under_way: None,
        },
    }
}

fn lines(listing: &Listing) -> Vec<String> {
    if listing.holds.is_empty() {
        return vec![format!("{} was never on hold", listing.environment)];
    }
    let mut table = Table::new(["SINCE", "BY", "WHY", "UNTIL", "RELEASED", "BY", "WHY", "HOLD"]);
    let at = |at: Option<Timestamp>| at.map(|at| format!("{at:.0}")).unwrap_or_default();
    for HoldRecord { hold, released } in &listing.holds {
        let release = released.as_ref();
        table.row([
            format!("{:.0}", hold.since),
            hold.by.clone(),
            hold.reason.to_string(),
            at(hold.until),
            at(release.map(|release| release.at)),
            release.map(|release| release.by.clone()).unwrap_or_default(),
            release.and_then(|release| release.reason.as_ref()).map(ToString::to_string).unwrap_or_default(),
            hold.id.to_string(),
        ]);
    }
    table.lines(0)
}
