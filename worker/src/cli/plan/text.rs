//! A plan for people: what it is about, each step with what was looked at and what it would change, and at the end what
//! would become of it. Must never say of anything that it was done.

use lockstep_events::ImageDigest;

use super::{Answer, Outcome, Plan};
use crate::cli::status;
use crate::rehearsal::{Change, Look, Step};

/// What the plan comes to, in a word or two.
pub(super) fn would(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "would be accepted",
        Outcome::Waits => "would be accepted and wait",
        Outcome::Rejected => "would be rejected",
        Outcome::Fails => "would be accepted and fail",
        Outcome::CouldNotLook => "could not be looked at",
    }
}

/// The plan's lines.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let Plan { application, environment, target, actor, .. } = plan;
    let mut lines = vec![format!(
        "{target} to {environment} of {application}, asked for by {actor}: nothing is changed by this"
    )];
    if !plan.requester_judged {
        lines.push("  who asks was not judged".to_owned());
    }
    if let Some(free) = &plan.were_it_free {
        lines.push(format!("  {}", sentence(&plan.answer)));
        lines.push(format!(
            "  were it free, without hold and freeze, it {}; the rest is of that:",
            would(free.outcome)
        ));
    }
    lines.extend(facts(plan).into_iter().map(|fact| format!("  {fact}")));
    lines.extend(plan.warnings.iter().map(|warning| format!("  warning: {warning}")));
    for (number, step) in (1..).zip(&plan.steps) {
        lines.extend(of_step(number, step));
    }
    if !plan.looked_at_last.is_empty() {
        lines.push("then".to_owned());
        lines.extend(plan.looked_at_last.iter().map(look));
    }
    if !plan.not_known.is_empty() {
        lines.push("not known before:".to_owned());
        lines.extend(plan.not_known.iter().map(|what| format!("  {what}")));
    }
    if let Some(free) = plan.were_it_free.as_ref().filter(|free| free.outcome != Outcome::Accepted) {
        lines.push(format!("were it free, it {}", sentence(free)));
    }
    lines.push(sentence(&plan.answer));
    lines
}

fn sentence(answer: &Answer) -> String {
    match &answer.reason {
        Some(reason) => format!("{}: {reason}", would(answer.outcome)),
        None => would(answer.outcome).to_owned(),
    }
}

fn facts(plan: &Plan) -> Vec<String> {
    let mut facts = Vec::new();
    if let (Some(version), Some(commit), Some(beta)) = (&plan.version, &plan.commit, &plan.beta) {
        facts.push(format!("version {version}, commit {commit}, beta {beta}"));
    }
    match (plan.build_needed, &plan.digest) {
        (Some(true), _) => facts.push("image: to be built".to_owned()),
        (Some(false), Some(digest)) => facts.push(format!("image: {digest}, no build")),
        (Some(false), None) | (None, _) => {}
    }
    if let Some(baseline) = &plan.baseline {
        facts.push(format!(
            "deployed first: {}, {} (from {})",
            baseline.version, baseline.digest, baseline.found_in
        ));
    }
    if plan.desired.is_some() {
        facts.push(match &plan.rollback_to {
            Some(release) => format!("a rollback would go to: {}", status::in_words(release)),
            None => "a rollback would go nowhere: there is no healthy release to go back to".to_owned(),
        });
    }
    facts
}

fn of_step(number: usize, step: &Step) -> Vec<String> {
    let limit = step.at_most_seconds.map(|seconds| format!(", at most {seconds} s")).unwrap_or_default();
    let mut lines = vec![format!("{number:>2}. {}{limit} → {}", step.state, step.leads_to)];
    lines.extend(step.looked_at.iter().map(look));
    lines.extend(step.changes.iter().flat_map(change));
    lines.extend(step.found.iter().map(|found| format!("      {found}")));
    lines.extend(step.supposed.iter().map(|supposed| format!("      if {supposed}")));
    lines
}

fn look(look: &Look) -> String {
    format!("      see {}: {}", look.what, look.seen)
}

