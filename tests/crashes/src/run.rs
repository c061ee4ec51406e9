//! One run of a flow: workers come and go until the queue is empty, every request of theirs is recorded, and
//! at one point of it, if the run has one, a worker dies or an answer is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use lockstep_events::DeploymentId;
use tokio::sync::Notify;

use crate::costs::Ledger;
use crate::flow::{self, Flow};
use crate::point::{Point, Side};
use crate::recorder::{Actor, Call, Door, Outcome, Request, Tape};
use crate::town::{Snapshot, Town};
use crate::worker::{self, Counted};

/// A run that makes more calls than this goes in circles.
const MOST_CALLS: usize = 5_000;
/// Nor does any flow last longer than this, in milliseconds of virtual time.
const LONGEST: i64 = 6 * 3_600_000;
/// How often the second worker may fail before something is wrong.
const SECOND_TRIES: usize = 5;

/// What happens on the way of a run.
#[derive(Default)]
struct Notices {
    first_died: Notify,
    second_died: Notify,
    finished: Notify,
}

/// One run.
pub(crate) struct Run {
    pub(crate) town: Arc<Town>,
    pub(crate) id: DeploymentId,
    flow: Flow,
    port: u16,
    point: Option<(Point, Call)>,
    calls: Mutex<Vec<Call>>,
    tape: Option<Arc<Tape>>,
    /// Requests that reached a service.
    served: AtomicUsize,
    second_at_work: AtomicBool,
    cancelled: AtomicBool,
    failure: Mutex<Option<String>>,
    notices: Notices,
    chance: Arc<Counted>,
    began: i64,
    ledger: Ledger,
}

/// What is left of a run.
pub(crate) struct Finished {
    pub(crate) town: Arc<Town>,
    pub(crate) id: DeploymentId,
    pub(crate) calls: Vec<Call>,
    /// The number of the call that never reached its service, if its worker was killed before it.
    pub(crate) kept: Option<usize>,
    /// Workers that were started to take the loop up.
    pub(crate) workers: usize,
    /// What went wrong with the run itself, if something did.
    pub(crate) failure: Option<String>,
    /// What it cost.
    pub(crate) ledger: Ledger,
}

impl Run {
    /// Does a flow from this snapshot on, with a worker lost or an answer lost at the point, where this call is
    /// expected.
    pub(crate) async fn of(
        flow: Flow,
        from: &Snapshot,
        door: &Door,
        point: Option<(Point, Call)>,
    ) -> Finished {
        let town = Arc::new(Town::restore(from, door.port(), flow.conducts, flow.pace));
        let id = flow.ask.put(&town);
        let run = Arc::new(Self {
            began: town.timeline.millis(),
            town,
            id,
            flow,
            port: door.port(),
            point,
            calls: Mutex::default(),
            tape: door.tape(),
            served: AtomicUsize::new(0),
            second_at_work: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            failure: Mutex::default(),
            notices: Notices::default(),
            chance: Counted::new(),
            ledger: Ledger::default(),
        });
        door.leads_to(&run);
        let workers = run.employ().await;
        let missed = run.what_never_came();
        run.town.settle();
        Finished {
            town: Arc::clone(&run.town),
            id,
            calls: run.calls().clone(),
            kept: run.point.filter(|(point, _)| point.side == Side::Before).map(|(point, _)| point.call),
            workers,
            failure: run.failure().take().or(missed),
            ledger: run.ledger.clone(),
        }
    }

    /// Starts a worker whenever there is none; returns how many it took until the queue was empty.
    async fn employ(&self) -> usize {
        for number in 1.. {
            let (town, chance) = (Arc::clone(&self.town), Arc::clone(&self.chance));
            let work = worker::run_loop(town, self.port, format!("worker-{number}"), chance);
            tokio::select! {
                biased;
                () = self.notices.finished.notified() => return number,
                () = self.notices.first_died.notified() => {}
                () = work => {}
            }
        }
        unreachable!("numbers do not end")
    }

