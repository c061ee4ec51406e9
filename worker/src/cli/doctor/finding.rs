//! What a check found: what was seen, whether that will do, and what to do if not. Must never hold a secret.

use serde::Serialize;

use super::check::Check;
use crate::cli::Exit;
use crate::faults::{Fault, FaultKind};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// As it should be.
    Ok,
    /// Deployments work, but something is weaker than it should be, or cannot be told for sure.
    Warning,
    /// A deployment will fail, or somebody can deploy who should not.
    Problem,
    /// It could not be looked at: nothing is said about it.
    CouldNotLook,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) outcome: Outcome,
    /// What was seen.
    pub(super) seen: String,
    /// What to do; nothing where all is well.
    pub(super) remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(check: Check, seen: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Ok, seen: seen.into(), remedy: None }
    }

    /// Weaker than it should be.
    pub(super) fn warning(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Warning, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    /// Wrong.
    pub(super) fn problem(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Problem, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    /// As it should be where `fits`, else wrong.
    pub(super) fn either(fits: bool, check: Check, seen: impl Into<String>, remedy: &str) -> Self {
        if fits { Self::ok(check, seen) } else { Self::problem(check, seen, remedy) }
    }

    /// As it should be where `fits`, else weaker.
    pub(super) fn preferably(fits: bool, check: Check, seen: impl Into<String>, remedy: &str) -> Self {
        if fits { Self::ok(check, seen) } else { Self::warning(check, seen, remedy) }
    }

    /// Not looked at, for this reason.
    pub(super) fn unseen(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::CouldNotLook, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    /// Not looked at, because a service did not let us or did not answer.
    pub(super) fn blocked(check: Check, fault: &Fault) -> Self {
        Self::unseen(check, fault.to_string(), remedy_of(fault.kind))
    }
}

/// What to do about a call that gave no answer.
pub(super) fn remedy_of(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Denied => {
            "run it with credentials that may make this call (docs/doctor.md lists what each check needs)"
        }
        FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Contended => "run it again later",
        FaultKind::TimedOut | FaultKind::Connection => {
            "check the address and the region in the configuration and this host's way to it, and run it again"
        }
        FaultKind::Refused | FaultKind::NotFound | FaultKind::Unintelligible => {
            "check the names in the configuration; a service that stands in for the real one may not offer this call"
        }
    }
}

/// What was found at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// The place, such as `environment staging of shop`.
    pub(super) place: String,
    pub(super) findings: Vec<Finding>,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ok: usize,
    pub(super) warnings: usize,
    pub(super) problems: usize,
    pub(super) unseen: usize,
}

impl Tally {
    /// Counts.
    pub(super) fn of(groups: &[Group]) -> Self {
        let mut tally = Self::default();
        for finding in groups.iter().flat_map(|group| &group.findings) {
            *match finding.outcome {
                Outcome::Ok => &mut tally.ok,
                Outcome::Warning => &mut tally.warnings,
                Outcome::Problem => &mut tally.problems,
                Outcome::CouldNotLook => &mut tally.unseen,
            } += 1;
        }
        tally
    }

    /// A problem counts for more than something that could not be looked at.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self { problems: 1.., .. } => Exit::Unsound,
            Self { unseen: 1.., .. } => Exit::Unseen,
            _ => Exit::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_decides_the_exit_code_then_what_could_not_be_looked_at_and_never_a_warning() {
        let check = Check::TableFound;
        let ok = Finding::ok(check, "x");
        let warning = Finding::warning(check, "x", "y");
        let problem = Finding::problem(check, "x", "y");
        let unseen = Finding::unseen(check, "x", "y");
        let exit = |findings: &[&Finding]| {
            let findings = findings.iter().map(|finding| (*finding).clone()).collect();
            Tally::of(&[Group { place: "here".into(), findings }]).exit()
        };
        assert_eq!(exit(&[]), Exit::Done);
        assert_eq!(exit(&[&ok, &warning]), Exit::Done);
        assert_eq!(exit(&[&ok, &unseen]), Exit::Unseen);
        assert_eq!(exit(&[&unseen, &problem, &warning]), Exit::Unsound);
    }
}
