//! What the end of a deployment means: the verdict in words, and what becomes of the environment's record.
//! Must never call something healthy or restored that was not proven.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Deployment, FailureCode, HealthyRelease, Kind, Leg, State};

/// What the end means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// One line for people: the outcome and why.
    pub summary: String,
    /// Whether somebody has to look at the environment.
    pub operator_needed: bool,
    /// What becomes of the environment's record.
    pub environment: EnvironmentChange,
}

/// What becomes of an environment's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentChange {
    /// Nothing was touched.
    Unchanged,
    /// This runs, proven: now or again.
    Runs(Box<HealthyRelease>),
    /// Nobody can say what runs: why.
    Unknown(String),
}

impl Deployment {
    /// What ending in this state means; `None` for a state that is no end.
    #[must_use]
    pub fn ending(&self, state: State, now: Timestamp) -> Option<Ending> {
        // A sentence goes on after it; services end theirs as they like.
        let cause = self.failure.as_ref().map_or("", |f| f.message.trim_end_matches('.'));
        let ending = match state {
            State::Healthy => self.healthy(now)?,
            State::Rejected => Ending {
                summary: self.refusal.as_ref().map_or_else(String::new, |r| r.message.clone()),
                operator_needed: false,
                environment: EnvironmentChange::Unchanged,
            },
            State::Cancelled => Ending {
                summary: format!("{cause}; nothing had been deployed"),
                operator_needed: false,
                environment: EnvironmentChange::Unchanged,
            },
            State::RolledBack => {
                let mut target = self.restore_target()?;
                target.at = now;
                Ending {
                    summary: format!("{cause}. {}", self.back_on(&target)),
                    operator_needed: false,
                    environment: EnvironmentChange::Runs(Box::new(target)),
                }
            }
            State::Failed => self.failed(cause, now),
            State::CheckingSource
            | State::Inspecting
            | State::DispatchingBuild
            | State::AwaitingBuild
            | State::RecordingImage
            | State::BindingVersion
            | State::MovingTags
            | State::PublishingRelease
            | State::Registering { .. }
            | State::Draining { .. }
            | State::AwaitingDrain { .. }
            | State::Starting { .. }
            | State::RollingOut { .. }
            | State::Verifying { .. }
            | State::RestoringReferences
            | State::Retiring
            | State::Settling => return None,
        };
        Some(ending)
    }

    fn healthy(&self, now: Timestamp) -> Option<Ending> {
        let (source, digest) = (self.source.as_ref()?, self.digest.clone()?);
        let image_tag = match self.plan.kind {
            Kind::Staging => source.beta.to_string(),
            Kind::Production => source.version.to_string(),
        };
        let proof = match self.proof.as_ref().and_then(|p| p.unproven.as_ref()) {
            Some(why) => format!("parity unproven: {why}"),
            None => {
                let tasks = self.proof.as_ref().map_or(0, |p| p.tasks.len());
                format!("{tasks} of {tasks} tasks run {digest}")
            }
        };
        let release = HealthyRelease {
            deployment: self.request.id,
            version: source.version.clone(),
            image_tag: image_tag.clone(),
            commit: Some(source.commit.clone()),
            digest,
            task_definition: self.revision_of(Leg::Candidate)?,
            at: now,
        };
        let findings = self.proof.iter().flat_map(|p| &p.findings);
        let findings: String = findings.map(|finding| format!("; but {finding}")).collect();
        Some(Ending {
            summary: format!(
                "{image_tag} runs in {} and is ready; {proof}{findings}",
                self.request.environment
            ),
            operator_needed: false,
            environment: EnvironmentChange::Runs(Box::new(release)),
        })
    }

    fn failed(&self, cause: &str, now: Timestamp) -> Ending {
        let troubles: Vec<_> = self.unwind_failures.iter().map(|f| f.message.as_str()).collect();
        let troubles = troubles.join("; ");
        if self.is_unlocked() {
            return self.given_up(cause, &troubles);
        }
        let superseded = self.failure.as_ref().is_some_and(|f| f.code == FailureCode::Superseded);
        if !self.touched && !superseded {
            let loose = if troubles.is_empty() { String::new() } else { format!("; then: {troubles}") };
            return Ending {
                summary: format!("{cause}; nothing was deployed{loose}"),
                operator_needed: !troubles.is_empty(),
                environment: EnvironmentChange::Unchanged,
            };
        }
        match (self.restored.is_some(), self.restore_target()) {
            (true, Some(mut target)) => {
                target.at = now;
                let tail = if troubles.is_empty() {
                    String::new()
                } else {
                    format!(", but: {troubles}; an operator is needed")
                };
                Ending {
                    summary: format!("{cause}. {}{tail}", self.back_on(&target)),
                    operator_needed: !troubles.is_empty(),
                    environment: EnvironmentChange::Runs(Box::new(target)),
                }
            }
            (_, target) => {
                let why = if !troubles.is_empty() {
                    format!("going back failed too: {troubles}")
                } else if superseded {
                    "somebody else's change was left in place".to_owned()
                } else if target.is_none() {
                    "there is no healthy release to go back to".to_owned()
                } else {
                    "going back was not finished".to_owned()
                };
                let drained = self.drained();
                let summary = format!("{cause}; {why}{drained}; an operator is needed");
                Ending {
                    environment: EnvironmentChange::Unknown(summary.clone()),
                    summary,
                    operator_needed: true,
                }
            }
        }
    }

    /// Whether the application may run no task now, in words to go on with.
    fn drained(&self) -> String {
        match &self.inspection {
            Some(inspection) if self.may_be_drained() => format!(
                "; the application may have been left drained (desired count 0, before: {})",
                inspection.desired
            ),
            Some(_) | None => String::new(),
        }
    }

    /// After an unlock nobody has verified anything.
    fn given_up(&self, cause: &str, troubles: &str) -> Ending {
        let then = if troubles.is_empty() { String::new() } else { format!("; then: {troubles}") };
        let left = match (self.touched, self.references_touched) {
            (false, false) => "nothing had been deployed",
            (false, true) => "nothing had been deployed, but tags and release may have been moved",
            (true, false) => "the service was left as it stood",
            (true, true) => "the service, tags and release were left as they stood",
        };
        let drained = self.drained();
        let summary = format!("{cause}{then}; {left}{drained}; an operator is needed");
        Ending { environment: EnvironmentChange::Unknown(summary.clone()), summary, operator_needed: true }
    }

    fn back_on(&self, target: &HealthyRelease) -> String {
        let unproven = self.restored.as_ref().and_then(|(proof, _)| proof.unproven.as_ref());
        let proof = match unproven {
            None => "digest and readiness verified".to_owned(),
            Some(why) => format!("readiness verified, parity unproven: {why}"),
        };
        format!("{} runs {} again ({}), {proof}", self.request.environment, target.image_tag, target.digest)
    }
}
