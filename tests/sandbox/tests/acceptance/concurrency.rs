//! One deployment at a time: two worker processes that take the same environment's lock at the same moment.
//! A proxy holds both transactions until both are there. Decided by the transaction's condition alone, which
//! the second test shows by taking it out.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use github_sim::Status;
use lockstep::ports::{Lock, Recorded};
use lockstep_events::DeploymentId;
use sandbox::sample::{self, Variant};
use sandbox::{Options, Run};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::between::{Between, Call, Fate, Rule};
use crate::stage::{Stage, new_id};

const ROUNDS: usize = 50;
const REFUSED: &str =
    "Another staging deployment is already in progress. Please wait for it to complete. (deployment ";

/// Holds every transaction that takes a lock, each deployment's first one, until two are there.
struct Gate {
    keeps_condition: bool,
    both: Barrier,
    met: Mutex<HashSet<String>>,
}

impl Rule for Gate {
    async fn meet(&self, call: Call) -> Fate {
        let Some(id) = call.takes_lock_for() else { return Fate::Pass };
        let first = self.met.lock().unwrap().insert(id.to_owned());
        if first {
            self.both.wait().await;
        }
        if self.keeps_condition { Fate::Pass } else { Fate::Changed(call.without_lock_condition()) }
    }
}

/// Two workers behind one gate.
struct Race {
    stage: Stage,
    _between: Between,
}

/// Two requests that met at the gate.
struct Round {
    commit: String,
    before: Lock,
    after: Lock,
    /// Each deployment's first history item.
    first: [Recorded; 2],
    /// The commands that wait, the first under GitHub Actions.
    waiting: [JoinHandle<Run>; 2],
}

impl Race {
    async fn set(keeps_condition: bool) -> Self {
        let mut stage = Stage::set_without_worker(Options::default()).await;
        let gate = Gate { keeps_condition, both: Barrier::new(2), met: Mutex::default() };
        let between = Between::start(stage.sandbox.dynamodb().endpoint(), Arc::new(gate)).await;
        for name in ["worker-1", "worker-2"] {
            // One message at a time: so the two requests cannot be at the gate in one process. With time
            // enough for calls that no slow machine makes one of them miss the other.
            let variables = [
                ("LOCKSTEP__AWS__DYNAMODB_ENDPOINT", between.endpoint()),
                ("LOCKSTEP__WORKER__CONCURRENCY", "1"),
                ("LOCKSTEP__WORKER__CALL_TIMEOUT_SECONDS", "30"),
                ("LOCKSTEP__WORKER__CLAIM_LEASE_SECONDS", "90"),
            ];
            stage.add_worker_with(name, &variables);
        }
        Self { stage, _between: between }
    }

    /// Two requests at once for a commit whose check has not ended, so that whoever wins keeps the lock.
    async fn run(&self, number: usize) -> Round {
        let sandbox = &self.stage.sandbox;
        let commit = sample::commit("main", "0.1.0", Variant::Good, &format!("Round {number}"));
        let commit = sandbox.github().control().commit("acme", "sample", commit).unwrap();
        sandbox.report_check(&commit, "ci", Status::InProgress, None).unwrap();
        let before = self.stage.environment("staging").await.lock;
        let ids = [new_id(), new_id()];
        // Who is first to start changes from round to round.
        let waiting = if number.is_multiple_of(2) {
            let alice = self.deploy(ids[0], true);
            [alice, self.deploy(ids[1], false)]
        } else {
            let bob = self.deploy(ids[1], false);
            [self.deploy(ids[0], true), bob]
        };
        let first = [self.first_item(ids[0]).await, self.first_item(ids[1]).await];
        let after = self.stage.environment("staging").await.lock;
        Round { commit, before, after, first, waiting }
    }

    fn deploy(&self, id: DeploymentId, in_actions: bool) -> JoinHandle<Run> {
        let id = id.to_string();
        let mut command = self.stage.sandbox.command(&["deploy", "staging", "--id", &id, "--wait"]);
        if in_actions {
            command.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "alice")]);
        } else {
            command.env("USER", "bob");
        }
        let output = command.output();
        tokio::spawn(async move { Run::from(output.await.unwrap()) })
    }

    async fn first_item(&self, id: DeploymentId) -> Recorded {
        let recorded = async || !self.stage.history(id).await.is_empty();
        self.stage.until(&format!("a record of {id}"), recorded).await;
        self.stage.history(id).await.remove(0)
    }
}

