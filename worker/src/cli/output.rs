//! The only place that writes to standard output and standard error. Results go to standard output (with
//! `--json` nothing but JSON, one value a line), progress and errors to standard error. Text from elsewhere
//! must never reach a terminal with its control characters.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{Exit, annotate};

const TICK: Duration = Duration::from_millis(120);

/// A message longer than the terminal is wide goes on in the next line: its end says until when.
const SPINNER: &str = "{spinner} {msg}";

/// Where a command's words go.
pub(super) struct Output {
    json: bool,
    actions: bool,
    spinner: ProgressBar,
}

impl Output {
    /// `variable` reads an environment variable.
    pub(super) fn new(json: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let actions = variable("GITHUB_ACTIONS").as_deref() == Some("true");
        Self { json, actions, spinner: ProgressBar::hidden() }
    }

    /// Whether JSON was asked for.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a GitHub Actions step reads it.
    pub(super) fn is_in_actions(&self) -> bool {
        self.actions
    }

    /// A result: JSON or lines of text, whichever was asked for.
    pub(super) fn show(&self, value: &impl Serialize, text: impl FnOnce() -> Vec<String>) -> io::Result<()> {
        let lines = if self.json { vec![serde_json::to_string(value)?] } else { text() };
        self.spinner.suspend(|| {
            let mut out = io::stdout().lock();
            for line in &lines {
                writeln!(out, "{}", plain(line))?;
            }
            out.flush()
        })
    }

    /// A word on the side, such as that nothing happens yet.
    pub(super) fn note(&self, text: &str) {
        self.aside(&plain(text));
    }

    /// Why the command failed.
    pub(super) fn error(&self, text: &str) {
        self.spinner.finish_and_clear();
        self.aside(&format!("error: {}", plain(text)));
        if self.actions {
            self.annotation(&annotate::error(text));
        }
    }

    /// Under GitHub Actions, shows a warning on the run's page.
    pub(super) fn annotate_warning(&self, text: &str) {
        if self.actions {
            self.annotation(&annotate::warning(text));
        }
    }

    /// Under GitHub Actions, shows an error on the run's page.
    pub(super) fn annotate_error(&self, text: &str) {
        if self.actions {
            self.annotation(&annotate::error(text));
        }
    }

    /// What is being waited for: on a terminal a spinner says it, elsewhere nothing does.
    pub(super) fn progress(&mut self, text: &str) {
        if self.spinner.is_hidden() && !self.json && !self.actions && io::stderr().is_terminal() {
            self.spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(SPINNER);
            self.spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            self.spinner.enable_steady_tick(TICK);
        }
        self.spinner.set_message(plain(text));
    }

    /// The wait is over.
    pub(super) fn end_progress(&self) {
        self.spinner.finish_and_clear();
    }

    /// GitHub reads workflow commands from both streams; standard output is JSON's if JSON was asked for.
    fn annotation(&self, command: &str) {
        if self.json {
            self.aside(command);
            return;
        }
        self.spinner.suspend(|| {
            // The same words are shown as a result or as an error too, which is where a failure counts.
            let _ = writeln!(io::stdout().lock(), "{command}");
        });
    }

    fn aside(&self, line: &str) {
        self.spinner.suspend(|| {
            // Without a standard error there is nobody left to tell.
            let _ = writeln!(io::stderr().lock(), "{line}");
        });
    }
}

/// Help, version, or what is wrong with the arguments: on the stream where each belongs.
pub(super) fn explain(problem: &clap::Error) -> Exit {
    // Without a stream there is nobody left to tell.
    let _ = problem.print();
    if problem.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// One line without control characters: no text from a log or an answer moves the cursor or starts a line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_stays_one_harmless_line() {
        assert_eq!(plain("a\u{1b}[2J\r\n::error::b\tc"), "a [2J  ::error::b c");
        assert_eq!(plain("→ größe"), "→ größe");
    }
}
