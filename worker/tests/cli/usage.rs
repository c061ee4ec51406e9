//! What is refused before anything is sent, with code 2.

use std::path::Path;

use super::support::{Local, Ran, binary, configuration, new_id, write};

const NOBODY: &str = "http://127.0.0.1:1";

async fn run(config: &Path, arguments: &[&str]) -> Ran {
    binary(config).args(arguments).output().await.unwrap().into()
}

fn usable() -> String {
    configuration(NOBODY, NOBODY, "http://127.0.0.1:1/0/lockstep")
}

/// Runs it and makes sure that it is a usage error with nothing on standard output.
async fn refused(config: &Path, arguments: &[&str]) -> String {
    let ran = run(config, arguments).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
    ran.stderr
}

#[tokio::test]
async fn an_unknown_key_is_refused_with_the_nearest_one() {
    let config = write(&usable().replace("[queue]", "[worker]\nconcurency = 4\n[queue]"));
    let error = refused(&config, &["status"]).await;
    assert!(error.contains("worker.concurency") && error.contains("did you mean `concurrency`"), "{error}");
    assert!(error.contains("lockstep.toml"), "{error}");
}

#[tokio::test]
async fn an_absent_configuration_is_named() {
    let error = refused(Path::new("/nowhere/lockstep.toml"), &["status"]).await;
    assert!(error.contains("/nowhere/lockstep.toml") && error.contains("--config"), "{error}");
}

#[tokio::test]
async fn environments_are_checked_before_anything_is_sent() {
    let config = write(&usable());
    let error = refused(&config, &["deploy", "qa"]).await;
    assert!(error.contains("no environment qa") && error.contains("staging (staging)"), "{error}");
    let error = refused(&config, &["deploy", "production"]).await;
    assert!(error.contains("lockstep promote"), "{error}");
    let error = refused(&config, &["promote", "0.1.0-abcdef0.beta", "--environment", "staging"]).await;
    assert!(error.contains("lockstep deploy staging"), "{error}");
    refused(&config, &["promote", "--list", "--environment", "staging"]).await;
    refused(&config, &["status", "qa"]).await;
    refused(&config, &["status", "--application", "till"]).await;
}

#[tokio::test]
async fn one_of_several_applications_must_be_named() {
    let text = usable();
    let (head, shop) = text.split_at(text.find("[applications.shop]").unwrap());
    // Another application with services of its own.
    let till = shop.replace("applications.shop", "applications.till").replace("\"shop-", "\"till-");
    let config = write(&format!("{head}{shop}{till}"));
    let error = refused(&config, &["deploy"]).await;
    assert!(error.contains("--application: shop, till"), "{error}");
}

#[tokio::test]
async fn arguments_that_cannot_be_are_refused() {
    let config = write(&usable());
    let error = refused(&config, &["promote", "v0.1.0-abcdef0.beta"]).await;
    assert!(error.contains("without `v`"), "{error}");
    refused(&config, &["promote"]).await;
    refused(&config, &["history", "42"]).await;
    refused(&config, &["deploy", "--wait-timeout", "5"]).await;
    refused(&config, &["undeploy"]).await;
}

#[tokio::test]
async fn an_unknown_deployment_is_a_clear_error() {
    let local = Local::start().await;
    let id = new_id().to_string();
    for command in ["history", "watch"] {
        let ran = local.run(&[command, &id]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{command}");
        assert!(ran.stderr.contains(&format!("no deployment {id} in table lockstep")), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn help_tells_the_exit_codes() {
    let ran = run(Path::new("/nowhere"), &["--help"]).await;
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("5  rolled back"), "{}", ran.stdout);
    assert_eq!(run(Path::new("/nowhere"), &["--version"]).await.code, 0);
}
