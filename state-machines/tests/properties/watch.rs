//! The rules, checked from outside: what the shell was told before and what it answered, and what it is
//! told now. Keeps its own record of digests and revisions, so that it never believes the machine's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockstep_events::ImageDigest;
use lockstep_state_machines::table::policy;
use lockstep_state_machines::{
    Baseline, DrainOutcome, Effect, EnvironmentChange, Event, ImageOutcome, Inspection, InspectionOutcome,
    Kind, Leg, Machine, Phase, Plan, RevisionOutcome, RolloutOutcome, Source, SourceOutcome, StartOutcome,
    State, Step, VerificationOutcome,
};

/// What has been seen of one deployment.
pub(crate) struct Watch {
    plan: Plan,
    /// The source that was accepted, and the environment as it was found.
    source: Option<Source>,
    inspection: Option<Inspection>,
    /// The image that was accepted, or recorded after the build.
    image: Option<ImageDigest>,
    /// Each revision that was registered, with the image that it was asked to have.
    registered: BTreeMap<Leg, (String, Option<ImageDigest>)>,
    /// The task definition that was said to run the image already; forgotten once it is rolled out afresh.
    running: Option<String>,
    /// What was last verified, with its leg.
    verified: Option<(Leg, String, ImageDigest)>,
    baseline_proven: bool,
    /// Whether a rollout or a drain was asked for.
    touched: bool,
    retired: Vec<String>,
    /// Whether somebody else's change ended the way forward.
    superseded: bool,
    /// The state in which an operator unlocked the environment.
    unlocked: Option<State>,
}

impl Watch {
    pub(crate) fn new(plan: Plan, machine: &Machine) -> Self {
        let watch = Self {
            plan,
            source: None,
            inspection: None,
            image: None,
            registered: BTreeMap::new(),
            running: None,
            verified: None,
            baseline_proven: false,
            touched: false,
            retired: Vec::new(),
            superseded: false,
            unlocked: None,
        };
        watch.snapshot_is_the_machine(machine);
        watch
    }

    /// Lets the machine handle the event and checks every rule.
    pub(crate) fn step(&mut self, machine: &mut Machine, event: &Event, now: Timestamp) {
        let before = machine.clone();
        let asked = machine.effect().unwrap();
        let step = machine.handle(event, now, &policy());
        match step {
            Err(unexpected) => {
                assert_eq!(*machine, before, "an unexpected event changes nothing");
                assert_eq!((unexpected.state, unexpected.event), (before.state(), event.name()));
                return;
            }
            Ok(Step::Stay { pause }) => {
                assert_eq!(*machine, before, "what is not recorded is not changed");
                let left = before.deadline().map(|deadline| deadline.duration_since(now));
                assert!(pause.is_positive() && pause <= policy().poll_cap, "{pause:#}");
                let left = left.filter(|left| left.is_positive());
                assert!(left.is_none_or(|left| pause <= left), "{pause:#} is past the deadline");
                return;
            }
            Ok(Step::Moved(moved)) => {
                assert!(!before.state().is_terminal(), "{} was left by {}", before.state(), event.name());
                assert_ne!(*machine, before, "a transition changes something");
                assert_eq!((moved.from, moved.to), (before.state(), machine.state()));
                assert!(!moved.detail.is_empty(), "{} from {} says nothing", moved.event, moved.from);
            }
        }
        self.note(&before, asked.as_ref(), event, machine);
        self.snapshot_is_the_machine(machine);
        match machine.effect().unwrap() {
            Some(effect) => self.may_ask(machine, &effect),
            None => self.may_end(machine, event, &before),
        }
    }

    fn snapshot_is_the_machine(&self, machine: &Machine) {
        let restored = Machine::restore(&machine.snapshot().unwrap()).unwrap();
        assert_eq!(restored, *machine);
        assert_eq!(restored.effect(), machine.effect(), "restoring asks for the same, and for nothing else");
    }

