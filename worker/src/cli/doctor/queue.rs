//! The queue and its dead-letter queue: are they there, and do they behave as workers rely on. No message is received.

use super::check::Check::{
    QueueDeadLetters, QueueEncryption, QueueFound, QueueKind, QueueRetention, QueueSenders, QueueTransport,
    QueueVisibility,
};
use super::finding::{Finding, Group};
use super::policy::Policy;
use super::requests;
use crate::config::{QueueConfig, WorkerConfig};
use crate::ports::Answer;
use crate::ports::setup::{QueueInspector, QueueSetup};

/// A message is received once for each worker that dies with it, and once for each try that meets a fault: fewer
/// deliveries than this are used up by one bad deployment of the worker itself.
const FEWEST_DELIVERIES: u32 = 5;

/// A weekend, in seconds: what is less is lost when nobody looks.
const SHORTEST_RETENTION: u32 = 4 * 24 * 3600;

/// Looks at both queues.
pub(super) async fn look(
    inspector: &dyn QueueInspector,
    config: &QueueConfig,
    worker: &WorkerConfig,
) -> Vec<Group> {
    let dead = inspector.queue(&config.dead_letter_url).await;
    let queue = inspector.queue(&config.url).await;
    let dead_arn = dead.as_ref().ok().and_then(Option::as_ref).map(|dead| dead.arn.clone());
    let mut queue = found(&queue, &config.url, |setup| judge(setup, dead_arn.as_deref(), worker));
    queue.push(requests::judge_wakers(config));
    let dead = found(&dead, &config.dead_letter_url, common);
    vec![
        Group { place: format!("queue {}", config.url), findings: queue },
        Group { place: format!("dead-letter queue {}", config.dead_letter_url), findings: dead },
    ]
}

fn found(
    answer: &Answer<Option<QueueSetup>>,
    url: &str,
    judge: impl Fn(&QueueSetup) -> Vec<Finding>,
) -> Vec<Finding> {
    match answer {
        Ok(Some(setup)) => {
            let found = Finding::ok(QueueFound, setup.arn.as_str());
            std::iter::once(found).chain(judge(setup)).collect()
        }
        Ok(None) => vec![Finding::problem(
            QueueFound,
            format!("there is no queue {url}"),
            "deploy LockstepStack (infra/), or correct `queue` and `aws.region` in the configuration",
        )],
        Err(fault) => vec![Finding::blocked(QueueFound, fault)],
    }
}

fn judge(setup: &QueueSetup, dead_letters: Option<&str>, worker: &WorkerConfig) -> Vec<Finding> {
    let mut findings = vec![
        Finding::either(
            !setup.fifo,
            QueueKind,
            if setup.fifo { "FIFO" } else { "standard" },
            "use a standard queue: a FIFO queue takes no delay for a single message, and wake-ups are delayed",
        ),
        visibility(setup.visibility_seconds, worker.visibility_seconds),
        redrive(setup, dead_letters),
    ];
    findings.extend(common(setup));
    findings.push(senders(setup.policy.as_deref()));
    findings
}

/// A worker's first heartbeat comes after a third of its own time; until then the queue's time counts.
fn visibility(queue: u32, worker: u32) -> Finding {
    let seen =
        format!("a received message stays hidden for {queue} s, worker.visibility_seconds is {worker}");
    let remedy = format!("set the queue's VisibilityTimeout to {worker}");
    if queue <= worker / 3 {
        let why = format!("{remedy}: messages come back before the first heartbeat, while they are handled");
        Finding::problem(QueueVisibility, seen, why)
    } else if queue == worker {
        Finding::ok(QueueVisibility, seen)
    } else {
        let why = format!("{remedy}: after it a dead worker's message comes back");
        Finding::warning(QueueVisibility, seen, why)
    }
}

fn redrive(setup: &QueueSetup, dead_letters: Option<&str>) -> Finding {
    let Some(redrive) = &setup.redrive else {
        return Finding::problem(
            QueueDeadLetters,
            "it has no redrive policy",
            "set a redrive policy to the dead-letter queue: what can never be handled comes back for ever without",
        );
    };
    let count = redrive.max_receive_count;
    let seen = format!("after {count} deliveries messages go to {}", redrive.target_arn);
    match dead_letters {
        Some(arn) if arn != redrive.target_arn => Finding::problem(
            QueueDeadLetters,
            seen,
            format!("queue.dead_letter_url names {arn}: correct it, or the queue's redrive policy"),
        ),
        _ if count < FEWEST_DELIVERIES => Finding::warning(
            QueueDeadLetters,
            seen,
            format!(
                "set maxReceiveCount to at least {FEWEST_DELIVERIES}, better 10: workers may die and services fail"
            ),
        ),
        Some(_) => Finding::ok(QueueDeadLetters, seen),
        None => Finding::unseen(
            QueueDeadLetters,
            format!("{seen}; whether that is queue.dead_letter_url could not be seen"),
            "make the dead-letter queue readable, see there",
        ),
    }
}

