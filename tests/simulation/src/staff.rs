//! The workers as seen from outside: names, clocks, who is paused, who has died, who is to be hired. Must never
//! know what a worker is doing.

use std::time::Duration;

use lockstep::engine::UnlockWish;
use tokio_util::sync::CancellationToken;

use crate::plan::Plan;
use crate::universe::Universe;

/// One worker process.
pub(crate) struct Worker {
    pub(crate) name: String,
    /// When it was started.
    pub(crate) born: Duration,
    /// How far its time of day is wrong, in seconds.
    pub(crate) skew: i64,
    /// Its process does not run before this.
    pub(crate) paused_until: Duration,
    /// How long it has been paused in all.
    pub(crate) paused: Duration,
    /// Set when it has died: it is never polled again.
    pub(crate) dead: bool,
    /// Cancelled when it is told to finish what it has begun.
    pub(crate) shutdown: CancellationToken,
    /// Whether it is an operator's: nobody starts it again.
    operator: bool,
}

/// What a process is started for.
pub(crate) enum Errand {
    /// The worker's loop.
    Work,
    /// `lockstep unlock`.
    Unlock(Box<UnlockWish>),
}

/// All workers that ever were.
#[derive(Default)]
pub(crate) struct Staff {
    pub(crate) workers: Vec<Worker>,
    /// Workers that exist here and have not been started by the run yet.
    pub(crate) hired: Vec<(usize, Errand)>,
}

impl Universe {
    /// A fresh worker starts now.
    pub(crate) fn hire(&mut self) {
        self.start(Errand::Work);
    }

    /// An operator's process starts now.
    pub(crate) fn send_operator(&mut self, wish: UnlockWish) {
        self.counts.one("unlocks");
        self.start(Errand::Unlock(Box::new(wish)));
    }

    fn start(&mut self, errand: Errand) {
        let number = self.staff.workers.len();
        let wrong = self.plan.skew.as_secs_f64() * (2.0 * self.dice.fraction() - 1.0);
        #[expect(clippy::cast_possible_truncation, reason = "at most some minutes")]
        let skew = wrong as i64;
        let operator = matches!(errand, Errand::Unlock(_));
        let name = if operator { format!("operator{number}") } else { format!("w{number}") };
        self.note(format_args!("{name} starts, its time of day wrong by {skew} s"));
        self.staff.workers.push(Worker {
            name,
            born: self.now,
            skew,
            paused_until: Duration::ZERO,
            paused: Duration::ZERO,
            dead: false,
            shutdown: CancellationToken::new(),
            operator,
        });
        self.staff.hired.push((number, errand));
    }

    /// A worker dies now; another one starts later.
    pub(crate) fn kill(&mut self, number: usize) {
        let worker = &mut self.staff.workers[number];
        if std::mem::replace(&mut worker.dead, true) {
            return;
        }
        let name = worker.name.clone();
        self.note(format_args!("{name} dies"));
        self.counts.one("crashes");
        self.replace(number);
    }

    /// A process has come to its own end: a worker whose first look at the table failed, or an operator's.
    pub(crate) fn leave(&mut self, number: usize) {
        self.staff.workers[number].dead = true;
        self.replace(number);
    }

    /// Some worker is told to finish what it has begun and to end.
    pub(crate) fn stop_worker(&mut self) {
        let alive = self.staff.workers.iter().enumerate().filter(|(_, w)| !w.dead && !w.operator);
        let alive: Vec<_> = alive.map(|(number, _)| number).collect();
        let Some(number) = alive.get(self.dice.below(alive.len())) else { return };
        let worker = &self.staff.workers[*number];
        worker.shutdown.cancel();
        let name = worker.name.clone();
        self.note(format_args!("{name} is told to stop"));
        self.counts.one("workers stopped");
    }

    fn replace(&mut self, number: usize) {
        if self.staff.workers[number].operator {
            return;
        }
        let later = self.dice.seconds(0.5, 200.0);
        self.after(later, Self::hire);
    }

    /// A worker's process stops for a while: it sends nothing and hears nothing, and its clocks go on.
    pub(crate) fn pause(&mut self, number: usize, pause: Duration) {
        let until = self.now + pause;
        let worker = &mut self.staff.workers[number];
        if worker.dead || worker.paused_until > self.now {
            return;
        }
        worker.paused_until = until;
        worker.paused += pause;
        let name = worker.name.clone();
        self.note(format_args!("{name} is paused for {:.1} s", pause.as_secs_f64()));
        self.counts.one("pauses");
        // Something must happen at that moment, for the run to look at it again.
        self.calendar.enter(until, |_| ());
    }

    /// Whether a call in this moment is the worker's last act, and whether it is stopped by it.
    pub(crate) fn strike(&mut self, number: usize) -> bool {
        if self.staff.workers[number].dead {
            return true;
        }
        if !self.is_troubled() {
            return false;
        }
        if self.dice.lucky(self.plan.trouble.crash) {
            self.kill(number);
            return true;
        }
        if self.dice.lucky(self.plan.trouble.pause) {
            let pause = if self.dice.lucky(0.5) {
                self.dice.seconds(1.0, 60.0)
            } else {
                self.dice.seconds(45.0, 400.0)
            };
            self.pause(number, pause);
        }
        false
    }
}

impl Plan {
    /// How long a worker has lived by its own clock.
    pub(crate) fn lived(&self, worker: &Worker, now: Duration) -> Duration {
        let lived = now.saturating_sub(worker.born);
        if self.is_sabotaged(crate::sabotage::Sabotage::WatchStands) {
            return lived.saturating_sub(worker.paused);
        }
        lived
    }
}
