//! The command line written down: completions for shells, man pages, and the reference in `docs/cli.md`. All of it is
//! made of the definition that also parses, and needs no configuration.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::Exit;
use super::args::Cli;

/// Begins docs/cli.md.
const INTRODUCTION: &str = "\
<!-- Generated from worker/src/cli/args.rs. To renew it after a change there:
UPDATE_GENERATED=1 cargo test -p lockstep --test cli reference -->

# The command line

`lockstep <command> --help` says the same. `lockstep completions <shell>` writes completions, `lockstep man` the manual's
first page, `lockstep man --out <directory>` a page for each command. Results go to standard output, with `--json` nothing but JSON,
one value a line; progress and errors go to standard error. On a terminal `--wait` and `watch` draw the deployment as it goes, with
the progress of a rollout where ECS lets these credentials look (`ecs:DescribeServices`); elsewhere they write a line for each transition.
Colour is for terminals alone: `NO_COLOR` turns it off, `CLICOLOR_FORCE=1` on.
";

fn definition() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// Completions for a shell.
pub(super) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lockstep", &mut script);
    script
}

/// The manual's first page.
pub(super) fn manual() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    Ok(page)
}

/// Writes a page for every command into this directory, which is made if it is not there.
pub(super) fn manuals(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(Cli::command(), directory)
}

/// docs/cli.md.
#[must_use]
pub fn reference() -> String {
    let command = definition();
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, "For every command");
    arguments(&mut text, &command, true);
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        document(&mut text, command);
    }
    section(&mut text, "Exit codes");
    add(&mut text, "| Code | Meaning |\n|---|---|");
    for exit in Exit::ALL {
        add(&mut text, &format!("| {} | {} |", exit.code(), cell(exit.meaning())));
    }
    text
}

fn document(text: &mut String, command: &Command) {
    let nested: Vec<_> = command.get_subcommands().filter(|command| command.get_name() != "help").collect();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    section(text, &format!("`{name}`"));
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        add(text, &escaped(&sentence(about.to_string())));
    }
    if nested.is_empty() {
        let usage = command.clone().render_usage().to_string();
        add(text, &format!("\n```\n{}\n```\n", usage.trim_start_matches("Usage: ")));
        arguments(text, command, false);
    }
    for command in nested {
        document(text, command);
    }
}

/// What a command takes: its own arguments, or those that every command takes.
fn arguments(text: &mut String, command: &Command, global: bool) {
    let own = command.get_arguments().filter(|argument| argument.is_global_set() == global);
    let shown: Vec<_> = own
        .filter(|argument| {
            !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version")
        })
        .collect();
    if shown.is_empty() {
        return;
    }
    add(text, "| Argument | Meaning |\n|---|---|");
    for argument in shown {
        let values = argument.get_value_names().unwrap_or_default().iter();
        let value: String = values
            .filter(|_| argument.get_action().takes_values())
            .map(|name| format!(" <{name}>"))
            .collect();
        let spelt = match argument.get_long() {
            Some(long) => format!("--{long}{value}"),
            None => value.trim_start().to_owned(),
        };
        let help = argument.get_long_help().or_else(|| argument.get_help()).map(ToString::to_string);
        let mut meaning = sentence(help.unwrap_or_default());
        if argument.is_required_set() {
            meaning += " Required.";
        }
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() && argument.get_action().takes_values() {
            meaning += &format!(" Default: `{}`.", defaults.join(" "));
        }
        if let Some(variable) = argument.get_env() {
            meaning += &format!(" Variable: `{}`.", variable.to_string_lossy());
        }
        add(text, &format!("| `{spelt}` | {} |", cell(&meaning)));
    }
}

fn section(text: &mut String, title: &str) {
    add(text, &format!("\n## {title}\n"));
}

/// clap takes the last full stop away.
fn sentence(text: String) -> String {
    if text.is_empty() || text.ends_with('.') { text } else { text + "." }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('\n', " ")
}

/// Placeholders in angle brackets would be taken for HTML.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<")
}

fn add(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