    /// Remembers what the shell answered, and what it had been asked for.
    fn note(&mut self, before: &Machine, asked: Option<&Effect>, event: &Event, after: &Machine) {
        match event {
            Event::Source(SourceOutcome::Accepted(source)) => {
                self.image.clone_from(&source.digest);
                self.source = Some((**source).clone());
            }
            Event::Image(ImageOutcome::Recorded { digest, .. }) => self.image = Some(digest.clone()),
            Event::Inspection(InspectionOutcome::Fit(fit)) => {
                self.running.clone_from(&fit.already_running);
                self.inspection = Some((**fit).clone());
            }
            Event::Revision(RevisionOutcome::Registered { arn, .. }) => {
                let Some(Effect::RegisterRevision { leg, digest, .. }) = asked else {
                    panic!("a revision was taken that {} did not ask for", before.state());
                };
                self.registered.insert(*leg, (arn.clone(), digest.clone()));
            }
            Event::Verification(VerificationOutcome::Verified(_)) => {
                let Some(Effect::Verify { leg, task_definition, digest, .. }) = asked else {
                    panic!("a proof was taken that {} did not ask for", before.state());
                };
                self.baseline_proven |= *leg == Leg::Baseline;
                self.verified = Some((*leg, task_definition.clone(), digest.clone()));
            }
            Event::Rollout(RolloutOutcome::Superseded { .. })
            | Event::Verification(VerificationOutcome::Superseded { .. })
            | Event::Start(StartOutcome::Foreign { .. })
            | Event::Drain(DrainOutcome::Reverted { .. } | DrainOutcome::Foreign { .. }) => {
                self.superseded = true;
            }
            Event::Unlock { .. } => self.unlocked = Some(before.state()),
            _ => {}
        }
        if after.state().phase() == Phase::Retagged {
            self.running = None;
        }
    }

    /// What the shell is asked for must be allowed now.
    fn may_ask(&mut self, machine: &Machine, effect: &Effect) {
        let state = machine.state();
        assert!(!state.is_terminal());
        assert!(machine.deadline().is_some(), "{state} has no deadline");
        assert_eq!(machine.ending(), None, "{state} is no end");
        let back = machine.deployment().failure.is_some();
        assert_eq!(back, state.phase() == Phase::RollingBack, "after a failure there is only the way back");
        if self.superseded {
            let changes = matches!(effect, Effect::StartRollout { .. } | Effect::Drain);
            assert!(!changes, "what somebody else began is left in place");
        }
        if self.unlocked.is_some() {
            assert!(
                matches!(effect, Effect::RetireRevisions { .. } | Effect::Settle),
                "the rest is left as it stands"
            );
        }
        let staging = self.plan.kind == Kind::Staging;
        let fresh_database = staging && self.plan.with_database;
        match effect {
            Effect::DispatchBuild { .. } | Effect::FollowBuild { .. } | Effect::RecordImage { .. } => {
                assert!(staging && !back, "only staging builds");
                assert_eq!(self.image, None, "what is known is not built");
            }
            Effect::BindVersion { digest, .. } => {
                assert!(!staging && !back);
                assert_eq!(Some(digest), self.image.as_ref());
            }
            Effect::MoveTags { digest, latest, .. } => {
                assert!(!back);
                assert_eq!((Some(digest), *latest), (self.image.as_ref(), !staging));
            }
            Effect::PublishRelease { digest, prerelease, .. } => {
                assert!(!back);
                assert_eq!((Some(digest), *prerelease), (self.image.as_ref(), staging));
            }
            Effect::RegisterRevision { leg, digest, .. } => {
                assert_eq!(back, leg.is_restoring());
                assert_eq!(digest, &self.image_of(*leg), "the revision of {leg:?}");
                assert!(fresh_database || !leg.is_database());
            }
            Effect::Drain | Effect::FollowDrain => {
                assert!(fresh_database, "only a fresh database needs a drain");
                self.touched = true;
            }
            Effect::StartRollout { leg, task_definition, .. }
            | Effect::FollowRollout { leg, task_definition, .. } => {
                assert_eq!(back, leg.is_restoring());
                assert!(fresh_database || !leg.is_database());
                self.touched = true;
                self.is_the_revision_of(*leg, task_definition);
                if *leg == Leg::Candidate && staging && self.baseline().is_some() {
                    assert!(self.baseline_proven, "the candidate comes after a proven baseline");
                }
            }
            Effect::Verify { leg, task_definition, digest, .. } => {
                assert_eq!(back, leg.is_restoring());
                self.is_the_revision_of(*leg, task_definition);
                assert_eq!(Some(digest), self.image_of(*leg).as_ref(), "the image of {leg:?}");
            }
            Effect::RestoreReferences { digest, previous, .. } => {
                assert!(back && !staging);
                assert_eq!(Some(digest), self.image.as_ref());
                assert_eq!(*previous, self.inspection.as_ref().unwrap().previous);
            }
            Effect::RetireRevisions { revisions } => {
                assert!(back && !revisions.is_empty());
                self.retired.clone_from(revisions);
                assert!(!revisions.iter().any(|arn| self.is_target(arn)), "what is gone back to is kept");
            }
            Effect::Settle => assert!(back, "only what failed leaves a call behind"),
            Effect::CheckSource { .. } | Effect::Inspect { .. } => assert!(!back),
        }
    }

