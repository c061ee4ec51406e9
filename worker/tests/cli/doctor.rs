//! `doctor`: what it says of a set-up that is half there, and how it ends.

use std::collections::BTreeMap;
use std::io::Write as _;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;

use super::support::{Local, Ran};

/// The findings by place and check.
fn findings(ran: &Ran) -> BTreeMap<(String, String), Value> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let one = |finding: Value| ((text(&finding, "place"), text(&finding, "check")), finding);
    ran.json().into_iter().map(one).collect()
}

fn outcome<'a>(findings: &'a BTreeMap<(String, String), Value>, place: &str, check: &str) -> &'a str {
    let mut found = findings.iter().filter(|((at, id), _)| at.starts_with(place) && id == check);
    let (_, finding) = found.next().unwrap_or_else(|| panic!("no {check} at {place} in {findings:#?}"));
    finding["outcome"].as_str().unwrap()
}

#[tokio::test]
async fn what_is_there_is_ok_what_is_not_is_a_problem_and_what_does_not_answer_is_said_so() {
    let local = Local::start().await;
    let ran = local.run(&["doctor", "--json"]).await;
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let findings = findings(&ran);
    let is = |place: &str, check: &str, expected: &str| {
        assert_eq!(outcome(&findings, place, check), expected, "{check} of {place}: {findings:#?}");
    };
    is("AWS credentials", "aws-identity", "could-not-look");
    is("queue ", "queue-found", "ok");
    is("queue ", "queue-dead-letters", "ok");
    is("queue ", "queue-visibility", "ok");
    is("queue ", "queue-senders", "warning");
    is("dead-letter queue ", "queue-found", "ok");
    is("table ", "table-keys", "ok");
    is("images ", "registry-readable", "could-not-look");
    is("repository ", "github-repository", "problem");
    is("environment staging of shop", "cluster-found", "could-not-look");
    is("environment production of shop", "readiness", "problem");
    for (at, finding) in &findings {
        assert_eq!(finding["type"], "check");
        assert_eq!(finding["outcome"] == "ok", finding["remedy"].is_null(), "{at:?}: {finding}");
    }
    let secret = &findings[&("repository acme/shop".to_owned(), "github-repository".to_owned())];
    assert!(secret["seen"].as_str().unwrap().contains("LOCKSTEP_GITHUB_CREDENTIAL"), "{secret}");
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn a_person_reads_a_line_for_each_and_the_remedy_below() {
    let local = Local::bare().await;
    let ran = local.run(&["doctor", "staging"]).await;
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let lines: Vec<_> = ran.stdout.lines().collect();
    let table = lines.iter().position(|line| line.contains("table-found")).unwrap();
    assert!(
        lines[table].starts_with("  PROBLEM ") && lines[table].contains("no table lockstep"),
        "{}",
        ran.stdout
    );
    assert!(lines[table + 1].trim_start().starts_with("→ deploy LockstepStack"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nenvironment staging of shop\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("environment production"), "only what was asked for");
    assert!(lines.last().unwrap().contains("problems, "), "{}", ran.stdout);
}

#[tokio::test]
async fn an_environment_must_be_configured() {
    let local = Local::bare().await;
    let ran = local.run(&["doctor", "qa"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("no environment qa"), "{}", ran.stderr);
}

/// STS as AWS documents its answers: the caller is known, the role's trust policy does not match.
async fn sts() -> String {
    let answer = async |body: String| {
        if body.contains("Action=GetCallerIdentity") {
            let arn = "arn:aws:sts::111122223333:assumed-role/operator/me";
            let ids = format!("<Arn>{arn}</Arn><UserId>AROA:me</UserId><Account>111122223333</Account>");
            let result = format!("<GetCallerIdentityResult>{ids}</GetCallerIdentityResult>");
            return (
                StatusCode::OK,
                format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"),
            );
        }
        assert!(body.contains("Action=AssumeRoleWithWebIdentity"), "{body}");
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        let error = format!("<Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message>");
        (StatusCode::FORBIDDEN, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn the_identity_is_named_and_a_role_that_cannot_be_assumed_is_explained() {
    let local = Local::bare().await;
    let sts = sts().await;
    let mut token = tempfile::NamedTempFile::new().unwrap();
    // {"sub":"repo:acme/shop:ref:refs/heads/side"}
    write!(token, "e30.eyJzdWIiOiJyZXBvOmFjbWUvc2hvcDpyZWY6cmVmcy9oZWFkcy9zaWRlIn0.c2VjcmV0").unwrap();
    let variables = [
        ("LOCKSTEP__AWS__STS_ENDPOINT", sts.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/sender"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path().to_str().unwrap()),
    ];
    let ran = local.run_with(&["doctor", "--json"], &variables).await;
    let findings = findings(&ran);
    let at = |check: &str| &findings[&("AWS credentials".to_owned(), check.to_owned())];
    assert_eq!(at("aws-identity")["outcome"], "ok", "{findings:#?}");
    assert!(at("aws-identity")["seen"].as_str().unwrap().contains("assumed-role/operator/me"));
    let role = at("aws-role");
    assert_eq!(role["outcome"], "problem");
    assert!(role["seen"].as_str().unwrap().contains("sub = repo:acme/shop:ref:refs/heads/side"), "{role}");
    assert!(role["remedy"].as_str().unwrap().contains("trust policy does not match"), "{role}");
    assert!(!ran.stdout.contains("c2VjcmV0"), "the token is not shown");
}
