//! `deploy` and `promote`: make the request, show its id, send it, and wait if asked to. What the arguments
//! and the configuration can rule out is refused here; everything else is for the worker to decide.

use std::time::Duration;

use jiff::Timestamp;
use lockstep_events::{
    ApplicationName, DeployRequested, DeploymentId, EnvironmentName, Message, Overrides, Target, encode,
};
use serde::Serialize;

use super::args::{DeployArgs, PromoteArgs, SendingArgs};
use super::error::CliError;
use super::follow::must_be_same;
use super::interrupts::Interrupts;
use super::output::Output;
use super::requester::requester;
use super::{Exit, place, transition, variable, wait};
use crate::config::{Config, Kind};
use crate::ports::Store;
use crate::{timeline, wiring};

/// The first JSON value: what is being sent.
#[derive(Serialize)]
#[serde(tag = "type", rename = "request")]
struct Sending<'a> {
    id: DeploymentId,
    request: &'a DeployRequested,
}

/// What is asked for, before it has an id.
struct Wish {
    environment: EnvironmentName,
    kind: Kind,
    target: Target,
    overrides: Overrides,
}

/// `deploy`.
pub(super) async fn deploy(
    config: &Config,
    application: Option<&ApplicationName>,
    args: DeployArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let wish = Wish {
        environment: args.environment,
        kind: Kind::Staging,
        target: Target::Commit { reference: args.reference },
        overrides: Overrides {
            skip_baseline: args.skip_baseline,
            allow_unvalidated: None,
            despite_freeze: args.sending.despite_freeze.clone(),
        },
    };
    ask(config, application, wish, &args.sending, output).await
}

/// `promote <beta>`.
pub(super) async fn promote(
    config: &Config,
    application: Option<&ApplicationName>,
    args: PromoteArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let tag = args.beta.ok_or_else(|| CliError::Usage("say which beta to promote, or --list".to_owned()))?;
    let wish = Wish {
        environment: args.environment,
        kind: Kind::Production,
        target: Target::Beta { tag },
        overrides: Overrides {
            skip_baseline: None,
            allow_unvalidated: args.allow_unvalidated,
            despite_freeze: args.sending.despite_freeze.clone(),
        },
    };
    ask(config, application, wish, &args.sending, output).await
}

async fn ask(
    config: &Config,
    application: Option<&ApplicationName>,
    wish: Wish,
    args: &SendingArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let application = place::application(config, application)?;
    application.has_of_kind(&wish.environment, wish.kind)?;
    let id = args.id.unwrap_or_else(new_id);
    let request = DeployRequested {
        id,
        application: application.name,
        environment: wish.environment,
        target: wish.target,
        requester: requester(variable),
        requested_at: made_at(id),
        overrides: wish.overrides,
    };
    // Before the request is sent: whoever loses the connection now still knows what to look for.
    output.show(&Sending { id, request: &request }, || vec![id.to_string()])?;
    let (store, queue) = wiring::table_and_queue(config).await;
    if args.id.is_some() {
        refuse_other_use(store.as_ref(), &request).await?;
    }
    // Before the request is sent: an interrupt that comes while it is counts.
    let interrupts = if args.wait { Some(Interrupts::listen()?) } else { None };
    let body = encode(&Message::DeployRequested(Box::new(request.clone())));
    queue.send(&body, Duration::ZERO).await.map_err(|fault| CliError::NotSent { id, fault })?;
    output.note(&format!(
        "asked for {} in {} of {} by {}; `lockstep watch {id}` follows it",
        timeline::target(&request.target),
        request.environment,
        request.application,
        request.requester.actor
    ));
    match interrupts {
        Some(interrupts) => {
            let outside = (store.as_ref(), queue.as_ref());
            wait::sent(config, outside, request, args.wait_timeout, interrupts, output).await
        }
        None => Ok(Exit::Done),
    }
}

/// A given id may have a record already: then it must be this request's. Two senders at the same moment are
/// told apart by the worker, and by the wait.
async fn refuse_other_use(store: &dyn Store, request: &DeployRequested) -> Result<(), CliError> {
    match store.newest(request.id).await? {
        Some(newest) => must_be_same(&transition::machine(&newest)?.deployment().request, request),
        None => Ok(()),
    }
}

pub(super) fn new_id() -> DeploymentId {
    #[expect(clippy::expect_used, reason = "the UUID is made of version 7 on this very line")]
    uuid::Uuid::now_v7().try_into().expect("a version 7 UUID is a deployment id")
}

/// When the id was made, as a version 7 UUID tells (RFC 9562, section 5.7). So the same command with the same
/// id is the same request, whenever it is repeated.
pub(super) fn made_at(id: DeploymentId) -> Timestamp {
    let time = id.as_uuid().get_timestamp().map(|time| time.to_unix());
    let time = time.and_then(|(seconds, nanoseconds)| {
        Timestamp::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?).ok()
    });
    // Only a made-up id lies beyond the end of the calendar; the time is for people.
    time.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_request_is_its_ids() {
        // RFC 9562, appendix A.6.
        let id: DeploymentId = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f".parse().unwrap();
        assert_eq!(made_at(id).to_string(), "2022-02-22T19:22:22Z");
        assert_eq!(made_at(id), made_at(id));
        let last: DeploymentId = "ffffffff-ffff-774b-bcce-b302099a8057".parse().unwrap();
        assert_eq!(made_at(last), Timestamp::MAX);
        assert_ne!(new_id(), new_id());
    }
}
