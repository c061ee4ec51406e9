//! What guards the default branch, the environments and the choice of actions, held against the deployment guide
//! ("Configure GitHub repository").

use super::check::Check::{
    self, ActionsAllowed, BranchBypass, BranchChecks, BranchHistory, BranchReviews, EnvironmentBranches,
    EnvironmentReviewers, EnvironmentSelfReview,
};
use super::finding::{Finding, Outcome};
use crate::config::Kind;
use crate::faults::{Fault, FaultKind};
use crate::ports::Answer;
use crate::ports::setup::{ActionsSetup, BranchPolicy, BranchRules, EnvironmentProtection, ForgeInspector};

/// To whoever lacks the permission GitHub answers 403 or 404 (GitHub REST documentation, "Troubleshooting").
const RIGHTS: &str = "run it with a credential that has Administration: read and Actions: read; without them GitHub hides this";

/// Looks at which actions may run.
pub(super) async fn look_at_actions(forge: &dyn ForgeInspector) -> Finding {
    match forge.actions().await {
        Ok(setup) => judge_actions(&setup),
        Err(fault) => blocked(ActionsAllowed, &fault),
    }
}

/// Looks at what holds for the default branch.
pub(super) async fn look_at_branch(
    forge: &dyn ForgeInspector,
    branch: &str,
    required: &[String],
) -> Vec<Finding> {
    match forge.branch_rules(branch).await {
        Ok(rules) => judge_branch(&rules, branch, required),
        Err(fault) => {
            let all = [BranchReviews, BranchChecks, BranchHistory, BranchBypass];
            all.map(|check| blocked(check, &fault)).to_vec()
        }
    }
}

fn blocked(check: Check, fault: &Fault) -> Finding {
    match fault.kind {
        FaultKind::Denied | FaultKind::NotFound => Finding::unseen(check, fault.to_string(), RIGHTS),
        _ => Finding::blocked(check, fault),
    }
}

fn judge_actions(setup: &ActionsSetup) -> Finding {
    let ActionsSetup { allowed, patterns, github_owned, verified, .. } = setup;
    let with = |is: &bool, what| if *is { what } else { "" };
    let seen = format!(
        "allowed: {allowed}{}{} {}",
        with(github_owned, ", GitHub's own"),
        with(verified, ", verified creators'"),
        patterns.join(" ")
    );
    if !setup.enabled {
        let remedy = "enable Actions: images are built there";
        return Finding::problem(ActionsAllowed, "Actions are disabled", remedy);
    }
    if allowed == "all" || patterns.iter().any(|pattern| pattern == "*" || pattern == "*/*") {
        let remedy = "allow selected actions only: actions/*, aws-actions/*, docker/*, dtolnay/*";
        return Finding::problem(ActionsAllowed, seen.trim(), remedy);
    }
    let remedy = "let GitHub require full-length commit SHAs too (`sha_pinning_required`)";
    Finding::preferably(setup.pinning_required != Some(false), ActionsAllowed, seen.trim(), remedy)
}

fn judge_branch(rules: &BranchRules, branch: &str, required: &[String]) -> Vec<Finding> {
    let judged = |fits: bool, check: Check, seen: String, remedy: &str| match (&rules.unread, fits) {
        // What rulesets lack, branch protection may have.
        (Some(why), false) => Finding::unseen(
            check,
            format!("{seen} by rulesets, and branch protection could not be read: {why}"),
            RIGHTS,
        ),
        _ => Finding::either(fits, check, seen, remedy),
    };
    let approvals = rules.approvals.unwrap_or(0);
    let missing: Vec<_> =
        required.iter().filter(|name| !rules.checks.contains(name)).map(String::as_str).collect();
    let mut checks = judged(
        !rules.checks.is_empty(),
        BranchChecks,
        format!("required for {branch}: [{}]", rules.checks.join(", ")),
        "require status checks to pass before merging",
    );
    if checks.outcome == Outcome::Ok && !missing.is_empty() {
        let remedy = format!("require them on {branch} too: {}", missing.join(", "));
        checks = Finding::warning(
            BranchChecks,
            format!("{}, not all of github.required_checks", checks.seen),
            remedy,
        );
    }
    vec![
        judged(
            approvals > 0,
            BranchReviews,
            format!("{approvals} approvals are needed to change {branch}"),
            "require pull requests with at least one approving review before merging",
        ),
        checks,
        judged(
            rules.refuses_force_pushes && rules.refuses_deletion,
            BranchHistory,
            format!(
                "force pushes are {}, deletion is {}",
                refused(rules.refuses_force_pushes),
                refused(rules.refuses_deletion)
            ),
            "restrict force pushes and deletions of the branch",
        ),
        judge_bypass(rules),
    ]
}

