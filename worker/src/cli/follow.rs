//! What is new to somebody who follows a deployment: transitions, warnings, that nobody takes it up, and
//! that its id belongs to another request. Does no I/O and reads no clock.

use std::time::Duration;

use lockstep_events::{DeployRequested, DeploymentId};
use lockstep_state_machines::Machine;

use super::error::CliError;
use super::standing::standing;
use super::transition;
use super::verdict::{Verdict, warnings};
use crate::ports::Recorded;

/// How long a request may go without a record before that is worth a word: a worker that is up takes a
/// request within seconds.
const TAKE_UP: Duration = Duration::from_secs(30);

/// Something to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A transition.
    Transition(Box<Recorded>),
    /// Something that a person should know although it stops nothing.
    Warning(String),
    /// No worker has taken the request up.
    Unclaimed(String),
}

/// What has been seen of a deployment so far.
pub(super) struct Follower {
    id: DeploymentId,
    /// The request that was sent, when this process sent one.
    sent: Option<DeployRequested>,
    newest: Option<(Recorded, Machine)>,
    warned: Vec<String>,
    told_unclaimed: bool,
}

impl Follower {
    /// Follows a deployment from its beginning. With `sent`, its record must be that request's.
    pub(super) fn new(id: DeploymentId, sent: Option<DeployRequested>) -> Self {
        Self { id, sent, newest: None, warned: Vec::new(), told_unclaimed: false }
    }

    /// The number of the last item seen; 0 before the first.
    pub(super) fn seen(&self) -> u64 {
        self.newest.as_ref().map_or(0, |(newest, _)| newest.seq)
    }

    /// Takes in the items after the last one seen, `waited` after the beginning.
    pub(super) fn take(&mut self, items: Vec<Recorded>, waited: Duration) -> Result<Vec<News>, CliError> {
        let Some(newest) = items.last().cloned() else { return Ok(self.unclaimed(waited)) };
        let machine = transition::machine(&newest)?;
        if let (Some(sent), None) = (&self.sent, &self.newest) {
            must_be_same(&machine.deployment().request, sent)?;
        }
        let mut news: Vec<_> = items.into_iter().map(Box::new).map(News::Transition).collect();
        for warning in warnings(machine.deployment()) {
            if !self.warned.contains(&warning) {
                self.warned.push(warning.clone());
                news.push(News::Warning(warning));
            }
        }
        self.newest = Some((newest, machine));
        Ok(news)
    }

    fn unclaimed(&mut self, waited: Duration) -> Vec<News> {
        if self.newest.is_some() || self.told_unclaimed || waited < TAKE_UP {
            return Vec::new();
        }
        self.told_unclaimed = true;
        vec![News::Unclaimed(format!(
            "no worker has taken deployment {} up after {} s: is one running with this table and queue? Still waiting",
            self.id,
            waited.as_secs()
        ))]
    }

    /// The verdict, once there is one.
    pub(super) fn verdict(&self) -> Result<Option<Verdict>, CliError> {
        self.newest.as_ref().map_or(Ok(None), |(newest, machine)| Verdict::of(newest, machine))
    }

    /// Where it stands; `None` before its first item.
    pub(super) fn machine(&self) -> Option<&Machine> {
        self.newest.as_ref().map(|(_, machine)| machine)
    }

    /// Where it stands, in words.
    pub(super) fn standing(&self) -> String {
        self.machine().map_or_else(|| "waiting for a worker to take it up".to_owned(), standing)
    }
}

