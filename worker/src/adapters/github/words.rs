//! What an error says, in one line: GitHub's own words out of its answer, and what octocrab has to say. Must
//! never decide what an error means but for time having run out.

use std::error::Error;
use std::io;

use serde::Deserialize;
use serde_json::Value;

/// GitHub's words about an error: its message and what it says of each field.
pub(super) fn words(body: &str) -> String {
    #[derive(Deserialize)]
    struct Trouble {
        message: String,
        #[serde(default)]
        errors: Vec<Value>,
    }
    let Ok(trouble) = serde_json::from_str::<Trouble>(body) else { return body.to_owned() };
    let field = |error: &Value, name: &str| error[name].as_str().map(str::to_owned);
    let details: Vec<String> = trouble
        .errors
        .iter()
        .map(|error| match (error.as_str(), field(error, "message")) {
            (Some(text), _) => text.to_owned(),
            (None, Some(message)) => message,
            (None, None) => {
                let parts = ["field", "code"].iter().filter_map(|name| field(error, name));
                parts.collect::<Vec<_>>().join(" ")
            }
        })
        .collect();
    if details.is_empty() { trouble.message } else { format!("{}: {}", trouble.message, details.join(", ")) }
}

/// Whether a limit of time is behind this error.
pub(super) fn ran_out_of_time(error: &(dyn Error + 'static)) -> bool {
    let is_timeout = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut);
    is_timeout || error.source().is_some_and(ran_out_of_time)
}

/// An error of octocrab without its backtrace, which stands on further lines.
pub(super) fn first_line(error: &octocrab::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_s_words_name_the_fields() {
        let body = r#"{"message":"Validation Failed",
            "errors":[{"resource":"Release","code":"already_exists","field":"tag_name"}]}"#;
        assert_eq!(words(body), "Validation Failed: tag_name already_exists");
        assert_eq!(words(r#"{"message":"Bad","errors":["one","two"]}"#), "Bad: one, two");
        assert_eq!(words(r#"{"message":"Not Found"}"#), "Not Found");
        assert_eq!(words("<html>gateway</html>"), "<html>gateway</html>");
    }
}