fn judge_bypass(rules: &BranchRules) -> Finding {
    let by_hand = "look under Settings, Rules who may bypass them";
    match (rules.binds_administrators, &rules.unread) {
        (Some(binds), _) => Finding::either(
            binds,
            BranchBypass,
            if binds {
                "branch protection binds administrators too"
            } else {
                "administrators can bypass branch protection"
            },
            "turn on \"Do not allow bypassing the above settings\"",
        ),
        (None, Some(why)) => {
            Finding::unseen(BranchBypass, format!("branch protection could not be read: {why}"), by_hand)
        }
        (None, None) => Finding::warning(
            BranchBypass,
            "there is no branch protection, and GitHub does not say who may bypass rulesets",
            by_hand,
        ),
    }
}

fn refused(it_is: bool) -> &'static str {
    if it_is { "refused" } else { "allowed" }
}

/// Judges the GitHub environment of an environment.
pub(super) fn judge_environment(
    answer: &Answer<Option<EnvironmentProtection>>,
    name: &str,
    kind: Kind,
    branch: &str,
) -> Vec<Finding> {
    let protection = match answer {
        Ok(Some(protection)) => protection,
        Ok(None) => {
            let seen = format!("the repository has no GitHub environment {name}");
            let remedy =
                format!("create it under Settings, Environments, for deployments from {branch} only");
            return vec![Finding::problem(EnvironmentBranches, seen, remedy)];
        }
        Err(fault) => {
            let mut findings = vec![blocked(EnvironmentBranches, fault)];
            if kind == Kind::Production {
                findings.push(blocked(EnvironmentReviewers, fault));
            }
            return findings;
        }
    };
    let mut findings = vec![judge_branches(&protection.branches, branch)];
    if kind == Kind::Production {
        let reviewers = protection.reviewers;
        findings.push(Finding::either(
            reviewers > 0,
            EnvironmentReviewers,
            format!("{reviewers} people or teams can approve"),
            "add required reviewers: without any a production deployment waits for nobody",
        ));
        if reviewers > 0 {
            findings.push(Finding::preferably(
                protection.prevents_self_review,
                EnvironmentSelfReview,
                if protection.prevents_self_review {
                    "refused"
                } else {
                    "whoever starts a run can approve it"
                },
                "turn on \"Prevent self-review\"",
            ));
        }
    }
    findings
}

