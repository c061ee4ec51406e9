//! `release`: ends the hold of an environment. Which hold is always shown; must never end one that was set after
//! it was looked at.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, EnvironmentName};
use serde::Serialize;

use super::args::ReleaseArgs;
use super::error::CliError;
use super::output::Output;
use super::requester::requester;
use super::{Exit, place, variable};
use crate::config::Config;
use crate::engine::hold::{self, ReleaseWish, Released};
use crate::ports::{Hold, HoldRelease};
use crate::wiring;

#[derive(Serialize)]
#[serde(tag = "type", rename = "release")]
struct Report {
    application: ApplicationName,
    environment: EnvironmentName,
    outcome: Outcome,
    exit_code: u8,
    /// The hold that was ended, or that stands and was not.
    hold: Option<Hold>,
    /// The outcome in words.
    message: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Released,
    NotOnHold,
    Refused,
}

/// `release <environment>`.
pub(super) async fn release(
    config: &Config,
    application: Option<&ApplicationName>,
    args: ReleaseArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let application = place::application(config, application)?;
    application.has(&args.environment)?;
    let (store, _) = wiring::table_and_queue(config).await;
    let release = HoldRelease { by: requester(variable).actor, at: Timestamp::now(), reason: args.reason };
    let wish =
        ReleaseWish { application: application.name, environment: args.environment, shown: args.id, release };
    let released = hold::release(store.as_ref(), &wish).await?;
    let (outcome, exit, hold, message) = in_words(&wish.environment, released);
    let ReleaseWish { application, environment, .. } = wish;
    let report = Report { application, environment, outcome, exit_code: exit.code(), hold, message };
    if exit != Exit::Done {
        output.annotate_error(&report.message);
    }
    output.show(&report, || vec![report.message.clone()])?;
    Ok(exit)
}

fn in_words(environment: &EnvironmentName, released: Released) -> (Outcome, Exit, Option<Hold>, String) {
    match released {
        Released::NotOnHold => {
            let message = format!("{environment} is not on hold: nothing was done");
            (Outcome::NotOnHold, Exit::Done, None, message)
        }
        Released::Done(hold) => {
            let message = format!("{environment} is released: it was on hold {}", hold::in_words(&hold));
            (Outcome::Released, Exit::Done, Some(hold), message)
        }
        Released::Refused(refused) => {
            let message = format!("{environment} was not released: {refused}");
            (Outcome::Refused, Exit::Refused, refused.standing(), message)
        }
    }
}
