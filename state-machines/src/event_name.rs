//! The names of events as stored in the history. A name must never change or be used for something else:
//! stored histories hold it.

use crate::{
    BindingOutcome, BuildOutcome, DispatchOutcome, DrainOutcome, Event, ImageOutcome, InspectionOutcome,
    ReleaseOutcome, RequesterOutcome, RestoreOutcome, RetireOutcome, RevisionOutcome, RolloutOutcome,
    SourceOutcome, StartOutcome, TagsOutcome, VerificationOutcome,
};

impl Event {
    /// The leg-independent name of what happened, as stored in the history.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requester(RequesterOutcome::Confirmed(_)) => "requester-confirmed",
            Self::Requester(RequesterOutcome::Refused(_)) => "requester-refused",
            Self::Source(SourceOutcome::Accepted(_)) => "source-accepted",
            Self::Source(SourceOutcome::Refused(_)) => "source-refused",
            Self::Source(SourceOutcome::Waiting { .. }) => "source-waiting",
            Self::Inspection(InspectionOutcome::Fit(_)) => "environment-inspected",
            Self::Inspection(InspectionOutcome::Unfit(_)) => "environment-unfit",
            Self::Dispatch(DispatchOutcome::Dispatched { .. }) => "build-dispatched",
            Self::Build(BuildOutcome::Running) => "build-running",
            Self::Build(BuildOutcome::Succeeded(_)) => "build-succeeded",
            Self::Build(BuildOutcome::Failed { .. }) => "build-failed",
            Self::Image(ImageOutcome::Recorded { .. }) => "image-recorded",
            Self::Image(ImageOutcome::Missing { .. }) => "image-missing",
            Self::Binding(BindingOutcome::Bound) => "version-bound",
            Self::Binding(BindingOutcome::Taken(_)) => "version-taken",
            Self::Tags(TagsOutcome::Moved { .. }) => "tags-moved",
            Self::Tags(TagsOutcome::Foreign { .. }) => "latest-moved-by-others",
            Self::Tags(TagsOutcome::Taken(_)) => "tag-taken",
            Self::Release(ReleaseOutcome::Published { .. }) => "release-published",
            Self::Release(ReleaseOutcome::Taken(_)) => "release-taken",
            Self::Revision(RevisionOutcome::Registered { .. }) => "revision-registered",
            Self::Drain(DrainOutcome::Requested) => "drain-requested",
            Self::Drain(DrainOutcome::Running) => "drain-running",
            Self::Drain(DrainOutcome::Drained) => "drained",
            Self::Drain(DrainOutcome::Reverted { .. }) => "drain-reverted",
            Self::Drain(DrainOutcome::Foreign { .. }) => "drain-forestalled",
            Self::Start(StartOutcome::Started { .. }) => "rollout-started",
            Self::Start(StartOutcome::Foreign { .. }) => "rollout-forestalled",
            Self::Rollout(RolloutOutcome::InProgress { .. }) => "rollout-in-progress",
            Self::Rollout(RolloutOutcome::Succeeded) => "rollout-succeeded",
            Self::Rollout(RolloutOutcome::Failed { .. }) => "rollout-failed",
            Self::Rollout(RolloutOutcome::Superseded { .. }) => "rollout-superseded",
            Self::Verification(VerificationOutcome::Verified(_)) => "verified",
            Self::Verification(VerificationOutcome::NotReady { .. }) => "not-ready",
            Self::Verification(VerificationOutcome::Unsettled) => "picture-unsettled",
            Self::Verification(VerificationOutcome::WrongDigest { .. }) => "wrong-digest",
            Self::Verification(VerificationOutcome::Superseded { .. }) => "superseded",
            Self::Restore(RestoreOutcome::Restored { .. }) => "references-restored",
            Self::Retire(RetireOutcome::Retired { .. }) => "revisions-retired",
            Self::Settled => "last-call-settled",
            Self::Fault(fault) if fault.transient => "transient-fault",
            Self::Fault(_) => "permanent-fault",
            Self::Cancel { .. } => "cancel-requested",
            Self::Unlock { .. } => "unlocked",
        }
    }
}