fn change(change: &Change) -> Vec<String> {
    let line = |text: String| vec![format!("      would {text}")];
    match change {
        Change::TakeLock { token } => line(format!("take the lock, token {token}")),
        Change::StartBuild { workflow, reference, inputs } => {
            let inputs: Vec<_> = inputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            line(format!("start {workflow} on {reference} with {}", inputs.join(", ")))
        }
        Change::BindVersion { version, commit, digest, .. } => {
            line(format!("bind version {version} to commit {commit}, {digest} for ever"))
        }
        Change::PointTag { tag, from, to } => {
            let to = to.as_ref().map_or("what the build pushes", ImageDigest::as_str);
            line(match from {
                Some(from) => format!("move image tag {tag} from {from} to {to}"),
                None => format!("put image tag {tag} at {to}"),
            })
        }
        Change::CreateRelease { tag, commit, prerelease, latest, notes } => {
            let kind = if *prerelease { "prerelease" } else { "release" };
            let latest = if *latest { ", as the latest" } else { "" };
            line(format!("create {kind} {tag} at commit {commit}{latest}: {notes}"))
        }
        Change::ChangeRelease { id, latest, notes } => {
            let latest = if *latest == Some(true) { ", as the latest" } else { "" };
            let notes = notes.as_ref().map(|_| ", with other notes").unwrap_or_default();
            line(format!("change release {id}{latest}{notes}"))
        }
        Change::RegisterRevision { revision, base, differences } => {
            let mut lines = line(format!("register {revision}: as {base}, but"));
            for difference in differences {
                let from =
                    difference.from.iter().map(|from| format!("        - {}: {from}", difference.member));
                lines.extend(from);
                lines.push(format!("        + {}: {}", difference.member, difference.to));
            }
            lines
        }
        Change::UpdateService { service, task_definition, desired, .. } => {
            let moved = task_definition.as_ref().map(|(from, to)| format!(" from {from} to {to}"));
            let tasks = desired.map(|(from, to)| format!(", tasks from {from} to {to}"));
            let (moved, tasks) = (moved.unwrap_or_default(), tasks.unwrap_or_default());
            line(format!("update service {service}{moved}{tasks}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::Difference;

    fn plan() -> Plan {
        let step = Step {
            state: "retagged/registering-candidate".to_owned(),
            event: "revision-registered".to_owned(),
            leads_to: "deploying/starting-candidate".to_owned(),
            at_most_seconds: Some(1800),
            looked_at: vec![Look { what: "service shop".to_owned(), seen: "ACTIVE".to_owned() }],
            changes: vec![Change::RegisterRevision {
                revision: "shop:(candidate)".to_owned(),
                base: "shop:1".to_owned(),
                differences: vec![
                    Difference {
                        member: "image of container app".to_owned(),
                        from: Some("shop@old".to_owned()),
                        to: "shop@new".to_owned(),
                    },
                    Difference {
                        member: "tag lockstep:leg".to_owned(),
                        from: None,
                        to: "candidate".to_owned(),
                    },
                ],
            }],
            found: None,
            supposed: None,
        };
        Plan {
            application: "shop".parse().unwrap(),
            environment: "staging".parse().unwrap(),
            target: "main".to_owned(),
            actor: "alice".to_owned(),
            requester_judged: true,
            answer: Answer { outcome: Outcome::Accepted, reason: None, refusal: None },
            exit_code: 0,
            were_it_free: None,
            version: None,
            commit: None,
            beta: None,
            digest: None,
            build_needed: Some(true),
            baseline: None,
            rollback_to: None,
            desired: Some(1),
            warnings: vec!["commit abcdef0 has no checks".to_owned()],
            steps: vec![step],
            looked_at_last: Vec::new(),
            not_known: vec!["whether the build succeeds".to_owned()],
        }
    }

    #[test]
    fn a_plan_reads_from_what_it_is_about_to_what_would_become_of_it() {
        let expected = [
            "main to staging of shop, asked for by alice: nothing is changed by this",
            "  image: to be built",
            "  a rollback would go nowhere: there is no healthy release to go back to",
            "  warning: commit abcdef0 has no checks",
            " 1. retagged/registering-candidate, at most 1800 s → deploying/starting-candidate",
            "      see service shop: ACTIVE",
            "      would register shop:(candidate): as shop:1, but",
            "        - image of container app: shop@old",
            "        + image of container app: shop@new",
            "        + tag lockstep:leg: candidate",
            "not known before:",
            "  whether the build succeeds",
            "would be accepted",
        ];
        assert_eq!(lines(&plan()), expected);
    }

    #[test]
    fn what_is_in_the_way_comes_first_and_last() {
        let answer =
            |outcome, reason: &str| Answer { outcome, reason: Some(reason.to_owned()), refusal: None };
        let lines = lines(&Plan {
            requester_judged: false,
            answer: answer(Outcome::Rejected, "staging is locked"),
            were_it_free: Some(answer(Outcome::Fails, "the tag is taken")),
            ..plan()
        });
        assert_eq!(lines[1], "  who asks was not judged");
        assert_eq!(lines[2], "  would be rejected: staging is locked");
        assert!(lines[3].contains("it would be accepted and fail"), "{}", lines[3]);
        assert_eq!(
            lines[lines.len() - 2..],
            [
                "were it free, it would be accepted and fail: the tag is taken",
                "would be rejected: staging is locked"
            ]
        );
    }
}
