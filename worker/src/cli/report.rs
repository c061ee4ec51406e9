//! The verdict in words: the outcome and why, what was seen when it failed, the proof of what runs, and
//! whether somebody has to act. Every line that holds text from elsewhere begins with words of ours, so that
//! no log takes it for a workflow command.

use lockstep_state_machines::Failure;

use super::Exit;
use super::verdict::{Parity, Verdict};
use crate::timeline::{Line, Tone};

/// The verdict, a line each, with what counts most in colour.
pub(super) fn toned(verdict: &Verdict) -> Vec<Line> {
    let tone = tone(&verdict.state);
    let mut lines: Vec<Line> = lines(verdict).into_iter().map(Line::from).collect();
    if let Some(first) = lines.first_mut() {
        *first = Line::default()
            .and(tone, verdict.state.clone())
            .and(Tone::Plain, format!(": {}", verdict.reason));
    }
    if let Some(last) = lines.last_mut().filter(|_| verdict.operator_needed) {
        *last = Line::default().and(Tone::Bad, last.text());
    }
    lines
}

/// What an outcome is to whoever waits for it; what is no outcome is under way.
pub(super) fn tone(outcome: &str) -> Tone {
    match outcome {
        "healthy" => Tone::Good,
        "failed" | "rolled-back" => Tone::Bad,
        "rejected" | "cancelled" => Tone::Caution,
        _ => Tone::Active,
    }
}

/// The verdict, a line each.
pub(super) fn lines(verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", verdict.state, verdict.reason)];
    facts(verdict, &mut lines);
    if let Some(cause) = &verdict.failure {
        failure("cause", cause, &mut lines);
    }
    for trouble in &verdict.unwind_failures {
        failure("then, on the way back", trouble, &mut lines);
    }
    if let Some(proof) = &verdict.parity {
        parity("parity", proof, &mut lines);
    }
    if let Some(proof) = &verdict.restored {
        parity("restored", proof, &mut lines);
    }
    lines.extend(verdict.reference_notes.iter().map(|note| format!("  references: {note}")));
    if matches!(verdict.exit, Exit::Failed | Exit::RolledBack) {
        lines.push(if verdict.operator_needed {
            format!("  operator: needed; look at {} before deploying there again", verdict.environment)
        } else {
            "  operator: not needed".to_owned()
        });
    }
    lines
}

fn facts(verdict: &Verdict, lines: &mut Vec<String>) {
    if let (Some(commit), Some(version)) = (&verdict.commit, &verdict.version) {
        lines.push(format!("  version: {version} at commit {commit}"));
    }
    if let Some(url) = &verdict.build_url {
        lines.push(format!("  build: {url}"));
    }
    if let Some(url) = &verdict.release_url {
        lines.push(format!("  release: {url}"));
    }
    lines.extend(verdict.warnings.iter().map(|warning| format!("  warning: {warning}")));
}

fn failure(what: &str, failure: &Failure, lines: &mut Vec<String>) {
    lines.push(format!("  {what}, during {} at {:.0}: {}", failure.during, failure.at, failure.message));
    let evidence = &failure.evidence;
    lines.extend(evidence.service_events.iter().map(|event| format!("    service event: {event}")));
    lines.extend(evidence.stopped_tasks.iter().map(|task| format!("    stopped {task}")));
    if let Some(seen) = &evidence.readiness {
        let status = seen.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        lines.push(format!("    last readiness answer of {}: {status}: {}", seen.url, seen.detail));
    }
}

fn parity(what: &str, proof: &Parity, lines: &mut Vec<String>) {
    lines.push(match &proof.unproven {
        None => format!("  {what}: every running task runs {} of {}", proof.digest, proof.release),
        Some(why) => {
            format!("  {what}: unproven that every task runs {} of {}: {why}", proof.digest, proof.release)
        }
    });
    lines.extend(proof.tasks.iter().map(|task| format!("    task {}: {}", task.task, task.digest)));
}

#[cfg(test)]
mod tests {
    use lockstep_state_machines::{Evidence, FailureCode, ReadinessSeen};

    use super::super::verdict::Task;
    use super::*;

    const AT: &str = "2026-11-23T09:30:00Z";

    fn digest(fill: char) -> String {
        format!("sha256:{}", fill.to_string().repeat(64))
    }