/// Two requests under one id must be one request (protocol rule 2).
pub(super) fn must_be_same(recorded: &DeployRequested, sent: &DeployRequested) -> Result<(), CliError> {
    if recorded == sent {
        return Ok(());
    }
    let fields = |request: &DeployRequested| match serde_json::to_value(request) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (was, is) = (fields(recorded), fields(sent));
    let differences: Vec<_> = was
        .iter()
        .filter_map(|(name, was)| is.get(name).filter(|is| *is != was).map(|is| (name, was, is)))
        .map(|(name, was, is)| format!("{name}: {was} recorded, {is} asked for"))
        .collect();
    Err(CliError::OtherRequest { id: sent.id, differences: differences.join("; ") })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use lockstep_events::{Requester, Target};
    use lockstep_state_machines::{Deadlines, Kind, Plan, Policy, RetryPolicy};

    use super::*;

    fn request() -> DeployRequested {
        DeployRequested {
            id: uuid::Uuid::now_v7().try_into().unwrap(),
            application: "shop".parse().unwrap(),
            environment: "staging".parse().unwrap(),
            target: Target::Commit { reference: None },
            requester: Requester {
                actor: "alice".to_owned(),
                workflow_run_id: None,
                workflow_run_attempt: None,
            },
            requested_at: "2026-11-23T09:29:59Z".parse().unwrap(),
            overrides: lockstep_events::Overrides::default(),
        }
    }

    fn policy() -> Policy {
        let minute = SignedDuration::from_mins(1);
        Policy {
            deadlines: Deadlines {
                checks: minute,
                build: minute,
                rollout: minute,
                readiness: minute,
                action: minute,
            },
            poll: minute,
            poll_cap: minute,
            retry: RetryPolicy { budget: 1, base: minute, cap: minute },
        }
    }

    fn first(request: &DeployRequested) -> Recorded {
        let at: Timestamp = "2026-11-23T09:30:00Z".parse().unwrap();
        let plan = Plan { kind: Kind::Staging, with_database: false };
        let machine = Machine::begin(request.clone(), plan, 1, &policy(), at);
        Recorded {
            id: request.id,
            seq: 1,
            at,
            worker: "host:1".to_owned(),
            write_id: String::new(),
            from: "requested".to_owned(),
            to: machine.state().to_string(),
            event: "lock-taken".to_owned(),
            detail: String::new(),
            wake: 0,
            claim: None,
            terminal: false,
            snapshot: machine.snapshot().unwrap(),
        }
    }

    #[test]
    fn a_request_that_nobody_takes_up_is_mentioned_once() {
        let request = request();
        let mut follower = Follower::new(request.id, Some(request.clone()));
        assert_eq!(follower.take(Vec::new(), Duration::from_secs(29)).unwrap(), []);
        let news = follower.take(Vec::new(), Duration::from_secs(30)).unwrap();
        assert!(matches!(&news[..], [News::Unclaimed(text)] if text.contains("after 30 s")), "{news:?}");
        assert_eq!(follower.take(Vec::new(), Duration::from_secs(31)).unwrap(), []);
        assert_eq!(follower.standing(), "waiting for a worker to take it up");
        let news = follower.take(vec![first(&request)], Duration::from_secs(32)).unwrap();
        assert!(matches!(&news[..], [News::Transition(_)]), "{news:?}");
        assert_eq!(follower.seen(), 1);
        assert_eq!(follower.take(Vec::new(), Duration::from_secs(99)).unwrap(), []);
        assert_eq!(
            follower.standing(),
            "locked/checking-source since 2026-11-23T09:30:00Z, until 2026-11-23T09:31:00Z at the latest"
        );
        assert!(follower.verdict().unwrap().is_none());
    }

    #[test]
    fn a_record_of_another_request_is_an_error_that_names_what_differs() {
        let recorded = request();
        let sent = DeployRequested { environment: "qa".parse().unwrap(), ..recorded.clone() };
        let mut follower = Follower::new(sent.id, Some(sent));
        let error = follower.take(vec![first(&recorded)], Duration::ZERO).unwrap_err();
        assert_eq!(error.exit(), super::super::Exit::Usage);
        let text = error.to_string();
        assert!(text.contains(r#"environment: "staging" recorded, "qa" asked for"#), "{text}");
        assert!(!text.contains("actor"), "only what differs: {text}");
    }

    #[test]
    fn a_snapshot_of_another_version_is_an_error_with_the_deployments_id() {
        let request = request();
        let mut follower = Follower::new(request.id, None);
        let item = Recorded { snapshot: r#"{"v":99}"#.to_owned(), ..first(&request) };
        let error = follower.take(vec![item], Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains(&request.id.to_string()) && error.contains("version 99"), "{error}");
    }
}
