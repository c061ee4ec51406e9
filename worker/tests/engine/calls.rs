//! What one staging deployment costs in calls: a build of ten minutes and two rollouts of three, in virtual time,
//! with everything that a worker does meanwhile. Prints docs/polling.md; to renew it after a change:
//! `UPDATE_GENERATED=1 cargo test -p lockstep --test engine calls`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lockstep::engine::{Engine, Reconciler};
use lockstep::ports::Clock as _;
use lockstep_events::{DeploymentId, EcsDeploymentEventName};
use lockstep_state_machines::{Leg, Policy, State};

use crate::doubles::{COMMIT, Message};
use crate::hints::{built, event};
use crate::stage::{OLD_DIGEST, Stage};

const BUILD: Duration = Duration::from_mins(10);
const ROLLOUT: Duration = Duration::from_mins(3);

/// The workflow sends its message this long before the run is over: other steps tidy up after it.
const TIDYING: Duration = Duration::from_secs(8);

/// With this delay (infra/github/workflows/build-image.yml).
const NOTICE: Duration = Duration::from_secs(20);

/// How long EventBridge takes.
const EVENT: Duration = Duration::from_secs(2);

/// How often the worker's reconciler scans (the default of `worker.reconcile_seconds`).
const SCAN: Duration = Duration::from_secs(120);

/// And when first: at no moment at which anything else happens.
const FIRST_SCAN: Duration = Duration::from_secs(37);

/// How often `aws ecs wait services-stable` asks.
const WAITER: Duration = Duration::from_secs(15);

/// How many requests a call of a port is at most, without errors and with pages that hold everything
/// (worker/src/adapters): the doubles stand for the ports, and AWS and GitHub count requests.
const ECS: [(&str, usize); 6] = [
    ("service", 1),
    ("task_definition", 1),
    ("update", 1),
    ("register_from", 2), // the base, then the new one
    ("rollouts", 3),      // list, describe, their revisions
    ("tasks", 3),         // list the running, list the stopped, describe
];
const GITHUB: [(&str, usize); 11] = [
    ("default_branch", 1),
    ("resolve_reference", 1),
    ("is_on_branch", 1),
    ("checks", 3), // check runs, workflow runs, statuses
    ("file", 1),
    ("latest_release", 1),
    ("dispatch", 1),
    ("run", 1),
    ("tag_commit", 2), // the reference, and what an annotated tag is on
    ("release", 1),
    ("create_release", 1),
];

/// What is to happen.
#[derive(Debug, Clone)]
enum Deed {
    Deliver(Message),
    BuildEnds,
    RolloutEnds { rollout: usize },
    Tell { rollout: usize, name: EcsDeploymentEventName },
    Notify,
    Scan,
}

/// One deployment's course.
struct Course {
    stage: Arc<Stage>,
    engine: Engine,
    reconciler: Reconciler,
    id: DeploymentId,
    /// Whether ECS's events and the build's message arrive.
    events: bool,
    agenda: BTreeMap<(Duration, usize), Deed>,
    planned: usize,
    /// Messages that are on the agenda or were.
    known: Vec<Message>,
    state: String,
    rollouts: usize,
    deliveries: usize,
}

/// What it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    looks: usize,
    sqs: usize,
    ecs: usize,
    github: usize,
    /// From the request to healthy, in seconds.
    took: u64,
}

impl Course {
    /// Up to healthy, and until nothing of it is left in the queue.
    async fn run(events: bool, cap: Option<SignedDuration>) -> Cost {
        let stage = Stage::new();
        stage.forge.put_release("0.1.0", false, &COMMIT.parse().unwrap());
        stage.forge.make_latest("0.1.0");
        stage.registry.push("0.1.0", OLD_DIGEST.parse().unwrap());
        stage.forge.hold_builds(true);
        let mut world = stage.world("a");
        world.policy.poll_cap = cap.unwrap_or(world.policy.poll_cap);
        let engine = Engine::new(Arc::new(world));
        let (id, _) = stage.ask("staging");
        let mut course = Self {
            reconciler: Reconciler::new(engine.clone()),
            engine,
            id,
            events,
            agenda: BTreeMap::new(),
            planned: 0,
            known: Vec::new(),
            state: String::new(),
            rollouts: 0,
            deliveries: 0,
            stage,
        };
        course.plan(FIRST_SCAN, Deed::Scan);
        let mut took = None;
        loop {
            course.take_note();
            if course.state == "healthy" {
                took.get_or_insert(course.stage.clock.lived().as_secs());
                if course.stage.queue.live().is_empty() {
                    break;
                }
            }
            let ((at, _), deed) = course.agenda.pop_first().expect("something is to happen");
            course.stage.clock.forward(at.saturating_sub(course.stage.clock.lived()));
            course.happens(deed).await;
        }
        assert_eq!((course.rollouts, course.stage.forge.builds()), (2, 1), "{:#?}", course.stage.path(id));
        course.cost(took.unwrap())
    }

