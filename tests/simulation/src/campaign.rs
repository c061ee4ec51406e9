//! Many seeds over all cores. Must never stop at a failing seed before the others that were begun are through.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::counts::Counts;
use crate::run::{Report, run};
use crate::sabotage::Sabotage;

/// Which seeds to run.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// On how many threads.
    pub jobs: usize,
    /// The condition that is taken out, if one is.
    pub sabotage: Option<Sabotage>,
    /// Go on after a failing seed.
    pub keep_going: bool,
}

/// What many seeds came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many seeds were run.
    pub seeds: u64,
    /// What they brought about.
    pub counts: Counts,
    /// How much time passed in them, together.
    pub virtual_time: Duration,
    /// The longest that the last request of a seed took to end once trouble had stopped.
    pub settled_after: Duration,
    /// Every state that a deployment was in.
    pub states: BTreeSet<String>,
    /// The failing ones, by seed.
    pub failed: Vec<Report>,
}

impl Campaign {
    /// Runs the seeds.
    ///
    /// # Errors
    /// In words: the simulation itself does not work.
    pub fn run(&self) -> Result<Summary, String> {
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let summary = Mutex::new(Ok(Summary::default()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| self.work(&next, &stop, &summary));
            }
        });
        let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        summary.failed.sort_by_key(|report| report.seed);
        Ok(summary)
    }

    fn work(&self, next: &AtomicU64, stop: &AtomicBool, summary: &Mutex<Result<Summary, String>>) {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.seeds {
                return;
            }
            let outcome = run(self.from + number, self.sabotage, false);
            let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
            match (outcome, &mut *summary) {
                (Ok(report), Ok(summary)) => {
                    summary.seeds += 1;
                    summary.counts.merge(&report.counts);
                    summary.virtual_time += report.virtual_time;
                    summary.settled_after = summary.settled_after.max(report.settled_after);
                    summary.states.extend(report.states.iter().cloned());
                    if report.violation.is_some() {
                        summary.failed.push(report);
                        stop.fetch_or(!self.keep_going, Ordering::Relaxed);
                    }
                }
                (Err(problem), _) => {
                    *summary = Err(problem);
                    stop.store(true, Ordering::Relaxed);
                }
                (Ok(_), Err(_)) => {}
            }
        }
    }
}

impl Report {
    /// Everything that somebody needs who looks into a failing seed.
    #[must_use]
    pub fn explain(&self) -> String {
        let violation = self.violation.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "seed {seed}: {violation}\n\n{last}\n\nReplay: cargo run -p simulation -- --from {seed} --seeds 1 --trace\n",
            seed = self.seed,
            last = self.last.join("\n")
        )
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.virtual_time.as_secs() / 86_400;
        write!(
            f,
            "seeds {}, failed {}, virtual days {days}, settled at most {} s after trouble stopped, states {}, {}",
            self.seeds,
            self.failed.len(),
            self.settled_after.as_secs(),
            self.states.len(),
            self.counts
        )
    }
}