    /// The end must be true.
    fn may_end(&self, machine: &Machine, event: &Event, before: &Machine) {
        let state = machine.state();
        assert!(state.is_terminal());
        assert_eq!(machine.deadline(), None);
        let ending = machine.ending().unwrap();
        assert!(!ending.summary.is_empty());
        if self.unlocked.is_some() {
            assert_eq!(state, State::Failed, "nobody has verified anything since");
            assert!(ending.operator_needed && matches!(ending.environment, EnvironmentChange::Unknown(_)));
        }
        let in_flight = matches!(event, Event::Fault(fault) if fault.ambiguous);
        assert!(!in_flight, "it ends while what was sent last may still arrive");
        let proven = matches!(event, Event::Verification(VerificationOutcome::Verified(_)));
        match state {
            State::Healthy => {
                assert_eq!(before.state(), State::Verifying { leg: Leg::Candidate });
                assert!(proven, "healthy was reached through {}", event.name());
                let (leg, task_definition, digest) = self.verified.clone().unwrap();
                assert_eq!((leg, Some(&digest)), (Leg::Candidate, self.image.as_ref()));
                self.runs(&ending.environment, &task_definition, &digest);
            }
            State::RolledBack => {
                let (leg, task_definition, digest) = self.verified.clone().unwrap();
                assert_eq!(leg, Leg::Restored, "rolled back without a proof");
                assert_eq!(Some((task_definition.clone(), digest.clone())), self.target());
                assert!(!ending.operator_needed);
                assert!(machine.deployment().unwind_failures.is_empty());
                self.runs(&ending.environment, &task_definition, &digest);
            }
            State::Failed => {
                let restored = self.verified.as_ref().is_some_and(|(leg, ..)| *leg == Leg::Restored);
                let unknown = matches!(ending.environment, EnvironmentChange::Unknown(_));
                assert!(unknown || restored || !self.touched, "nobody knows what runs");
                assert!(!unknown || ending.operator_needed, "somebody has to look");
                if let (EnvironmentChange::Runs(_), Some((leg, arn, digest))) =
                    (&ending.environment, &self.verified)
                {
                    assert_eq!(*leg, Leg::Restored);
                    self.runs(&ending.environment, arn, digest);
                }
            }
            State::Rejected | State::Cancelled => {
                assert!(!self.touched, "{state} says that nothing was deployed");
                assert_eq!(ending.environment, EnvironmentChange::Unchanged);
            }
            other => panic!("{other} is no end"),
        }
        if machine.deployment().failure.is_some()
            && !matches!(self.unlocked, Some(State::Retiring | State::Settling))
        {
            let abandoned = self.registered.get(&Leg::Candidate).map(|(arn, _)| arn);
            let harmless = |arn| self.retired.contains(arn) || self.is_target(arn);
            assert!(abandoned.is_none_or(harmless), "the candidate can be deployed by a late update");
        }
    }

    fn runs(&self, change: &EnvironmentChange, task_definition: &str, digest: &ImageDigest) {
        let EnvironmentChange::Runs(release) = change else { panic!("{change:?} says nothing runs") };
        assert_eq!((release.task_definition.as_str(), &release.digest), (task_definition, digest));
        assert!(!self.retired.iter().any(|arn| arn == task_definition), "it can be deployed again");
    }

    /// Where going back leads: task definition and image.
    fn target(&self) -> Option<(String, ImageDigest)> {
        if self.baseline_proven {
            let (arn, digest) = self.registered.get(&Leg::Baseline)?;
            return Some((arn.clone(), digest.clone()?));
        }
        let previous = self.inspection.as_ref()?.previous.as_ref()?;
        Some((previous.task_definition.clone(), previous.digest.clone()))
    }

    fn is_target(&self, task_definition: &str) -> bool {
        self.target().is_some_and(|(target, _)| target == task_definition)
    }

    fn baseline(&self) -> Option<&Baseline> {
        self.source.as_ref()?.baseline.as_ref()
    }

    fn image_of(&self, leg: Leg) -> Option<ImageDigest> {
        match leg {
            Leg::Database | Leg::RestoredDatabase => None,
            Leg::Baseline => self.baseline().map(|b| b.digest.clone()),
            Leg::Candidate => self.image.clone(),
            Leg::Restored => self.target().map(|(_, digest)| digest),
        }
    }

    fn is_the_revision_of(&self, leg: Leg, task_definition: &str) {
        if leg == Leg::Restored {
            assert_eq!(Some(task_definition), self.target().as_ref().map(|(arn, _)| arn.as_str()));
            return;
        }
        let may_run_already = leg == Leg::Candidate && self.plan.kind == Kind::Production;
        if may_run_already && self.running.as_deref() == Some(task_definition) {
            return;
        }
        let (arn, digest) = &self.registered[&leg];
        assert_eq!(arn, task_definition, "{leg:?} rolls out what was registered for it");
        assert_eq!(*digest, self.image_of(leg), "with the image that was settled");
    }
}