/// What must hold after every round: which of the two won.
fn one_winner(round: &Round) -> Result<usize, String> {
    let took = |item: &Recorded| item.event == "lock-taken";
    let winners: Vec<usize> = (0..2).filter(|&n| took(&round.first[n])).collect();
    let [winner] = winners[..] else {
        let holders: Vec<String> =
            winners.iter().map(|&n| format!("{} ({})", round.first[n].id, round.first[n].worker)).collect();
        return Err(format!("{} deployments hold staging at once: {}", holders.len(), holders.join(" and ")));
    };
    let expected = (Some(round.first[winner].id), round.before.token + 1);
    let found = (round.after.holder, round.after.token);
    if found != expected {
        return Err(format!("the lock says {found:?}, expected {expected:?}"));
    }
    Ok(winner)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_at_the_same_moment_one_wins_and_the_other_is_told_who_did() {
    let race = Race::set(true).await;
    let traces = race.stage.traces();
    let (mut won, mut annotated, mut ends) = ([0, 0], 0, Vec::new());
    for number in 0..ROUNDS {
        let round = race.run(number).await;
        let winner = one_winner(&round).unwrap_or_else(|what| panic!("round {number}: {what}"));
        let (held, refused) = (&round.first[winner], &round.first[1 - winner]);
        won[winner] += 1;
        let process = |item: &Recorded| item.worker.clone();
        assert_ne!(process(held), process(refused), "two processes met at the gate");

        // The other is recorded as rejected, in the customer's words, with the holder and since when.
        let actor = ["alice", "bob"][winner];
        let words = format!("{REFUSED}{} by {actor} since {:.0})", held.id, held.at);
        assert_eq!((refused.to.as_str(), refused.terminal), ("rejected", true));
        assert_eq!(refused.detail, words);
        let [alice, bob] = round.waiting;
        let (winning, losing) = if winner == 0 { (alice, bob) } else { (bob, alice) };
        let told = losing.await.unwrap();
        assert_eq!(told.code, 3, "{told:#?}");
        assert!(told.stdout.contains(&format!("rejected: {words}")), "{told:#?}");
        if winner == 1 {
            annotated += 1;
            assert!(told.stdout.lines().any(|line| line == format!("::error::{words}")), "{told:#?}");
        }

        // The check fails: the winner ends, and the lock is free for the next round.
        race.stage.sandbox.report_check(&round.commit, "ci", Status::Completed, Some("failure")).unwrap();
        race.stage.until_state(held.id, "rejected").await;
        let free = race.stage.environment("staging").await.lock;
        assert_eq!((free.holder, free.token), (None, round.before.token + 1), "tokens rise by one a win");
        ends.push(winning);
    }
    for end in ends {
        let end = end.await.unwrap();
        assert_eq!(end.code, 3, "{end:#?}");
        assert!(end.stdout.contains("failed: ci; fix them and deploy the commit that does"), "{end:#?}");
    }
    assert!(annotated > 0, "the request from GitHub Actions won every round: {won:?}");
    assert_eq!(race.stage.traces(), traces, "none of them changed anything but the table");
    let token = race.stage.environment("staging").await.lock.token;
    assert_eq!(token, u64::try_from(ROUNDS).unwrap());
    println!(
        "{ROUNDS} rounds: alice won {}, bob won {}; {ROUNDS} rejected with the customer's text; token {token}",
        won[0], won[1]
    );
}

/// The test of the test above: without the condition, its check must fail.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_in_the_transaction_the_check_finds_two_holders() {
    let race = Race::set(false).await;
    for number in 0..5 {
        let round = race.run(number).await;
        let found = one_winner(&round).expect_err("a round without the condition had one winner");
        println!("round {number}: {found}");
        assert!(found.starts_with("2 deployments hold staging at once: "), "{found}");
        assert!(round.first.iter().all(|item| found.contains(&item.id.to_string())), "{found}");
        assert!(round.first.iter().all(|item| item.to == "locked/checking-source"), "{:?}", round.first);
    }
}
