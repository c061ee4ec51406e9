//! What everything outside answers when all goes well: for each state the event that leads on.

use lockstep_events::{CommitSha, ImageDigest};
use lockstep_state_machines::{
    BindingOutcome, Build, BuildOutcome, Deployment, DispatchOutcome, DrainOutcome, Event, ImageOutcome,
    Inspection, InspectionOutcome, Leg, Proof, ReleaseOutcome, RestoreOutcome, RetireOutcome,
    RevisionOutcome, RolloutOutcome, Source, SourceOutcome, StartOutcome, State, TagsOutcome,
    VerificationOutcome,
};

/// What is deployed, and where.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) source: Source,
    pub(crate) image: ImageDigest,
    pub(crate) inspection: Inspection,
    /// Tells this deployment's names from others'.
    pub(crate) number: u32,
    pub(crate) environment: &'static str,
}

/// A commit's sha, a different one for each word.
pub(crate) fn commit(word: &str) -> CommitSha {
    hex(word, 40).parse().unwrap()
}

/// An image's digest, a different one for each word.
pub(crate) fn digest(word: &str) -> ImageDigest {
    format!("sha256:{}", hex(word, 64)).parse().unwrap()
}

fn hex(word: &str, length: usize) -> String {
    let space = uuid::Uuid::NAMESPACE_OID;
    let parts =
        (0..4).map(|n| uuid::Uuid::new_v5(&space, format!("{word}{n}").as_bytes()).simple().to_string());
    parts.collect::<String>()[..length].to_owned()
}

impl Cast {
    /// The event that leads on from a state, and how many seconds it takes.
    pub(crate) fn answer(&self, state: State, d: &Deployment) -> (i64, Event) {
        match state {
            State::CheckingSource => {
                (2, Event::Source(SourceOutcome::Accepted(Box::new(self.source.clone()))))
            }
            State::Inspecting => {
                (1, Event::Inspection(InspectionOutcome::Fit(Box::new(self.inspection.clone()))))
            }
            State::DispatchingBuild => {
                (1, Event::Dispatch(DispatchOutcome::Dispatched { build: self.build(), adopted: false }))
            }
            State::AwaitingBuild => (214, Event::Build(BuildOutcome::Succeeded(self.build()))),
            State::RecordingImage => {
                (1, Event::Image(ImageOutcome::Recorded { digest: self.image.clone(), adopted: false }))
            }
            State::BindingVersion => (1, Event::Binding(BindingOutcome::Bound)),
            State::MovingTags => (4, Event::Tags(TagsOutcome::Moved { moved: self.tags() })),
            State::PublishingRelease => {
                (2, Event::Release(ReleaseOutcome::Published { url: self.release_url(), recognised: false }))
            }
            State::Registering { leg } => {
                (1, Event::Revision(RevisionOutcome::Registered { arn: self.revision(leg), adopted: false }))
            }
            State::Draining { .. } => (1, Event::Drain(DrainOutcome::Requested)),
            State::AwaitingDrain { .. } => (34, Event::Drain(DrainOutcome::Drained)),
            State::Starting { leg } => (1, self.started(leg)),
            State::RollingOut { leg } if leg.is_database() => (41, Event::Rollout(RolloutOutcome::Succeeded)),
            State::RollingOut { .. } => (97, Event::Rollout(RolloutOutcome::Succeeded)),
            State::Verifying { leg } => {
                (6, Event::Verification(VerificationOutcome::Verified(self.proof(leg, d))))
            }
            State::RestoringReferences => {
                let notes = vec![
                    "latest and the latest release are those of the last healthy release again".to_owned(),
                ];
                (3, Event::Restore(RestoreOutcome::Restored { notes }))
            }
            State::Retiring => (1, Event::Retire(RetireOutcome::Retired { revisions: d.to_retire() })),
            State::Settling => (60, Event::Settled),
            State::Rejected | State::Healthy | State::RolledBack | State::Failed | State::Cancelled => {
                panic!("{state} is an end")
            }
        }
    }

    fn build(&self) -> Build {
        let run = 7_300_000 + u64::from(self.number);
        let url = format!("https://github.com/example/shop/actions/runs/{run}");
        Build { run: Some(run), attempt: Some(1), url: Some(url) }
    }

    fn tags(&self) -> Vec<String> {
        match self.environment {
            "staging" => vec![self.source.beta.to_string()],
            _ => vec![self.source.version.to_string(), "latest".to_owned()],
        }
    }

    fn release_url(&self) -> String {
        format!("https://github.com/example/shop/releases/tag/{}", self.tags()[0])
    }

    pub(crate) fn revision(&self, leg: Leg) -> String {
        let family = if leg.is_database() { "shop-database" } else { "shop" };
        let place = "arn:aws:ecs:eu-west-1:111122223333:task-definition";
        let place = format!("{place}/{}-{family}", self.environment);
        format!("{place}:{}", self.number * 2 + u32::from(leg == Leg::Candidate))
    }

    fn started(&self, leg: Leg) -> Event {
        let rollout = format!("ecs-svc/{}", hex(&format!("{}{}", self.number, leg.name()), 19));
        Event::Start(StartOutcome::Started { rollout, adopted: false, replaced: None })
    }

    fn proof(&self, leg: Leg, d: &Deployment) -> Proof {
        let place = format!("arn:aws:ecs:eu-west-1:111122223333:task/{}", self.environment);
        let digest = d.digest_of(leg).expect("an application's leg has an image");
        let task = |n| (format!("{place}/{}", hex(&format!("{}{n}", self.number), 32)), digest.to_string());
        Proof {
            tasks: (0..self.inspection.desired).map(task).collect(),
            unproven: None,
            findings: Vec::new(),
        }
    }
}
