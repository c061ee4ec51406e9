//! `plan`: how it ends, what JSON has, and that it leaves table and queue alone. What a plan says is the engine's tests'
//! to show; here nothing but the table answers.

use lockstep::ports::Store as _;
use serde_json::{Value, json};

use super::support::{Local, Ran, environment, shop};

const SECRET: [(&str, &str); 1] = [("LOCKSTEP_GITHUB_CREDENTIAL", "hunter2")];

/// The one JSON value that was printed.
fn only(ran: &Ran) -> Value {
    let [value] = &ran.json()[..] else { panic!("{}{}", ran.stdout, ran.stderr) };
    value.clone()
}

#[tokio::test]
async fn what_would_be_rejected_ends_with_3_and_leaves_everything_as_it_is() {
    let local = Local::start().await;
    assert_eq!(local.run(&["hold", "staging", "--reason", "the database is moved"]).await.code, 0);
    let before = local.store.environment(&shop(), &environment("staging")).await.unwrap();
    let ran = local.run_with(&["plan", "staging", "--ref", "main", "--json"], &SECRET).await;
    let plan = only(&ran);
    assert_eq!((ran.code, &plan["type"], &plan["exit_code"]), (3, &json!("plan"), &json!(3)));
    assert_eq!((&plan["outcome"], &plan["refusal"]), (&json!("rejected"), &json!("on-hold")));
    let reason = plan["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("staging is on hold until somebody releases it: the database is moved"),
        "{reason}"
    );
    assert_eq!((&plan["target"], &plan["actor"]), (&json!("main"), &json!("alice")));
    // Behind the hold, GitHub is looked at, where nothing listens.
    assert_eq!(plan["were_it_free"]["outcome"], json!("could-not-look"));
    assert_eq!(plan["steps"][0]["changes"][0], json!({ "change": "take-lock", "token": 1 }));

    let ran = local.run_with(&["plan", "staging"], &SECRET).await;
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("would be rejected: staging is on hold"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"));

    assert_eq!(local.store.environment(&shop(), &environment("staging")).await.unwrap(), before);
    assert_eq!(local.store.deployments(&shop(), &environment("staging"), 9).await.unwrap(), []);
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn what_cannot_be_looked_at_ends_with_1_and_says_what() {
    let local = Local::start().await;
    let ran = local.run_with(&["plan", "promote", "0.1.0-abcdef0.beta", "--json"], &SECRET).await;
    let plan = only(&ran);
    assert_eq!((ran.code, &plan["outcome"]), (1, &json!("could-not-look")));
    assert!(plan["reason"].as_str().unwrap().starts_with("GitHub: "), "{plan}");
    assert_eq!(plan["requester_judged"], json!(false), "the configuration does not say who may ask");
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn a_plan_needs_the_secrets_of_a_worker_and_an_environment_of_the_right_kind() {
    let local = Local::bare().await;
    let ran = local.run(&["plan", "staging"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("LOCKSTEP_GITHUB_CREDENTIAL"), "{}", ran.stderr);
    let ran = local.run(&["plan", "deploy", "production"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("lockstep promote"), "{}", ran.stderr);
    assert_eq!(local.run(&["plan", "promote"]).await.code, 2);
}
