//! Effects: what the shell is asked to do, as data. Each is a function of state and facts, so it is never
//! stored by itself and restoring a snapshot runs nothing. An effect must never be added without saying
//! how whoever resumes after a crash can tell that it already happened.

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Overrides, Target, Version};

use crate::{Deployment, HealthyRelease, Kind, Leg, State};

/// Something to do. Executing one a second time must adopt what the first time did, or converge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Read who asks (where the configuration says who may) and what is asked for, and whether it may be deployed.
    /// Reads only, but for the note of which deployment a workflow run asked for, which the first one written settles.
    CheckSource {
        /// What was asked for.
        target: Target,
        /// Rules set aside.
        overrides: Overrides,
        /// The commit that was found at the first look, if there was one.
        pinned: Option<CommitSha>,
        /// Whether it is settled already that whoever asks may.
        confirmed: bool,
    },
    /// Look at the services, compare with the environment's record. Reads only.
    Inspect {
        /// The image to be deployed, if known already.
        digest: Option<ImageDigest>,
    },
    /// Start the build workflow. Adopted by the run's name, which carries the deployment's id and the commit.
    DispatchBuild {
        /// What to build.
        commit: CommitSha,
        /// Its version.
        version: Version,
    },
    /// Look at the run. Reads only.
    FollowBuild {
        /// GitHub's id of it, if known.
        run: Option<u64>,
        /// What it builds.
        commit: CommitSha,
    },
    /// Read what the build pushed under its own intermediate tag and record it as the commit's image,
    /// unless one is recorded. Converges.
    RecordImage {
        /// The commit.
        commit: CommitSha,
    },
    /// Record what the version means, unless it is recorded. Converges.
    BindVersion {
        /// The version.
        version: Version,
        /// Its commit.
        commit: CommitSha,
        /// Its image.
        digest: ImageDigest,
        /// The beta it comes from.
        beta: BetaTag,
    },
    /// Point tags at the digest. Converges: a tag that names the digest already is left alone.
    MoveTags {
        /// The image.
        digest: ImageDigest,
        /// The tag that names this image only, for ever: the beta tag, or the version.
        permanent: String,
        /// Whether `latest` moves too.
        latest: bool,
    },
    /// Create the prerelease or release at the commit. Adopted by its tag, and the tag's commit.
    PublishRelease {
        /// The version.
        version: Version,
        /// The beta it comes from.
        beta: BetaTag,
        /// The commit.
        commit: CommitSha,
        /// The image, for the notes.
        digest: ImageDigest,
        /// A prerelease with the beta tag, or the release.
        prerelease: bool,
    },
    /// Register the leg's revision, marked with deployment and leg. Adopted by its marks.
    RegisterRevision {
        /// Which leg.
        leg: Leg,
        /// The task definition it is made from.
        base: String,
        /// The image to pin; a database keeps its own.
        digest: Option<ImageDigest>,
    },
    /// Set the application's desired count to zero. Converges.
    Drain,
    /// Look whether tasks still run. Reads only.
    FollowDrain,
    /// Update the service to the leg's revision, unforced. Adopted by any rollout, in whatever state, that
    /// targets the revision.
    StartRollout {
        /// Which leg.
        leg: Leg,
        /// The revision.
        task_definition: String,
        /// How many tasks; a database keeps its count.
        desired: Option<u32>,
    },
    /// Look at the rollout. Reads only.
    FollowRollout {
        /// Which leg.
        leg: Leg,
        /// The revision.
        task_definition: String,
        /// The deployment's id, `ecs-svc/…`.
        rollout: String,
    },
    /// Compare what every task runs with the digest, then ask the application whether it is ready.
    Verify {
        /// Which leg.
        leg: Leg,
        /// The revision.
        task_definition: String,
        /// The image it must run.
        digest: ImageDigest,
        /// The commit that the application should report, if known.
        commit: Option<CommitSha>,
    },
    /// Return `latest` and the latest release to the last healthy one, where they still are as this
    /// deployment put them, and say in the release's notes what became of it. Converges.
    RestoreReferences {
        /// The version that was being promoted.
        version: Version,
        /// Its image.
        digest: ImageDigest,
        /// Where to go back to.
        previous: Option<HealthyRelease>,
    },
    /// Deregister revisions. Converges.
    RetireRevisions {
        /// Their ARNs.
        revisions: Vec<String>,
    },
    /// Nothing. It is claimed like a change, by whoever met the ambiguous fault, so that only a takeover, a
    /// lease later, comes to it: by then the call has arrived or never will.
    Settle,
}

/// A snapshot that lacks what its state needs: it was not written by this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the snapshot in state {state} has no {fact}: it was not written by this state machine; restore the item from a backup or unlock the environment"
)]
pub struct MissingFact {
    /// The state.
    pub state: State,
    /// What is missing.
    pub fact: &'static str,
}