    fn plan(&mut self, after: Duration, deed: Deed) {
        self.planned += 1;
        self.agenda.insert((self.stage.clock.lived() + after, self.planned), deed);
    }

    /// New messages come when their delay has passed; what was begun comes to its end in time.
    fn take_note(&mut self) {
        for message in self.stage.queue.live() {
            if !self.known.contains(&message) {
                self.known.push(message.clone());
                self.plan(message.delay, Deed::Deliver(message));
            }
        }
        let newest = self.stage.store.items(self.id).pop().map(|item| item.to).unwrap_or_default();
        if newest == self.state {
            return;
        }
        self.state = newest;
        if self.state == "locked/awaiting-build" {
            self.plan(BUILD, Deed::BuildEnds);
            self.plan(BUILD - TIDYING + NOTICE, Deed::Notify);
        }
        if self.state.starts_with("deploying/rolling-out-") {
            self.rollouts += 1;
            let rollout = self.rollouts;
            self.stage.cluster.hold_rollouts(true);
            self.plan(ROLLOUT, Deed::RolloutEnds { rollout });
            self.plan(EVENT, Deed::Tell { rollout, name: EcsDeploymentEventName::InProgress });
            self.plan(ROLLOUT + EVENT, Deed::Tell { rollout, name: EcsDeploymentEventName::Completed });
        }
    }

    async fn happens(&mut self, deed: Deed) {
        match deed {
            Deed::Deliver(message) => {
                self.deliveries += 1;
                self.stage.done(&self.engine, &message).await;
            }
            Deed::BuildEnds => self.stage.forge.hold_builds(false),
            Deed::RolloutEnds { rollout } => {
                assert_eq!(rollout, self.rollouts);
                self.stage.cluster.hold_rollouts(false);
            }
            Deed::Tell { rollout, name } if self.events => {
                event(&self.stage, "c/shop-staging", &format!("ecs-svc/{rollout}"), name);
            }
            Deed::Notify if self.events => _ = built(&self.stage, self.id, 100),
            Deed::Tell { .. } | Deed::Notify => {}
            Deed::Scan => {
                self.reconciler.scan().await.unwrap();
                self.plan(SCAN, Deed::Scan);
            }
        }
    }

    fn cost(&self, took: u64) -> Cost {
        let wire = &self.stage.wire;
        let sum =
            |weights: &[(&str, usize)]| weights.iter().map(|(call, weight)| wire.count(call) * weight).sum();
        let weighed = |call: &str| ECS.iter().chain(&GITHUB).any(|(known, _)| *known == call);
        let of_registry = ["resolve_tag", "contents", "point"];
        for call in wire.services() {
            assert!(weighed(call) || of_registry.contains(&call), "{call} has no weight");
        }
        Cost {
            looks: wire.count("run") + wire.count("rollouts"),
            // A receive and a delete each; the worker's own messages are sent, too.
            sqs: 2 * self.deliveries + wire.count("send"),
            ecs: sum(&ECS),
            github: sum(&GITHUB),
            took,
        }
    }
}

#[tokio::test]
async fn one_staging_deployment_stays_within_its_calls() {
    let constant = Course::run(false, Some(SignedDuration::from_secs(10))).await;
    let fallback = Course::run(false, None).await;
    let minutely = Course::run(true, Some(SignedDuration::from_mins(1))).await;
    let evented = Course::run(true, None).await;
    assert!(evented.sqs < 60 && evented.ecs < 60 && evented.github < 40, "{evented:?}");
    assert!(evented.took < constant.took + 20, "events are no later than polling is");
    let late = 3 * 120; // three waits, none seen to end later than the cap
    assert!(fallback.took <= constant.took + late, "without events it still ends in time: {fallback:?}");
    let document = document(constant, fallback, minutely, evented);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/polling.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &document).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == document, "docs/polling.md has drifted: see the first lines of this file\n{document}");
}

/// How often a state that lasts this long is looked at before its end, without events.
fn looks(policy: &Policy, state: State, lasts: Duration) -> usize {
    let mut now = SignedDuration::ZERO;
    let times = std::iter::from_fn(|| {
        now += policy.pause(state, now, None);
        (now.unsigned_abs() < lasts).then_some(now)
    });
    times.count()
}

