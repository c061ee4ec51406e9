//! `export`: every deployment that the environments' lists have, oldest first, as JSON lines (each deployment, then its history) or
//! as CSV (a row for each). Reads only. A file is under its name once it is whole, and not before. Must never hold more than one
//! deployment's history in memory.

mod arguments;
mod row;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use lockstep_events::{ApplicationName, EnvironmentName};

use super::error::CliError;
use super::output::Output;
use super::{Exit, place, transition};
use crate::config::Config;
use crate::ports::{Store, Summary};
use crate::wiring;
pub(super) use arguments::{ExportArgs, Format};
use row::Row;

/// How often it is said how far it is, in deployments.
const STEP: usize = 100;

/// `export [environment…]`.
pub(super) async fn export(
    config: &Config,
    application: Option<&ApplicationName>,
    args: ExportArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let places = places(config, application, &args.environments)?;
    let (store, _) = wiring::table_and_queue(config).await;
    let mut written = 0;
    match &args.output {
        None => {
            // What reads it (a pager, a pipe) gets each deployment as it is read.
            let mut sink = Sink::new(args.format, Told { output });
            written += all(store.as_ref(), &places, &mut sink, |_| {}).await?;
            sink.end()?;
        }
        Some(path) => {
            let partial = path.with_added_extension("partial");
            let file = File::create(&partial).map_err(|error| in_words(&partial, &error))?;
            let mut sink = Sink::new(args.format, BufWriter::new(file));
            written += all(store.as_ref(), &places, &mut sink, |count| {
                output.progress(&format!("{count} deployments exported"));
            })
            .await?;
            let file = sink.end()?.into_inner().map_err(|error| in_words(&partial, error.error()))?;
            file.sync_all()
                .and_then(|()| std::fs::rename(&partial, path))
                .map_err(|error| in_words(path, &error))?;
            output.end_progress();
        }
    }
    let whereto = args.output.as_ref().map(|path| format!(" to {}", path.display())).unwrap_or_default();
    output.note(&format!("{written} deployments exported{whereto}"));
    Ok(Exit::Done)
}

fn in_words(path: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("{} cannot be written: {error}", path.display()))
}

/// The environments that are meant: the named ones of one application, or all.
fn places(
    config: &Config,
    application: Option<&ApplicationName>,
    environments: &[EnvironmentName],
) -> Result<Vec<(ApplicationName, EnvironmentName)>, CliError> {
    let mut found = Vec::new();
    if !environments.is_empty() {
        let application = place::application(config, application)?;
        for environment in environments {
            application.has(environment)?;
            found.push((application.name.clone(), environment.clone()));
        }
        return Ok(found);
    }
    for application in place::applications(config, application)? {
        for name in application.config.environments.keys() {
            let name = name.parse().map_err(|e| CliError::Usage(format!("environment {name}: {e}")))?;
            found.push((application.name.clone(), name));
        }
    }
    Ok(found)
}

/// Writes every deployment of these places; how many.
async fn all<W: Write>(
    store: &dyn Store,
    places: &[(ApplicationName, EnvironmentName)],
    sink: &mut Sink<W>,
    mut tell: impl FnMut(usize),
) -> Result<usize, CliError> {
    let mut written = 0;
    for (application, environment) in places {
        let mut list = store.deployments(application, environment, u32::MAX).await?;
        list.reverse();
        for summary in &list {
            let history = store.history(summary.id, 0).await?;
            sink.deployment(application, environment, summary, &history)?;
            written += 1;
            if written % STEP == 0 {
                tell(written);
            }
        }
    }
    Ok(written)
}

/// Standard output.
struct Told<'a> {
    output: &'a Output,
}

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.raw(bytes).map(|_| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where deployments go, in one of the formats.
enum Sink<W: Write> {
    Lines(W),
    Table(Box<csv::Writer<W>>),
}

impl<W: Write> Sink<W> {
    fn new(format: Format, writer: W) -> Self {
        match format {
            Format::Jsonl => Self::Lines(writer),
            Format::Csv => Self::Table(Box::new(csv::Writer::from_writer(writer))),
        }
    }

    fn deployment(
        &mut self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        summary: &Summary,
        history: &[crate::ports::Recorded],
    ) -> Result<(), CliError> {
        let row = Row::of(application, environment, summary, history);
        match self {
            Self::Lines(writer) => {
                write_line(writer, &row)?;
                for item in history {
                    write_line(writer, &transition::of(item))?;
                }
            }
            Self::Table(table) => table.serialize(row.guarded()).map_err(io::Error::from)?,
        }
        Ok(())
    }

    /// What was written to, with everything in it.
    fn end(self) -> io::Result<W> {
        match self {
            Self::Lines(mut writer) => writer.flush().map(|()| writer),
            Self::Table(table) => {
                table.into_inner().map_err(|error| io::Error::other(error.error().to_string()))
            }
        }
    }
}

fn write_line<W: Write>(writer: &mut W, value: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line)
}