    fn verdict(exit: Exit, state: &str, reason: &str) -> Verdict {
        Verdict {
            id: uuid::Uuid::now_v7().try_into().unwrap(),
            application: "shop".parse().unwrap(),
            environment: "production".parse().unwrap(),
            state: state.to_owned(),
            exit,
            at: AT.parse().unwrap(),
            reason: reason.to_owned(),
            operator_needed: false,
            version: None,
            beta: None,
            commit: None,
            digest: None,
            build_url: None,
            release_url: None,
            warnings: Vec::new(),
            refusal: None,
            failure: None,
            unwind_failures: Vec::new(),
            parity: None,
            restored: None,
            reference_notes: Vec::new(),
        }
    }

    fn failed(message: &str, evidence: Evidence) -> Failure {
        Failure {
            code: FailureCode::Rollout,
            during: "deploying/rolling-out-candidate".to_owned(),
            message: message.to_owned(),
            evidence,
            at: AT.parse().unwrap(),
        }
    }

    fn proof(unproven: Option<&str>) -> Parity {
        Parity {
            release: "0.1.0".to_owned(),
            digest: digest('a').parse().unwrap(),
            tasks: vec![Task { task: "t1".to_owned(), digest: digest('b') }],
            unproven: unproven.map(str::to_owned),
        }
    }

    #[test]
    fn a_rejection_is_its_reason_and_nothing_else() {
        let reason =
            "Another production deployment is already in progress. Please wait for it to complete. (…)";
        assert_eq!(lines(&verdict(Exit::Rejected, "rejected", reason)), [format!("rejected: {reason}")]);
    }

    #[test]
    fn a_rollback_shows_the_evidence_and_what_runs_again() {
        let evidence = Evidence {
            service_events: vec!["(service web) tasks failed to start.".to_owned()],
            stopped_tasks: vec!["task t9: Essential container exited; container web: exit code 3".to_owned()],
            readiness: Some(ReadinessSeen {
                url: "http://127.0.0.1/ready".to_owned(),
                status: Some(503),
                detail: "starting".to_owned(),
            }),
        };
        let report = lines(&Verdict {
            failure: Some(failed("ECS gave the rollout up", evidence)),
            restored: Some(proof(None)),
            reference_notes: vec!["latest names 0.1.0 again".to_owned()],
            ..verdict(Exit::RolledBack, "rolled-back", "ECS gave the rollout up. 0.1.0 runs again")
        });
        let expected = [
            "rolled-back: ECS gave the rollout up. 0.1.0 runs again".to_owned(),
            "  cause, during deploying/rolling-out-candidate at 2026-11-23T09:30:00Z: ECS gave the rollout up".to_owned(),
            "    service event: (service web) tasks failed to start.".to_owned(),
            "    stopped task t9: Essential container exited; container web: exit code 3".to_owned(),
            "    last readiness answer of http://127.0.0.1/ready: 503: starting".to_owned(),
            format!("  restored: every running task runs {} of 0.1.0", digest('a')),
            format!("    task t1: {}", digest('b')),
            "  references: latest names 0.1.0 again".to_owned(),
            "  operator: not needed".to_owned(),
        ];
        assert_eq!(report, expected);
    }

    #[test]
    fn a_failure_that_needs_an_operator_says_so_and_each_later_trouble() {
        let report = lines(&Verdict {
            operator_needed: true,
            failure: Some(failed("the rollout failed", Evidence::default())),
            unwind_failures: vec![failed("the way back failed too", Evidence::default())],
            ..verdict(Exit::Failed, "failed", "why")
        });
        assert!(report.iter().any(|line| line.starts_with("  then, on the way back, during")), "{report:?}");
        assert_eq!(
            report.last().unwrap(),
            "  operator: needed; look at production before deploying there again"
        );
    }

    #[test]
    fn a_healthy_deployment_shows_its_proof_or_that_it_has_none() {
        let healthy = |proof| {
            lines(&Verdict { parity: Some(proof), ..verdict(Exit::Done, "healthy", "0.1.0 runs") }).join("\n")
        };
        assert!(healthy(proof(None)).contains("parity: every running task runs"));
        let unproven = healthy(proof(Some("ECS reports no image digest for task t2")));
        assert!(unproven.contains("unproven that every task runs"), "{unproven}");
        assert!(unproven.ends_with(&digest('b')), "no word of an operator: {unproven}");
    }
}
