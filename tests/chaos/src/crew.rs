//! The worker processes: killed and paused at random, and started again whenever one has ended, as ECS does with
//! tasks. Must never touch a process that it did not start.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::town::Town;

/// How many workers there are.
const WORKERS: usize = 4;

/// How soon an ended worker is noticed.
const ROUND: Duration = Duration::from_millis(100);

/// What was done to the workers, and what they did themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Toll {
    /// SIGKILLs of running workers.
    pub(crate) kills: u32,
    /// SIGSTOPs for longer than a claim lasts, each followed by SIGCONT.
    pub(crate) pauses: u32,
    /// Workers that ended by themselves.
    pub(crate) gave_up: u32,
    /// Processes started in all.
    pub(crate) started: u32,
}

/// Four workers and who looks after them.
pub(crate) struct Crew {
    town: Arc<Town>,
    workers: Vec<Slot>,
    toll: Toll,
}

enum Slot {
    Running(Child),
    /// Stopped (SIGSTOP) until then.
    Paused(Child, tokio::time::Instant),
    /// Gone until then.
    Absent(tokio::time::Instant),
}

impl Crew {
    /// A crew for this town; nobody runs yet.
    pub(crate) fn new(town: Arc<Town>) -> Self {
        let now = tokio::time::Instant::now();
        let workers = (0..WORKERS).map(|_| Slot::Absent(now)).collect();
        Self { town, workers, toll: Toll::default() }
    }

    /// Keeps four workers running until `stop`, then ends them. Until `calm` one of them is killed or paused every
    /// few seconds if `seed` is given.
    pub(crate) async fn work(
        mut self,
        seed: Option<u64>,
        calm: CancellationToken,
        stop: CancellationToken,
    ) -> Toll {
        let mut chance = Chance::new(seed.unwrap_or(0), 1000);
        let mut next = tokio::time::Instant::now() + Duration::from_secs(3);
        while stop.run_until_cancelled(tokio::time::sleep(ROUND)).await.is_some() {
            let is_calm = calm.is_cancelled();
            self.tend(is_calm);
            if seed.is_some() && !is_calm && next <= tokio::time::Instant::now() {
                self.strike(&mut chance);
                next = tokio::time::Instant::now() + chance.millis(1_500, 4_000);
            }
        }
        self.toll
    }

    /// Starts whoever is due, wakes whoever has paused long enough.
    fn tend(&mut self, everybody: bool) {
        let now = tokio::time::Instant::now();
        for n in 0..self.workers.len() {
            let absent = Slot::Absent(now);
            self.workers[n] = match std::mem::replace(&mut self.workers[n], absent) {
                Slot::Running(mut child) => match child.try_wait().unwrap() {
                    None => Slot::Running(child),
                    Some(_) => {
                        self.toll.gave_up += 1;
                        Slot::Absent(now + Duration::from_millis(500))
                    }
                },
                Slot::Paused(child, until) if everybody || until <= now => {
                    signal(&child, Signal::CONT);
                    Slot::Running(child)
                }
                Slot::Absent(until) if everybody || until <= now => Slot::Running(self.start(n)),
                other => other,
            };
        }
    }

    /// Kills one of those that run, or one time in ten pauses it for longer than its claims last.
    fn strike(&mut self, chance: &mut Chance) {
        let n = chance.below(self.workers.len());
        let pause = chance.percent(10);
        let (away, paused) = (chance.millis(0, 2_000), chance.millis(7_000, 11_000));
        let now = tokio::time::Instant::now();
        let Slot::Running(child) = &self.workers[n] else { return };
        if pause {
            signal(child, Signal::STOP);
            self.toll.pauses += 1;
            if let Slot::Running(child) = std::mem::replace(&mut self.workers[n], Slot::Absent(now)) {
                self.workers[n] = Slot::Paused(child, now + paused);
            }
        } else {
            signal(child, Signal::KILL);
            self.toll.kills += 1;
            // Dropped: reaped by the runtime.
            self.workers[n] = Slot::Absent(now + away);
        }
    }

    fn start(&mut self, n: usize) -> Child {
        self.toll.started += 1;
        let name = format!("worker-{}", n + 1);
        let log = std::fs::File::options().create(true).append(true).open(self.town.log(&name)).unwrap();
        let mut command = self.town.worker();
        command.env("HOSTNAME", name).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command.spawn().unwrap()
    }
}

/// Sends a signal to a child that has not been waited for: its id is still its own.
fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
        kill_process(pid, signal).unwrap();
    }
}
