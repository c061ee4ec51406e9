//! The only place that writes to standard output and standard error. Results go to standard output (with
//! `--json` nothing but JSON, one value a line), progress and errors to standard error. Text from elsewhere
//! must never reach a terminal with its control characters.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::paint::{fold, paint, plain};
use super::{Exit, annotate};
use crate::timeline::Line;

const TICK: Duration = Duration::from_millis(120);

/// A message longer than the terminal is wide goes on in the next line: its end says until when.
const SPINNER: &str = "{spinner} {msg}";

/// A picture has its own lines.
const PICTURE: &str = "{msg}";

/// Where a command's words go.
pub(super) struct Output {
    json: bool,
    actions: bool,
    /// Whether standard output and standard error take colour.
    colours: (bool, bool),
    /// Whether somebody sits before it: both streams are a terminal that can move its cursor.
    live: bool,
    spinner: ProgressBar,
}

impl Output {
    /// `variable` reads an environment variable.
    pub(super) fn new(json: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let actions = variable("GITHUB_ACTIONS").as_deref() == Some("true");
        let colours = (
            AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        );
        let terminals = io::stdout().is_terminal() && io::stderr().is_terminal();
        let live = terminals && !json && !actions && variable("TERM").as_deref() != Some("dumb");
        Self { json, actions, colours, live, spinner: ProgressBar::hidden() }
    }

    /// Whether a picture that changes can be drawn: somebody sits before a terminal and wants no JSON.
    pub(super) fn is_live(&self) -> bool {
        self.live
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
    pub(super) fn show<L: Into<Line>>(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> Vec<L>,
    ) -> io::Result<()> {
        if self.json {
            return self.tell(&[serde_json::to_string(value)?.into()]);
        }
        self.tell(&text().into_iter().map(Into::into).collect::<Vec<_>>())
    }

    /// Lines that are a result in themselves.
    pub(super) fn tell(&self, lines: &[Line]) -> io::Result<()> {
        self.spinner.suspend(|| {
            let mut out = io::stdout().lock();
            for line in lines {
                writeln!(out, "{}", paint(line, self.colours.0))?;
            }
            out.flush()
        })
    }

    /// These lines, folded to the terminal's width where standard output is one.
    pub(super) fn folded(&self, lines: Vec<Line>) -> Vec<Line> {
        match console::Term::stdout().size_checked() {
            Some((_, columns)) if columns > 0 && !self.json => {
                lines.iter().flat_map(|line| fold(line, columns.into())).collect()
            }
            _ => lines,
        }
    }

    /// A file's contents, as they are.
    pub(super) fn raw(&self, contents: &[u8]) -> io::Result<Exit> {
        let mut out = io::stdout().lock();
        out.write_all(contents)?;
        out.flush()?;
        Ok(Exit::Done)
    }

    /// Draws a picture in the place of the one before, below everything that is told. Only for a terminal.
    pub(super) fn draw(&mut self, lines: Vec<Line>) {
        if self.spinner.is_hidden() {
            self.spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(PICTURE);
            self.spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        }
        let lines: Vec<_> = self.folded(lines).iter().map(|line| paint(line, self.colours.1)).collect();
        self.spinner.set_message(lines.join("\n"));
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
