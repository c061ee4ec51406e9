//! The readiness address: does anybody answer there, and is it ready. One GET, as a deployment's own.

use super::check::Check::Readiness;
use super::finding::Finding;
use crate::config::ReadinessConfig;
use crate::ports::{Application, ReadinessAnswer, ReadinessProbe};

/// Asks once.
pub(super) async fn look(application: &dyn Application, config: &ReadinessConfig) -> Finding {
    let probe = ReadinessProbe { url: config.url.clone(), must_equal: None };
    judge(&application.probe(&probe).await, config)
}

fn judge(answer: &ReadinessAnswer, config: &ReadinessConfig) -> Finding {
    let url = &config.url;
    match answer.status {
        None => Finding::problem(
            Readiness,
            format!("{url} did not answer: {}", answer.detail),
            "check the address, its DNS record and certificate, the load balancer's listener and security groups, and that \
             a task runs",
        ),
        Some(status) if !answer.ready => Finding::warning(
            Readiness,
            format!("{url} answers {status}, not 2xx: {}", answer.detail),
            "it is reached, which a first deployment needs no more than; else look at the application's log and its health \
             check",
        ),
        Some(status) => Finding::ok(Readiness, format!("{url} answers {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{Ok, Problem, Warning};
    use super::*;

    #[test]
    fn any_answer_is_reachable_and_only_the_right_one_is_ready() {
        let config = ReadinessConfig {
            url: "https://app.example/ready".into(),
            consecutive: 1,
            interval_milliseconds: 1,
            commit_pointer: None,
        };
        let judged =
            |ready, status| judge(&ReadinessAnswer { ready, status, detail: String::new() }, &config).outcome;
        assert_eq!(judged(true, Some(200)), Ok);
        assert_eq!(judged(false, Some(503)), Warning);
        assert_eq!(judged(false, Some(302)), Warning);
        assert_eq!(judged(false, None), Problem);
    }
}
