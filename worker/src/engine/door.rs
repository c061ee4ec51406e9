//! Who is let in: what can be told of a message by its sender and its age alone. No I/O, so that a stranger's message costs
//! nothing; what needs GitHub is asked in `effects/requester`. Whose message it is says `sending`. Must never believe the body
//! about who sent it.

use jiff::{SignedDuration, Timestamp};
use lockstep_events::DeployRequested;

use super::sending::Sending;
use crate::config::RequestsConfig;

/// Why a request is not taken up; `None` if it is. Whether the sender is the right one depends on who is said to ask: a
/// workflow's role must name its run, and whoever may ask without one must not name any.
pub(crate) fn refuses_request(
    requests: &RequestsConfig,
    request: &DeployRequested,
    sending: &Sending,
    now: Timestamp,
) -> Option<String> {
    let environment = &request.environment;
    let sender = sending.in_words();
    let (list, senders) = match request.requester.workflow_run_id {
        Some(_) => ("workflow_senders", &requests.workflow_senders),
        None => ("people_senders", &requests.people_senders),
    };
    if !sending.is_among(senders) {
        let asks = match (request.requester.workflow_run_id, &requests.workflow) {
            (Some(run), _) => format!("in the name of workflow run {run}"),
            (None, Some(workflow)) => format!("without a workflow run; start {workflow} under Actions"),
            (None, None) => "without a workflow run".to_owned(),
        };
        return Some(format!(
            "{sender} may not ask for deployments to {environment} {asks} (requests.{list} of {environment} does not name it)"
        ));
    }
    let longest = SignedDuration::from_secs(requests.max_age_seconds.into());
    match sending.at {
        None => Some(format!(
            "the queue does not say when the request was sent, and {environment} takes none older than {} s",
            longest.as_secs()
        )),
        Some(sent) if now.duration_since(sent) > longest => Some(format!(
            "the request was sent {} s ago, and {environment} takes none older than {} s (requests.max_age_seconds): ask again",
            now.duration_since(sent).as_secs(),
            longest.as_secs()
        )),
        Some(_) => None,
    }
}

/// Whether the sender is in either list: somebody of this environment, whatever comes of the request.
pub(super) fn is_known(requests: &RequestsConfig, sending: &Sending) -> bool {
    sending.is_among(&requests.workflow_senders) || sending.is_among(&requests.people_senders)
}

/// Why a wish to cancel is not heeded; `None` if it is. Whoever may ask for deployments may stop them.
pub(crate) fn refuses_cancellation(requests: &RequestsConfig, sending: &Sending) -> Option<String> {
    let known = is_known(requests, sending);
    (!known).then(|| {
        format!(
            "{} may not cancel this deployment: it is in neither requests.workflow_senders nor requests.people_senders of its environment",
            sending.in_words()
        )
    })
}

/// Why a wake-up is not obeyed; `None` if it is. Whoever can read the table knows every claim's nonce, and could have a
/// living worker's claim taken over.
pub(super) fn refuses_wake_up(worker_senders: &[String], sending: &Sending) -> Option<String> {
    let known = worker_senders.is_empty() || sending.is_among(worker_senders);
    (!known).then(|| {
        format!(
            "{} may not wake workers: queue.worker_senders does not name it; the deployment goes on without this wake-up",
            sending.in_words()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Delivery;

    fn sent_by(sender: Option<&str>) -> Sending {
        Sending::vouched(&Delivery {
            message_id: "1".into(),
            body: String::new(),
            receipt: "1".into(),
            sender: sender.map(str::to_owned),
            sent_at: None,
            origin: None,
        })
    }

    #[test]
    fn a_role_s_id_counts_and_the_session_s_name_does_not() {
        let ids = ["AROAWORKER".to_owned()];
        let cases = [
            ("AROAWORKER:task-1", true),
            ("AROAWORKER", true),
            ("AROATHIEF:AROAWORKER", false),
            ("AROAWORKER2:x", false),
            ("AROAWORKE", false),
            (":AROAWORKER", false),
            ("", false),
        ];
        for (sender, known) in cases {
            assert_eq!(sent_by(Some(sender)).is_among(&ids), known, "{sender}");
        }
        assert!(!sent_by(None).is_among(&ids));
    }

    #[test]
    fn without_a_list_of_workers_everybody_may_wake() {
        assert_eq!(refuses_wake_up(&[], &Sending::default()), None);
    }
}
