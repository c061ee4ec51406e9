//! The configuration file and the environment variables over it. A document is a file, with variables (if any)
//! after a line `--- variables`. What is accepted keeps the rules that the worker relies on, and a variable
//! that only repeats the file changes nothing.

use std::path::Path;

use fuzz_targets::Text;
use lockstep::config::{Config, ConfigError, Kind};

use crate::target;

const SEPARATOR: &str = "--- variables\n";

#[test]
fn configuration() {
    target!("configuration", "configuration", |text: &Text| {
        let text = text.lossy();
        let (file, variables) = text.split_once(SEPARATOR).unwrap_or((&text, ""));
        let variables: Vec<(String, String)> = variables
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        match parse(file, &variables) {
            Ok(config) => accepted(file, &variables, &config),
            Err(error) => refused(&text, &error),
        }
    });
}

fn parse(file: &str, variables: &[(String, String)]) -> Result<Config, ConfigError> {
    Config::parse(file, Path::new("lockstep.toml"), variables.iter().cloned())
}

fn accepted(file: &str, variables: &[(String, String)], config: &Config) {
    let worker = &config.worker;
    assert!((1..=64).contains(&worker.concurrency));
    assert!(worker.call_timeout_seconds > 0 && worker.poll_seconds > 0);
    assert!((worker.poll_seconds..=900).contains(&worker.poll_cap_seconds));
    assert!(
        worker.claim_lease_seconds / 3 >= worker.call_timeout_seconds,
        "a lease shorter than three calls"
    );
    assert!(config.retry.cap_seconds <= 900 && config.retry.base_seconds <= config.retry.cap_seconds);
    for application in config.applications.values() {
        let productions = application.environments.values().filter(|e| e.kind == Kind::Production);
        assert!(productions.count() <= 1);
        for environment in application.environments.values() {
            assert!(environment.desired_count > 0);
            assert!(
                environment.kind != Kind::Production || environment.database.is_none(),
                "production's data"
            );
            assert!(environment.readiness.url.starts_with("http"));
        }
    }
    // Variables of other programs are nobody's business, and one that repeats a value changes nothing.
    let mut more = variables.to_vec();
    more.push(("LOCKSTEP_CONFIG".to_owned(), "x".to_owned()));
    more.push(("PATH".to_owned(), "/bin".to_owned()));
    more.push(("LOCKSTEP__WORKER__CONCURRENCY".to_owned(), worker.concurrency.to_string()));
    let again = parse(file, &more).unwrap();
    assert_eq!(format!("{again:?}"), format!("{config:?}"));
}

/// An error says which key, or where; it never grows beyond what was written.
fn refused(text: &str, error: &ConfigError) {
    let words = error.to_string();
    assert!(words.len() <= 2 * text.len() + 1_000, "{} bytes about {} bytes", words.len(), text.len());
    match error {
        ConfigError::UnknownKey { key, .. } => assert!(words.contains(key.as_str()), "{words}"),
        ConfigError::NotToml { problem, .. } => {
            // The parser of TOML names no place for what is nested too deep.
            assert!(
                problem.contains("line") || problem.contains("recursion limit"),
                "no place is named: {words}"
            );
        }
        ConfigError::Invalid(problem) => assert!(!problem.trim().is_empty()),
        ConfigError::Unreadable { .. } => panic!("nothing was read: {words}"),
    }
}
