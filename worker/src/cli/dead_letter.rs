//! What a dead letter is: what it says, who sent it first and when, and whether a worker would take it from whoever sends it
//! again. Must never take a sender from a message's attributes that neither a worker nor the queue vouches for.

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId, Message};
use lockstep_state_machines::Machine;

use super::error::CliError;
use crate::config::{Config, RequestsConfig};
use crate::engine::door;
use crate::engine::sending::Sending;
use crate::ports::{DeadLetter, Store};

/// A dead letter, looked into.
pub(super) struct Examined {
    pub(super) letter: DeadLetter,
    /// What it says; or why it cannot be understood.
    pub(super) content: Result<Message, String>,
    /// Whose it is.
    pub(super) sending: Sending,
    /// Why no worker would take it; `None` as far as one would.
    pub(super) problem: Option<String>,
    /// Whether a worker put it there, and not the queue itself.
    pub(super) parked: bool,
}

/// Where a message is about, as far as that says who may send it.
enum About<'a> {
    /// An environment, which may say who may ask.
    Environment(Option<&'a RequestsConfig>),
    /// Nothing that the configuration or the table knows.
    Unknown,
}

impl Examined {
    /// Looks into a dead letter. For a wish to cancel the table says which environment it is about.
    pub(super) async fn of(
        letter: DeadLetter,
        config: &Config,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Self, CliError> {
        let content = lockstep_events::decode(&letter.delivery.body).map_err(|error| error.to_string());
        let about = match &content {
            Ok(Message::DeployRequested(request)) => of_request(config, request),
            Ok(Message::CancelRequested(cancel)) => of_deployment(config, store, cancel.id).await?,
            Ok(_) | Err(_) => About::Unknown,
        };
        let workers = &config.queue.worker_senders;
        let (sending, parked) = whose(&letter, workers, &about);
        let problem = match &content {
            Err(problem) => Some(format!("not understood: {problem}")),
            Ok(message) => refusal(message, &about, &sending, workers, now),
        };
        Ok(Self { letter, content, sending, problem, parked })
    }

    /// What kind of message it is, and about which deployment, as far as it can be understood.
    pub(super) fn about(&self) -> (Option<&'static str>, Option<DeploymentId>) {
        match &self.content {
            Ok(Message::DeployRequested(request)) => (Some("deploy-requested"), Some(request.id)),
            Ok(Message::CancelRequested(cancel)) => (Some("cancel-requested"), Some(cancel.id)),
            Ok(Message::BuildFinished(build)) => (Some("build-finished"), Some(build.id)),
            Ok(Message::WakeUp(wake)) => (Some("wake-up"), Some(wake.id)),
            Ok(Message::EcsDeploymentStateChange(_)) => (Some("ecs-deployment-state-change"), None),
            Err(_) => (None, None),
        }
    }
}

fn of_request<'a>(config: &'a Config, request: &DeployRequested) -> About<'a> {
    let application = config.applications.get(request.application.as_str());
    let environment = application.and_then(|a| a.environments.get(request.environment.as_str()));
    environment.map_or(About::Unknown, |environment| About::Environment(environment.requests.as_ref()))
}

async fn of_deployment<'a>(
    config: &'a Config,
    store: &dyn Store,
    id: DeploymentId,
) -> Result<About<'a>, CliError> {
    let newest = store.newest(id).await?;
    let machine = newest.and_then(|newest| Machine::restore(&newest.snapshot).ok());
    Ok(machine.map_or(About::Unknown, |machine| of_request(config, &machine.deployment().request)))
}

/// Whose a dead letter is, and whether a worker put it there. Its attributes are a worker's word if a worker put it there, else
/// they are its sender's own. Where no list names the workers, nobody can tell the two apart.
fn whose(letter: &DeadLetter, workers: &[String], about: &About<'_>) -> (Sending, bool) {
    let there = Sending::vouched(&letter.delivery);
    let (vouched, parked) = match &letter.parked_from {
        Some(from) if there.is_among(workers) => (Sending::from(from), true),
        Some(_) if workers.is_empty() => (Sending::default(), true),
        Some(_) | None => (there, false),
    };
    let sending = match (&letter.delivery.origin, about) {
        (None, _) => vouched,
        (origin, About::Environment(Some(requests))) => {
            vouched.unless_again(origin.as_ref(), &requests.people_senders)
        }
        // Sent again before, by whom nobody can judge: neither name may be lent to it.
        (Some(_), About::Environment(None) | About::Unknown) => Sending::default(),
    };
    (sending, parked)
}

/// Why no worker would take the message, and what to do instead.
fn refusal(
    message: &Message,
    about: &About<'_>,
    sending: &Sending,
    workers: &[String],
    now: Timestamp,
) -> Option<String> {
    match (message, about) {
        (Message::DeployRequested(request), About::Environment(Some(requests))) => {
            let why = door::refuses_request(requests, request, sending, now)?;
            let anew = match request.requester.workflow_run_id {
                Some(run) => format!("start the workflow of run {run} anew"),
                None => "ask for it anew".to_owned(),
            };
            Some(format!("it would be rejected: {why}; {anew} instead"))
        }
        (Message::CancelRequested(_), About::Environment(Some(requests))) => {
            let why = door::refuses_cancellation(requests, sending)?;
            Some(format!("it would be parked again: {why}; cancel it yourself (lockstep cancel) if you may"))
        }
        (Message::CancelRequested(cancel), About::Unknown) => {
            Some(format!("there is no deployment {} in the table and the configuration to cancel", cancel.id))
        }
        (Message::WakeUp(_), _) if !workers.is_empty() => Some(
            "only workers wake each other (queue.worker_senders), and a deployment goes on without it"
                .to_owned(),
        ),
        _ => None,
    }
}
