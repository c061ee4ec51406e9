//! `init`: table and queues for local use. Doing it again changes nothing; must never remove anything.

use serde::Serialize;

use super::Exit;
use super::error::CliError;
use super::output::Output;
use crate::config::Config;
use crate::wiring;

#[derive(Serialize)]
#[serde(tag = "type", rename = "initialised")]
struct Initialised<'a> {
    table: &'a str,
    queue: &'a str,
    dead_letter_queue: &'a str,
}

/// `init`.
pub(super) async fn init(config: &Config, output: &mut Output) -> Result<Exit, CliError> {
    let queue = &config.queue;
    check_names(&queue.url, &queue.dead_letter_url)?;
    wiring::init(config).await?;
    let done =
        Initialised { table: &config.table, queue: &queue.url, dead_letter_queue: &queue.dead_letter_url };
    output.show(&done, || {
        vec![
            format!("table: {}", done.table),
            format!("queue: {}", done.queue),
            format!("dead-letter queue: {}", done.dead_letter_queue),
        ]
    })?;
    Ok(Exit::Done)
}

/// The dead-letter queue is created as `<queue>-dead-letters`; another name in the configuration would be a
/// queue that nobody made.
fn check_names(queue: &str, dead_letter: &str) -> Result<(), CliError> {
    let expected = format!("{queue}-dead-letters");
    if dead_letter == expected {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "queue.dead_letter_url is {dead_letter:?}: `lockstep init` makes {expected:?}; set it so, or create the queues yourself"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_letter_queue_must_have_the_name_that_is_made() {
        assert!(check_names("http://127.0.0.1/0/q", "http://127.0.0.1/0/q-dead-letters").is_ok());
        let error = check_names("http://127.0.0.1/0/q", "http://127.0.0.1/0/q-dlq").unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("/0/q-dead-letters"), "{error}");
    }
}
