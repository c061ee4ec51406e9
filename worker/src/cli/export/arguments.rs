//! What `export` can be told. Must never choose a place to write to that was not named.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lockstep_events::EnvironmentName;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Only these environments; without any, all of them.
    #[arg(value_name = "ENVIRONMENT")]
    pub(crate) environments: Vec<EnvironmentName>,
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub(crate) format: Format,
    /// Write into this file, which is there once it is whole; without it, to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How deployments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON lines: each deployment, then each item of its history.
    Jsonl,
    /// CSV (RFC 4180): a row for each deployment.
    Csv,
}
