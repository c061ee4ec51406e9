//! Workflow commands of GitHub Actions, which show a line as an annotation of the run. Their format and
//! escaping are GitHub's ("Workflow commands for GitHub Actions"; `@actions/core` escapes the message's `%`,
//! CR and LF). Must never let a message's own text become a second command.

/// A message as the data of a workflow command.
fn escape(message: &str) -> String {
    // `%` first: the other two put new ones in.
    message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// An annotation of the level error.
pub(super) fn error(message: &str) -> String {
    format!("::error::{}", escape(message))
}

/// An annotation of the level warning.
pub(super) fn warning(message: &str) -> String {
    format!("::warning::{}", escape(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_one_command() {
        assert_eq!(error("50 %\r\n::warning::x"), "::error::50 %25%0D%0A::warning::x");
        assert_eq!(escape("%0A"), "%250A", "a text that looks escaped is shown as it was");
    }

    #[test]
    fn the_customers_text_is_left_as_it_is() {
        let message = "Another staging deployment is already in progress. Please wait for it to complete. (deployment 1 by alice since 2026-11-23T09:30:00Z)";
        assert_eq!(error(message), format!("::error::{message}"));
        assert_eq!(warning("no release"), "::warning::no release");
    }
}