/// What both queues should have.
fn common(setup: &QueueSetup) -> Vec<Finding> {
    let days = f64::from(setup.retention_seconds) / 86_400.0;
    let policy = Policy::read(setup.policy.as_deref());
    vec![
        Finding::preferably(
            setup.retention_seconds >= SHORTEST_RETENTION,
            QueueRetention,
            format!("messages are kept for {days:.1} days"),
            "set MessageRetentionPeriod to 1209600 (14 days)",
        ),
        match policy {
            Ok(policy) => Finding::preferably(
                policy.refuses_plain_http(),
                QueueTransport,
                if policy.refuses_plain_http() {
                    "plain HTTP is refused"
                } else {
                    "plain HTTP is not refused"
                },
                "add a statement to its policy that denies sqs:* where aws:SecureTransport is false",
            ),
            Err(problem) => Finding::unseen(QueueTransport, problem, "look at the queue's policy by hand"),
        },
        Finding::preferably(
            setup.encrypted,
            QueueEncryption,
            if setup.encrypted {
                "messages are encrypted at rest"
            } else {
                "messages are not encrypted at rest"
            },
            "set SqsManagedSseEnabled to true, or give it a KMS key",
        ),
    ]
}

fn senders(policy: Option<&str>) -> Finding {
    let policy = match Policy::read(policy) {
        Ok(policy) => policy,
        Err(problem) => {
            return Finding::unseen(QueueSenders, problem, "look at the queue's policy by hand");
        }
    };
    if policy.lets_anybody_send() {
        Finding::problem(
            QueueSenders,
            "its policy lets anybody send, without a condition",
            "take the statement for every principal out of the policy: whoever can send can ask for deployments",
        )
    } else if policy.refuses_other_senders() {
        Finding::ok(QueueSenders, "its policy refuses every sender but those that it names")
    } else {
        Finding::warning(
            QueueSenders,
            "its policy names no senders: whoever an IAM policy of the account allows can send",
            "deny sqs:SendMessage to all but the sender roles, the worker and the EventBridge rule (infra/src/lockstep/queue-policy.ts)",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{self, CouldNotLook, Ok, Problem, Warning};
    use super::*;
    use crate::ports::setup::Redrive;

    const DEAD: &str = "arn:aws:sqs:r:1:lockstep-dead-letters";

    fn good() -> QueueSetup {
        QueueSetup {
            arn: "arn:aws:sqs:r:1:lockstep".into(),
            visibility_seconds: 60,
            retention_seconds: 1_209_600,
            fifo: false,
            encrypted: true,
            redrive: Some(Redrive { target_arn: DEAD.into(), max_receive_count: 10 }),
            policy: Some(
                r#"{"Statement":[
                {"Effect":"Deny","Principal":"*","Action":"sqs:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
                {"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Condition":{"ArnNotEquals":{"aws:PrincipalArn":["arn:r"]}}}
                ]}"#
                .into(),
            ),
        }
    }

    fn outcomes(setup: &QueueSetup) -> Vec<Outcome> {
        let findings = judge(setup, Some(DEAD), &WorkerConfig::default());
        findings.iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn a_queue_that_fits_and_each_that_does_not() {
        let redrive =
            |target: &str, count| Some(Redrive { target_arn: target.into(), max_receive_count: count });
        // Kind, visibility, dead letters, retention, transport, encryption, senders.
        let cases = [
            (good(), [Ok; 7]),
            (QueueSetup { fifo: true, ..good() }, [Problem, Ok, Ok, Ok, Ok, Ok, Ok]),
            (QueueSetup { visibility_seconds: 30, ..good() }, [Ok, Warning, Ok, Ok, Ok, Ok, Ok]),
            (QueueSetup { visibility_seconds: 90, ..good() }, [Ok, Warning, Ok, Ok, Ok, Ok, Ok]),
            (QueueSetup { visibility_seconds: 20, ..good() }, [Ok, Problem, Ok, Ok, Ok, Ok, Ok]),
            (QueueSetup { redrive: None, ..good() }, [Ok, Ok, Problem, Ok, Ok, Ok, Ok]),
            (QueueSetup { redrive: redrive("arn:other", 10), ..good() }, [Ok, Ok, Problem, Ok, Ok, Ok, Ok]),
            (QueueSetup { redrive: redrive(DEAD, 2), ..good() }, [Ok, Ok, Warning, Ok, Ok, Ok, Ok]),
            (QueueSetup { retention_seconds: 60, ..good() }, [Ok, Ok, Ok, Warning, Ok, Ok, Ok]),
            (QueueSetup { policy: None, ..good() }, [Ok, Ok, Ok, Ok, Warning, Ok, Warning]),
            (
                QueueSetup { policy: Some("{".into()), ..good() },
                [Ok, Ok, Ok, Ok, CouldNotLook, Ok, CouldNotLook],
            ),
            (QueueSetup { encrypted: false, ..good() }, [Ok, Ok, Ok, Ok, Ok, Warning, Ok]),
        ];
        for (setup, expected) in cases {
            assert_eq!(outcomes(&setup), expected, "{setup:?}");
        }
    }

    #[test]
    fn an_open_queue_is_a_problem() {
        let open = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sqs:SendMessage"}}"#;
        assert_eq!(senders(Some(open)).outcome, Problem);
    }

    #[test]
    fn a_dead_letter_queue_that_cannot_be_read_leaves_the_target_open() {
        let findings = judge(&good(), None, &WorkerConfig::default());
        assert_eq!(findings[2].outcome, CouldNotLook);
    }

    #[test]
    fn a_missing_queue_is_a_problem() {
        assert_eq!(found(&Answer::Ok(None), "u", common)[0].outcome, Problem);
    }
}
