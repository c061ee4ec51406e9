//! What the suite says: a line for each flow on standard output, and the same in files that documents quote.
//! Must never round: every point is counted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::arguments::Shard;
use crate::recorder::Call;

/// What became of a flow's points.
#[derive(Debug)]
pub(crate) struct Tally {
    flow: &'static str,
    calls: BTreeMap<&'static str, usize>,
    passed: usize,
    failures: Vec<String>,
    extra: BTreeMap<String, usize>,
}

impl Tally {
    pub(crate) fn new(flow: &'static str) -> Self {
        Self { flow, calls: BTreeMap::new(), passed: 0, failures: Vec::new(), extra: BTreeMap::new() }
    }

    /// The calls of the undisturbed run.
    pub(crate) fn recorded(&mut self, calls: &[Call]) {
        for call in calls {
            *self.calls.entry(call.known.service).or_default() += 1;
        }
    }

    /// A point that passed, with the changing calls that its run made more than the undisturbed one.
    pub(crate) fn passed(&mut self, extra: BTreeMap<String, usize>) {
        self.passed += 1;
        for (name, count) in extra {
            *self.extra.entry(name).or_default() += count;
        }
    }

    /// A point that did not. Said at once: the rest of a flow may take minutes.
    pub(crate) fn failed(&mut self, problem: String) {
        let problem = format!("FAILED {problem}");
        line(&problem);
        self.failures.push(problem);
    }

    /// Whether every point passed.
    pub(crate) fn passes(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: usize = self.calls.values().sum();
        let by: Vec<String> =
            self.calls.iter().map(|(service, count)| format!("{service} {count}")).collect();
        let points = self.passed + self.failures.len();
        write!(
            f,
            "{}: {calls} calls ({}), {points} points, {} passed",
            self.flow,
            by.join(", "),
            self.passed
        )?;
        let extra: Vec<String> = self.extra.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if !extra.is_empty() {
            write!(f, "; extra calls that converged: {}", extra.join(", "))?;
        }
        Ok(())
    }
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the numbers are what this program is for")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Leaves a tally in a folder, and all that are there in one file beside it.
pub(crate) fn keep(folder: &Path, shard: &Shard, tally: &Tally) {
    let parts = folder.join("crashes");
    std::fs::create_dir_all(&parts).expect("the folder for proofs can be made");
    let part = parts.join(format!("{}.{shard}.txt", tally.flow));
    let text: String = tally.failures.iter().map(|failure| format!("{failure}\n")).collect();
    std::fs::write(part, format!("{text}{tally}\n")).expect("a proof can be written");
    let mut names: Vec<_> = std::fs::read_dir(&parts)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    names.sort();
    let all: String = names.iter().filter_map(|name| std::fs::read_to_string(name).ok()).collect();
    std::fs::write(folder.join("crashes.txt"), all).expect("a proof can be written");
}