fn judge_branches(policy: &BranchPolicy, branch: &str) -> Finding {
    let remedy = format!("select {branch} as its only deployment branch");
    match policy {
        BranchPolicy::Any => {
            Finding::problem(EnvironmentBranches, "it can be deployed to from every branch and tag", remedy)
        }
        BranchPolicy::Protected => {
            Finding::ok(EnvironmentBranches, "it can be deployed to from protected branches only")
        }
        BranchPolicy::Named(names) => {
            let seen = format!("it can be deployed to from {}", names.join(", "));
            Finding::either(names.iter().all(|name| name == branch), EnvironmentBranches, seen, &remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{CouldNotLook, Ok as Fine, Problem, Warning};
    use super::*;
    use crate::faults::Service;

    fn outcomes(findings: &[Finding]) -> Vec<Outcome> {
        findings.iter().map(|finding| finding.outcome).collect()
    }

    fn rules() -> BranchRules {
        BranchRules {
            approvals: Some(1),
            checks: vec!["ci".into()],
            refuses_force_pushes: true,
            refuses_deletion: true,
            binds_administrators: Some(true),
            unread: None,
        }
    }

    #[test]
    fn a_branch_that_is_guarded_and_each_that_is_not() {
        let judged = |rules: &BranchRules| outcomes(&judge_branch(rules, "main", &["ci".to_owned()]));
        // Reviews, checks, history, bypass.
        let cases = [
            (rules(), [Fine; 4]),
            (BranchRules { approvals: None, ..rules() }, [Problem, Fine, Fine, Fine]),
            (BranchRules { approvals: Some(0), ..rules() }, [Problem, Fine, Fine, Fine]),
            (BranchRules { checks: vec![], ..rules() }, [Fine, Problem, Fine, Fine]),
            (BranchRules { checks: vec!["lint".into()], ..rules() }, [Fine, Warning, Fine, Fine]),
            (BranchRules { refuses_force_pushes: false, ..rules() }, [Fine, Fine, Problem, Fine]),
            (BranchRules { refuses_deletion: false, ..rules() }, [Fine, Fine, Problem, Fine]),
            (BranchRules { binds_administrators: Some(false), ..rules() }, [Fine, Fine, Fine, Problem]),
            (BranchRules { binds_administrators: None, ..rules() }, [Fine, Fine, Fine, Warning]),
        ];
        for (rules, expected) in cases {
            assert_eq!(judged(&rules), expected, "{rules:?}");
        }
        let unread = BranchRules { unread: Some("403".into()), ..BranchRules::default() };
        assert_eq!(judged(&unread), [CouldNotLook; 4], "what was not read is not called wrong");
    }

    #[test]
    fn an_environment_is_entered_from_the_default_branch_and_production_with_an_approval() {
        let good = EnvironmentProtection {
            reviewers: 1,
            prevents_self_review: true,
            branches: BranchPolicy::Named(vec!["main".into()]),
        };
        let judged = |protection: EnvironmentProtection, kind| {
            outcomes(&judge_environment(&Ok(Some(protection)), "e", kind, "main"))
        };
        let from = |branches| EnvironmentProtection { branches, ..good.clone() };
        assert_eq!(judged(good.clone(), Kind::Production), [Fine, Fine, Fine]);
        assert_eq!(judged(good.clone(), Kind::Staging), [Fine]);
        assert_eq!(judged(from(BranchPolicy::Protected), Kind::Staging), [Fine]);
        assert_eq!(judged(from(BranchPolicy::Any), Kind::Staging), [Problem]);
        assert_eq!(judged(from(BranchPolicy::Named(vec!["*".into()])), Kind::Staging), [Problem]);
        let alone = EnvironmentProtection { reviewers: 0, ..good.clone() };
        assert_eq!(judged(alone, Kind::Production), [Fine, Problem]);
        let own = EnvironmentProtection { prevents_self_review: false, ..good };
        assert_eq!(judged(own, Kind::Production), [Fine, Fine, Warning]);
        assert_eq!(outcomes(&judge_environment(&Ok(None), "e", Kind::Staging, "main")), [Problem]);
        let denied = Err(Fault::new(Service::GitHub, "x", FaultKind::Denied, "403"));
        let blocked = judge_environment(&denied, "e", Kind::Production, "main");
        assert_eq!(outcomes(&blocked), [CouldNotLook, CouldNotLook]);
    }

    #[test]
    fn actions_are_selected() {
        let good = ActionsSetup {
            enabled: true,
            allowed: "selected".into(),
            pinning_required: Some(true),
            patterns: vec!["actions/*".into()],
            ..ActionsSetup::default()
        };
        assert_eq!(judge_actions(&good).outcome, Fine);
        assert_eq!(judge_actions(&ActionsSetup { enabled: false, ..good.clone() }).outcome, Problem);
        assert_eq!(judge_actions(&ActionsSetup { allowed: "all".into(), ..good.clone() }).outcome, Problem);
        assert_eq!(
            judge_actions(&ActionsSetup { patterns: vec!["*".into()], ..good.clone() }).outcome,
            Problem
        );
        assert_eq!(judge_actions(&ActionsSetup { pinning_required: Some(false), ..good }).outcome, Warning);
    }
}
