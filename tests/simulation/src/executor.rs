//! Polls the workers, each one task, on one thread, in an order that the seed decides. A paused worker is not
//! polled, a dead one is dropped where it stands. Must never let real time in.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// A worker's whole life.
pub(crate) type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Numbers of workers that want to be polled.
#[derive(Default)]
struct Ready(Mutex<Vec<usize>>);

struct Bell {
    worker: usize,
    ready: Arc<Ready>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.worker) {
            ready.push(self.worker);
        }
    }
}

/// The workers that live.
#[derive(Default)]
pub(crate) struct Executor {
    lives: BTreeMap<usize, (Life, Waker)>,
    ready: Arc<Ready>,
}

impl Executor {
    /// Starts a worker.
    pub(crate) fn start(&mut self, worker: usize, life: Life) {
        let bell = Waker::from(Arc::new(Bell { worker, ready: Arc::clone(&self.ready) }));
        bell.wake_by_ref();
        self.lives.insert(worker, (life, bell));
    }

    /// Ends a worker where it stands.
    pub(crate) fn drop_worker(&mut self, worker: usize) {
        self.lives.remove(&worker);
    }

    /// Takes one of those that want to be polled and may be: the one that `choose` picks among so many.
    pub(crate) fn next(
        &mut self,
        may: impl Fn(usize) -> bool,
        choose: impl FnOnce(usize) -> usize,
    ) -> Option<usize> {
        let mut ready = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.retain(|worker| self.lives.contains_key(worker));
        let mut able: Vec<_> = ready.iter().copied().filter(|worker| may(*worker)).collect();
        able.sort_unstable();
        if able.is_empty() {
            return None;
        }
        let worker = able[choose(able.len())];
        ready.retain(|other| *other != worker);
        Some(worker)
    }

    /// Polls a worker; true when it has come to its end.
    pub(crate) fn poll(&mut self, worker: usize) -> bool {
        let Some((life, bell)) = self.lives.get_mut(&worker) else { return false };
        let mut context = Context::from_waker(bell);
        let over = life.as_mut().poll(&mut context).is_ready();
        if over {
            self.lives.remove(&worker);
        }
        over
    }
}