impl Effect {
    /// Whether this changes something outside the table, so that only the holder of the claim may do it.
    #[must_use]
    pub fn is_action(&self) -> bool {
        match self {
            Self::DispatchBuild { .. }
            | Self::MoveTags { .. }
            | Self::PublishRelease { .. }
            | Self::RegisterRevision { .. }
            | Self::Drain
            | Self::StartRollout { .. }
            | Self::RestoreReferences { .. }
            | Self::RetireRevisions { .. }
            | Self::Settle => true,
            Self::CheckSource { .. }
            | Self::Inspect { .. }
            | Self::FollowBuild { .. }
            | Self::RecordImage { .. }
            | Self::BindVersion { .. }
            | Self::FollowDrain
            | Self::FollowRollout { .. }
            | Self::Verify { .. } => false,
        }
    }

    /// What a state asks for; `None` in a terminal state.
    pub(crate) fn of(state: State, d: &Deployment) -> Result<Option<Self>, MissingFact> {
        let need = |fact: &'static str| MissingFact { state, fact };
        let source = || d.source.as_ref().ok_or(need("source"));
        let digest = || d.digest.clone().ok_or(need("digest"));
        let inspection = || d.inspection.as_ref().ok_or(need("inspection"));
        let effect = match state {
            State::CheckingSource => Self::CheckSource {
                target: d.request.target.clone(),
                overrides: d.request.overrides.clone(),
                pinned: d.pinned.clone(),
                confirmed: d.warrant.is_some(),
            },
            State::Inspecting => Self::Inspect { digest: d.digest.clone() },
            State::DispatchingBuild => {
                let source = source()?;
                Self::DispatchBuild { commit: source.commit.clone(), version: source.version.clone() }
            }
            State::AwaitingBuild => Self::FollowBuild {
                run: d.build.as_ref().and_then(|b| b.run),
                commit: source()?.commit.clone(),
            },
            State::RecordingImage => Self::RecordImage { commit: source()?.commit.clone() },
            State::BindingVersion => {
                let source = source()?;
                Self::BindVersion {
                    version: source.version.clone(),
                    commit: source.commit.clone(),
                    digest: digest()?,
                    beta: source.beta.clone(),
                }
            }
            State::MovingTags => {
                let (source, latest) = (source()?, d.plan.kind == Kind::Production);
                let permanent = if latest { source.version.to_string() } else { source.beta.to_string() };
                Self::MoveTags { digest: digest()?, permanent, latest }
            }
            State::PublishingRelease => {
                let source = source()?;
                Self::PublishRelease {
                    version: source.version.clone(),
                    beta: source.beta.clone(),
                    commit: source.commit.clone(),
                    digest: digest()?,
                    prerelease: d.plan.kind == Kind::Staging,
                }
            }
            State::Registering { leg } => {
                let inspection = inspection()?;
                let base = match leg {
                    Leg::Database | Leg::RestoredDatabase => inspection.database_base.clone(),
                    Leg::Baseline | Leg::Candidate | Leg::Restored => Some(inspection.base.clone()),
                };
                let digest = match leg {
                    Leg::Database | Leg::RestoredDatabase => None,
                    Leg::Baseline | Leg::Candidate | Leg::Restored => {
                        Some(d.digest_of(leg).ok_or(need("digest of the leg"))?)
                    }
                };
                let base = base.ok_or(need("database task definition"))?;
                Self::RegisterRevision { leg, base, digest }
            }
            State::Draining { .. } => Self::Drain,
            State::AwaitingDrain { .. } => Self::FollowDrain,
            State::Starting { leg } => Self::StartRollout {
                leg,
                task_definition: d.revision_of(leg).ok_or(need("revision of the leg"))?,
                desired: if leg.is_database() { None } else { Some(inspection()?.desired) },
            },
            State::RollingOut { leg } => Self::FollowRollout {
                leg,
                task_definition: d.revision_of(leg).ok_or(need("revision of the leg"))?,
                rollout: d.rollouts.get(&leg).cloned().ok_or(need("rollout of the leg"))?,
            },
            State::Verifying { leg } => Self::Verify {
                leg,
                task_definition: d.revision_of(leg).ok_or(need("revision of the leg"))?,
                digest: d.digest_of(leg).ok_or(need("digest of the leg"))?,
                commit: d.commit_of(leg),
            },
            State::RestoringReferences => Self::RestoreReferences {
                version: source()?.version.clone(),
                digest: digest()?,
                previous: inspection()?.previous.clone(),
            },
            State::Retiring => Self::RetireRevisions { revisions: d.to_retire() },
            State::Settling => Self::Settle,
            State::Rejected | State::Healthy | State::RolledBack | State::Failed | State::Cancelled => {
                return Ok(None);
            }
        };
        Ok(Some(effect))
    }
}
