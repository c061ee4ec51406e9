//! Whose AWS credentials are used, and whether a workflow's identity would get its role. The deployment guide's three
//! troubles with OIDC each have their words here.

use super::check::Check::{AwsIdentity, AwsRole};
use super::finding::{Finding, remedy_of};
use crate::faults::FaultKind;
use crate::ports::setup::{Caller, IdentityFault, IdentityInspector, RoleTrial};

/// Looks at the identity; `None` where AWS's endpoints are stand-ins and nobody stands in for STS.
pub(super) async fn look(inspector: Option<&dyn IdentityInspector>) -> Vec<Finding> {
    let Some(inspector) = inspector else {
        return vec![Finding::unseen(
            AwsIdentity,
            "other services of AWS have stand-ins, STS has none",
            "set `aws.sts_endpoint` in the configuration too, or take the others out",
        )];
    };
    let mut findings = vec![judge(inspector.caller().await)];
    findings.extend(inspector.try_role().await.as_ref().map(judge_role));
    findings
}

fn judge(caller: Result<Caller, IdentityFault>) -> Finding {
    match caller {
        Ok(Caller { account, arn }) => Finding::ok(AwsIdentity, format!("{arn} of account {account}")),
        Err(fault) if fault.kind == FaultKind::Denied => Finding::problem(
            AwsIdentity,
            fault.to_string(),
            "give this process credentials: a role, a profile or the AWS_* variables; check this host's clock too",
        ),
        Err(fault) => Finding::unseen(AwsIdentity, fault.to_string(), remedy_of(fault.kind)),
    }
}

/// STS's words for what a trust policy and its provider may lack (API reference: AssumeRoleWithWebIdentity; the
/// deployment guide, "Verify OIDC connection"), and what to do.
const TROUBLES: [(&str, &str); 5] = [
    (
        "not authorized to perform",
        "the role's trust policy does not match this token: compare its conditions on sub, aud, repository_id and ref \
         with the claims above (exact repository name; runs from the default branch or the environment), and that \
         the role's ARN is right",
    ),
    (
        "no openidconnect provider",
        "deploy SharedStack (infra/) in this account: it makes the provider for token.actions.githubusercontent.com",
    ),
    ("audience", "let the provider have sts.amazonaws.com as an audience, and the workflow ask for that one"),
    ("expired", "ask for a new token: it is good for minutes only; check this host's clock"),
    ("could not be validated", "check that the provider's URL is the token's `iss`"),
];

fn judge_role(trial: &RoleTrial) -> Finding {
    let RoleTrial { role, claims, outcome } = trial;
    let fault = match outcome {
        Ok(()) => return Finding::ok(AwsRole, format!("{role} can be assumed by {claims}")),
        Err(fault) => fault,
    };
    let seen = format!("{role}, by {claims}: {fault}");
    let words = fault.message.to_lowercase();
    match TROUBLES.iter().find(|(said, _)| words.contains(said)) {
        Some((_, remedy)) => Finding::problem(AwsRole, seen, *remedy),
        None if matches!(fault.kind, FaultKind::Denied | FaultKind::Refused) => {
            Finding::problem(AwsRole, seen, "check the role's ARN and its trust policy")
        }
        None => Finding::unseen(AwsRole, seen, remedy_of(fault.kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{CouldNotLook, Ok as Fine, Problem};
    use super::*;

    fn fault(kind: FaultKind, message: &str) -> IdentityFault {
        IdentityFault { operation: "X", kind, message: message.to_owned() }
    }

    #[test]
    fn credentials_are_there_or_not_or_nobody_answers() {
        let caller = Caller { account: "1".into(), arn: "arn:aws:iam::1:user/me".into() };
        assert_eq!(judge(Ok(caller)).outcome, Fine);
        assert_eq!(judge(Err(fault(FaultKind::Denied, "none"))).outcome, Problem);
        assert_eq!(judge(Err(fault(FaultKind::Connection, "refused"))).outcome, CouldNotLook);
    }

    #[test]
    fn each_trouble_of_the_guide_has_its_remedy() {
        let judged = |kind, message: &str| {
            let outcome = Err(fault(kind, message));
            judge_role(&RoleTrial { role: "arn:r".into(), claims: "sub = s".into(), outcome })
        };
        for (kind, said, remedy) in [
            (
                FaultKind::Denied,
                "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
                "trust policy does not match",
            ),
            (
                FaultKind::Refused,
                "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://x",
                "deploy SharedStack",
            ),
            (FaultKind::Refused, "InvalidIdentityToken: Incorrect token audience", "sts.amazonaws.com"),
            (FaultKind::Refused, "InvalidIdentityToken: Audience not allowed", "sts.amazonaws.com"),
            (FaultKind::Denied, "ExpiredTokenException: Token expired: current date", "new token"),
            (FaultKind::Refused, "SomethingElse: no", "check the role's ARN"),
        ] {
            let finding = judged(kind, said);
            assert_eq!(finding.outcome, Problem, "{said}");
            assert!(finding.remedy.unwrap().contains(remedy), "{said}");
            assert!(finding.seen.contains("sub = s"), "the claims are shown");
        }
        assert_eq!(judged(FaultKind::Unavailable, "IDPCommunicationError").outcome, CouldNotLook);
        let fine = RoleTrial { role: "arn:r".into(), claims: String::new(), outcome: Ok(()) };
        assert_eq!(judge_role(&fine).outcome, Fine);
    }
}
