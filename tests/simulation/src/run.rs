//! One seed from beginning to end. Must never be influenced by anything but the seed and the condition that was
//! taken out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use invariants::Violation;
use lockstep::config::Config;
use lockstep::engine::{Engine, UnlockWish, Unlocked};
use lockstep::world::World;
use tokio_util::sync::CancellationToken;

use crate::calendar::Calendar;
use crate::counts::Counts;
use crate::customers::Customers;
use crate::dice::Dice;
use crate::executor::Executor;
use crate::journal::Journal;
use crate::plan::{LEASE, PATIENCE, Plan};
use crate::referee::Referee;
use crate::sabotage::Sabotage;
use crate::services::ecs::Ecs;
use crate::services::forge::Repository;
use crate::services::queue::Messages;
use crate::services::registry::Images;
use crate::services::table::Table;
use crate::setting;
use crate::staff::{Errand, Staff};
use crate::traces::Traces;
use crate::universe::{Shared, Universe};
use crate::wire::Line;

/// More steps than any run takes: one that takes more goes round in circles.
const MOST_STEPS: u64 = 3_000_000;

/// What one seed came to.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What did not hold, if something did not.
    pub violation: Option<Violation>,
    /// What the run brought about.
    pub counts: Counts,
    /// Equal for equal runs.
    pub fingerprint: u64,
    /// Every state that a deployment was in.
    pub states: BTreeSet<String>,
    /// The last lines of what happened.
    pub last: Vec<String>,
    /// How much time passed in the run.
    pub virtual_time: Duration,
    /// How long the last request took to end once trouble had stopped.
    pub settled_after: Duration,
}

/// Runs one seed; `whole` keeps all of its lines.
///
/// # Errors
/// In words: the simulation's own configuration is not accepted by the worker any more.
pub fn run(seed: u64, sabotage: Option<Sabotage>, whole: bool) -> Result<Report, String> {
    let mut config = setting::configuration().map_err(|error| error.to_string())?;
    let shared = Shared::new(begin(seed, sabotage, whole));
    config.retry.budget = shared.lock().plan.budget;
    let mut executor = Executor::default();
    let mut referee = Referee::default();
    let Driven { steps, settled, outcome } = drive(&shared, &config, &mut executor, &mut referee);
    // The workers hold the universe, and the universe's calendar whom to answer.
    drop(executor);
    let mut universe = shared.lock();
    universe.counts.add("steps", steps);
    let lines = universe.journal.lines();
    universe.counts.add("lines", lines);
    if let Err(violation) = &outcome {
        universe.note(format_args!("VIOLATION {violation}"));
    }
    Ok(Report {
        seed,
        violation: outcome.err(),
        counts: universe.counts.clone(),
        fingerprint: universe.journal.fingerprint(),
        states: universe.table.states(),
        last: universe.journal.last(),
        virtual_time: universe.now,
        settled_after: settled.map_or(Duration::ZERO, |at| at.saturating_sub(universe.plan.calm)),
    })
}

fn begin(seed: u64, sabotage: Option<Sabotage>, whole: bool) -> Universe {
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(sabotage, &mut dice);
    let table = Table { sabotage: plan.sabotage, ..Table::default() };
    let mut universe = Universe {
        now: Duration::ZERO,
        dice,
        calendar: Calendar::default(),
        table,
        messages: Messages::default(),
        ecs: Ecs::default(),
        repository: Repository::default(),
        images: Images::default(),
        customers: Customers::default(),
        staff: Staff::default(),
        traces: Traces::default(),
        journal: Journal::new(whole),
        counts: Counts::default(),
        outages: Vec::new(),
        changed: false,
        plan,
    };
    let plan = format!("{:?}", universe.plan);
    universe.note(format_args!("{plan}"));
    universe.set_stage();
    for _ in 0..universe.plan.workers {
        universe.hire();
    }
    universe.enter_customers();
    universe
}

/// How a run went.
struct Driven {
    steps: u64,
    /// When the last request had ended.
    settled: Option<Duration>,
    outcome: Result<(), Violation>,
}

/// Runs until everything that was accepted has ended and nothing sent can still arrive.
fn drive(shared: &Shared, config: &Config, executor: &mut Executor, referee: &mut Referee) -> Driven {
    let mut settled = None;
    for step in 0..MOST_STEPS {
        start_hired(shared, config, executor);
        let chosen = {
            let mut universe = shared.lock();
            let Universe { staff, dice, now, .. } = &mut *universe;
            executor.next(|worker| staff.workers[worker].paused_until <= *now, |count| dice.below(count))
        };
        match chosen {
            Some(worker) => {
                if executor.poll(worker) {
                    shared.lock().leave(worker);
                }
            }
            None => {
                let mut universe = shared.lock();
                let Some((at, deed)) = universe.calendar.next() else { break };
                universe.now = at;
                deed(&mut universe);
            }
        }
        let mut universe = shared.lock();
        let dead: Vec<_> =
            (0..universe.staff.workers.len()).filter(|w| universe.staff.workers[*w].dead).collect();
        dead.into_iter().for_each(|worker| executor.drop_worker(worker));
        if std::mem::take(&mut universe.changed)
            && let Err(violation) = referee.judge(&mut universe)
        {
            return Driven { steps: step, settled, outcome: Err(violation) };
        }
        if universe.now < universe.plan.calm || chosen.is_some() {
            continue;
        }
        if universe.now > universe.plan.calm + PATIENCE {
            return Driven { steps: step, settled, outcome: referee.judge_the_end(&mut universe) };
        }
        if Referee::is_settled(&universe) {
            let since = *settled.get_or_insert(universe.now);
            if universe.now > since + 3 * LEASE {
                return Driven { steps: step, settled, outcome: referee.judge_the_end(&mut universe) };
            }
        } else {
            settled = None;
        }
    }
    let violation = Violation { name: "the simulation ends", text: "it goes round in circles".to_owned() };
    Driven { steps: MOST_STEPS, settled, outcome: Err(violation) }
}

fn start_hired(shared: &Shared, config: &Config, executor: &mut Executor) {
    let hired = std::mem::take(&mut shared.lock().staff.hired);
    for (worker, errand) in hired {
        let line = Line { shared: shared.clone(), worker };
        let world = Arc::new(setting::world(config, &line));
        let shutdown = shared.lock().staff.workers[worker].shutdown.clone();
        executor.start(
            worker,
            Box::pin(async move {
                let end = match errand {
                    Errand::Work => work(world, shutdown).await,
                    Errand::Unlock(wish) => unlock(world, &wish).await,
                };
                let mut universe = line.shared.lock();
                let name = universe.staff.workers[worker].name.clone();
                universe.note(format_args!("{name} leaves: {end}"));
            }),
        );
    }
}

async fn work(world: Arc<World>, shutdown: CancellationToken) -> String {
    match lockstep::service::run(world, shutdown).await {
        Ok(()) => "told to stop".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn unlock(world: Arc<World>, wish: &UnlockWish) -> String {
    match Engine::new(world).unlock(wish, &mut |_| {}).await {
        Ok(Unlocked::NotLocked) => "nothing was locked".to_owned(),
        Ok(Unlocked::Refused(refused)) => refused.to_string(),
        Ok(Unlocked::Ended(last)) => format!("{} had ended", last.id),
        Ok(Unlocked::Done(last)) => format!("{} has been ended", last.id),
        Err(error) => error.to_string(),
    }
}
