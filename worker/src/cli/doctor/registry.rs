//! The image repository: can it be read, and can it be pushed to. An upload is opened and cancelled; nothing stays.

use lockstep_events::ImageDigest;

use super::check::Check::{RegistryReadable, RegistryWritable};
use super::finding::{Finding, remedy_of};
use crate::faults::{Fault, FaultKind};
use crate::ports::setup::{RegistryInspector, UploadTrial};
use crate::ports::{Answer, Registry};

/// The tag that every release has.
const LATEST: &str = "latest";

/// Looks at one repository.
pub(super) async fn look(registry: &dyn Registry, inspector: &dyn RegistryInspector) -> Vec<Finding> {
    vec![
        judge_reading(registry.resolve(LATEST).await, registry.repository()),
        judge_writing(inspector.try_upload().await),
    ]
}

fn judge_reading(answer: Answer<Option<ImageDigest>>, repository: &str) -> Finding {
    match answer {
        Ok(Some(digest)) => Finding::ok(RegistryReadable, format!("{repository}:{LATEST} is {digest}")),
        Ok(None) => Finding::warning(
            RegistryReadable,
            format!("{repository} has no tag {LATEST}"),
            "before the first release this is as it should be; else check `registry.repository`",
        ),
        Err(fault) => refused(
            RegistryReadable,
            &fault,
            "lets this user read it; for a token that may only push, set \
                              `registry.anonymous_reads`",
        ),
    }
}

fn judge_writing(answer: Answer<UploadTrial>) -> Finding {
    match answer {
        Ok(UploadTrial::Cancelled) => Finding::ok(RegistryWritable, "an upload may begin (it was cancelled)"),
        Ok(UploadTrial::LeftToLapse(why)) => Finding::ok(
            RegistryWritable,
            format!("an upload may begin; it could not be cancelled ({why}) and lapses, empty"),
        ),
        Err(fault) => refused(RegistryWritable, &fault, "lets this user push: the worker moves tags"),
    }
}

fn refused(check: super::check::Check, fault: &Fault, so_that: &str) -> Finding {
    if matches!(fault.kind, FaultKind::Denied | FaultKind::NotFound) {
        let remedy = format!(
            "check `registry.repository`, `registry.username` and the password, and that the registry {so_that}"
        );
        Finding::problem(check, fault.to_string(), remedy)
    } else {
        Finding::unseen(check, fault.to_string(), remedy_of(fault.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{CouldNotLook, Ok as Fine, Problem, Warning};
    use super::*;
    use crate::faults::Service;

    fn fault(kind: FaultKind) -> Fault {
        Fault::new(Service::Registry, "x", kind, "no")
    }

    #[test]
    fn reading_and_writing_are_allowed_refused_or_not_known() {
        let digest: ImageDigest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
        let reading = |answer| judge_reading(answer, "host/r").outcome;
        assert_eq!(reading(Ok(Some(digest))), Fine);
        assert_eq!(reading(Ok(None)), Warning);
        assert_eq!(reading(Err(fault(FaultKind::Denied))), Problem);
        assert_eq!(reading(Err(fault(FaultKind::Connection))), CouldNotLook);
        let writing = |answer| judge_writing(answer).outcome;
        assert_eq!(writing(Ok(UploadTrial::Cancelled)), Fine);
        assert_eq!(writing(Ok(UploadTrial::LeftToLapse("405".into()))), Fine);
        assert_eq!(writing(Err(fault(FaultKind::Denied))), Problem);
        assert_eq!(writing(Err(fault(FaultKind::Throttled))), CouldNotLook);
    }
}