    /// Takes in a request.
    pub(crate) async fn meet(&self, request: Request) -> Outcome {
        let actor = if self.second_at_work.load(Ordering::SeqCst) { Actor::Second } else { Actor::First };
        let side = match self.record(&request, actor) {
            Ok(side) => side,
            Err(problem) => return self.give_up(problem).await,
        };
        if side == Some(Side::Before) {
            return self.die(actor).await;
        }
        let commits = request.commits();
        let (named, sent) = (request.named(), request.body.len());
        let asked = self.tape.as_ref().and_then(|tape| Some((tape, tape.asked(&request)?)));
        let Some(answer) = self.town.answer(request).await else {
            // The queue is empty: nothing is under way any more, and there is nobody to answer.
            self.notices.finished.notify_one();
            return std::future::pending().await;
        };
        self.served.fetch_add(1, Ordering::SeqCst);
        let answer = self.ledger.enter(named, sent, answer).await;
        if let Some((tape, asked)) = asked {
            tape.keep(asked, &answer).await;
        }
        let reached = commits.filter(|_| answer.status() == StatusCode::OK);
        if reached.is_some() && reached.as_deref() == self.flow.cancelled_at {
            self.cancel().await;
        }
        match side {
            Some(Side::After) => self.die(actor).await,
            Some(Side::AnswerLost) => Outcome::Cut,
            Some(Side::Before) | None => Outcome::Answer(answer),
        }
    }

    /// Records a request; what is to be done about it beyond serving it.
    fn record(&self, request: &Request, actor: Actor) -> Result<Option<Side>, String> {
        let call = Call::of(request, actor)?;
        let mut calls = self.calls();
        calls.push(call);
        let number = calls.len();
        if number > MOST_CALLS {
            return Err(format!("more than {MOST_CALLS} calls: it goes in circles"));
        }
        if self.town.timeline.millis() - self.began > LONGEST {
            return Err("still not over after six hours of virtual time".to_owned());
        }
        match self.point {
            Some((point, expected)) if point.call == number => {
                if expected == call {
                    Ok(Some(point.side))
                } else {
                    Err(format!("call {number} was {expected} in the undisturbed run and is {call} now"))
                }
            }
            _ => Ok(None),
        }
    }

    /// Asks for the deployment's end, once, and has a second worker take that up.
    async fn cancel(&self) {
        if self.cancelled.swap(true, Ordering::SeqCst) {
            return;
        }
        let message = flow::cancel(&self.town, self.id);
        self.second_at_work.store(true, Ordering::SeqCst);
        for number in 1..=SECOND_TRIES {
            let (town, chance) = (Arc::clone(&self.town), Arc::clone(&self.chance));
            let work = worker::handle_one(town, self.port, format!("second-{number}"), chance);
            let done = tokio::select! {
                done = work => done,
                () = self.notices.second_died.notified() => false,
            };
            if done {
                break;
            }
            self.town.queue.redeliver(message);
        }
        self.second_at_work.store(false, Ordering::SeqCst);
    }

    /// The worker that sent this is no more.
    async fn die(&self, actor: Actor) -> Outcome {
        match actor {
            Actor::First => self.notices.first_died.notify_one(),
            Actor::Second => self.notices.second_died.notify_one(),
        }
        std::future::pending().await
    }

    /// The run itself went wrong.
    async fn give_up(&self, problem: String) -> Outcome {
        self.failure().get_or_insert(problem);
        self.notices.finished.notify_one();
        std::future::pending().await
    }

    /// What should have happened in the run and did not.
    fn what_never_came(&self) -> Option<String> {
        let recorded = self.calls().len();
        if let Some((point, call)) = self.point
            && recorded < point.call
        {
            return Some(format!("call {} ({call}) never came", point.call));
        }
        if let Some(state) = self.flow.cancelled_at
            && !self.cancelled.load(Ordering::SeqCst)
        {
            return Some(format!("{state}, in which it was to be cancelled, never came"));
        }
        // Not served were: the last call, which found the queue empty, and one that a worker died before.
        let kept = 1 + usize::from(self.point.is_some_and(|(point, _)| point.side == Side::Before));
        let served = self.served.load(Ordering::SeqCst);
        (recorded != served + kept)
            .then(|| format!("{recorded} calls were recorded and {served} served: not all but {kept}"))
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