fn document(constant: Cost, fallback: Cost, minutely: Cost, evented: Cost) -> String {
    let waits = BUILD + 2 * ROLLOUT;
    let row = |name: &str, cost: Cost| {
        let Cost { looks, sqs, ecs, github, took } = cost;
        let late = took - waits.as_secs();
        format!("| {name} | {looks} | {sqs} | {ecs} | {github} | {late} s |\n")
    };
    let rows = [
        row("A look every 10 s, no events", constant),
        row("Adaptive looks, no events", fallback),
        row("Adaptive looks, with events, at most 60 s apart", minutely),
        row("Adaptive looks, with events (as shipped)", evented),
    ]
    .concat();
    let policy = Stage::new().world("a").policy;
    let constant_policy = Policy { poll_cap: policy.poll, ..policy.clone() };
    let [rare, often] = [&policy, &constant_policy].map(|policy| {
        [(State::AwaitingBuild, BUILD), (State::RollingOut { leg: Leg::Candidate }, ROLLOUT)]
            .map(|(state, lasts)| looks(policy, state, lasts))
    });
    let saved = |before: usize, after: usize| 100 - after * 100 / before;
    let waiter = 2 * ROLLOUT.as_secs() / WAITER.as_secs();
    format!(
        "\
<!-- Generated by worker/tests/engine/calls.rs. To renew it after a change:
UPDATE_GENERATED=1 cargo test -p lockstep --test engine calls -->

# Events and polling: what a deployment costs in calls

Whoever waits is woken by events: ECS's deployment events through EventBridge, and the message that the build
workflow sends in its last step. Both are hints. The service and the run are read again, and a hint that is known to be old (a
rollout that this deployment replaced, a run that it does not wait for) costs no look. Looks at intervals remain for
when an event is lost or never set up.

## How often is looked

A wait whose end is announced (the build, a rollout) is looked at after three polls and then each time that three
times as long has passed: after 30, 90, 210, 330 s and so on, never more than `worker.poll_cap_seconds` (120 by default)
apart. A wait whose end nobody announces (a commit's checks, a drain, readiness) is looked at every
`worker.poll_seconds` (10 by default), and later when a quarter more time has passed. The last look is at the deadline. Set
both to the same number and looks are as often all the time: an environment without events is then served as promptly as
the number says.

A build of {} minutes is looked at {} times while it runs and not {} times, a rollout of {} minutes {} times and not {}.

## One staging deployment, counted

A build of {} minutes and two rollouts of {} each (the latest release, then the candidate), one worker, its
reconciler included, in virtual time; every message until the queue is empty. Requests as AWS and GitHub count them:
SQS without empty receives (an idle worker makes those with or without a deployment), ECS and GitHub by the requests
behind each look. A wake-up is three requests (received, the next one sent, deleted), an event two; the wake-up that an event
has overtaken is still received and deleted. “Later” is the time to healthy beyond the waits themselves.

| | Looks | SQS requests | ECS calls | GitHub calls | Later |
|---|---|---|---|---|---|
{rows}
Saved against a look every 10 s: {} % of the SQS requests, {} % of the ECS calls, {} % of the GitHub calls.
That comes from looking less often. Events save no call beyond it and cost some of SQS's; what they save is time.

Not counted: the request's own message, extensions of a message's visibility, tokens of a GitHub App, DynamoDB, and what is read of the run
that asks where `requests` is configured (five requests to GitHub, once).

An event that comes while ECS still stops the old tasks, or before GitHub shows the run's end, finds nothing yet. Looks then begin anew: after half
of `worker.poll_seconds`, and then each time as long again as has passed since the event, so the end is seen before twice its lag has passed (or
those five seconds), and at most the cap after it. Whoever sends hints again and again is looked after once in five seconds, then ten, twenty and so on up to the cap, in one state.

`aws ecs wait services-stable`, which asks every {} s, would ask {waiter} times for the two rollouts alone and still not know
whether they succeeded (it is as content after a rollback); it keeps a process waiting, and the build is not in it.
One look here is four ECS calls (the service, and its rollouts with their revisions), since it is to give a verdict.
",
        BUILD.as_secs() / 60,
        rare[0],
        often[0],
        ROLLOUT.as_secs() / 60,
        rare[1],
        often[1],
        BUILD.as_secs() / 60,
        ROLLOUT.as_secs() / 60,
        saved(constant.sqs, evented.sqs),
        saved(constant.ecs, evented.ecs),
        saved(constant.github, evented.github),
        WAITER.as_secs(),
    )
}
