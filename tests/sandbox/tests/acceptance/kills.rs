//! Workers killed (SIGKILL) after an effect and before its record, in every state whose effect changes
//! something: real processes, over the wire. Another worker finishes it with the undisturbed run's verdict; what
//! was done is found again, or converges when it is sent once more. Must never leave out an effect: the last
//! test compares with the core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockstep_events::DeploymentId;
use sandbox::Options;
use serde_json::Value;

use crate::actions::states_that_act;
use crate::between::Between;
use crate::flows::{FIRST_STAGING, FLOWS, Flow, LAST_CALL, PROMOTION, PROMOTION_AND_BACK, STAGING_AND_BACK};
use crate::mailbox::Mailbox;
use crate::stage::{Stage, Verdict, new_id};
use crate::trap::Trap;

/// These write a record of which the first stands, and are not claimed: nobody has to take anything over.
const UNCLAIMED: [&str; 2] = ["locked/recording-image", "built/binding-version"];

/// A candidate that is never ready is soon given up.
const READINESS: (&str, &str) = ("LOCKSTEP__DEADLINES__READINESS_SECONDS", "12");

/// What a run came to, as far as every run of its flow must agree.
#[derive(Debug, PartialEq)]
struct Told {
    /// The verdict without what differs between any two runs: addresses, times, ids.
    verdict: Vec<Value>,
    states: Vec<String>,
    /// What the application says it is, and what the latest release is.
    stands: [Value; 2],
}

impl Flow {
    /// Runs it, a worker killed once the effect of each of these states was done. Fails unless every result is
    /// there once and every claim that was left behind was taken over.
    async fn run(&self, kills: &[&'static str]) -> Told {
        let mut stage = Stage::set_without_worker(Options::default()).await;
        // What a killed worker held comes back soon.
        Mailbox::of(&stage).come_back_after(4).await;
        let trap = Arc::new(Trap::default());
        let between = Between::start(stage.sandbox.dynamodb().endpoint(), Arc::clone(&trap)).await;
        let mut variables = vec![("LOCKSTEP__AWS__DYNAMODB_ENDPOINT", between.endpoint()), READINESS];
        variables.extend(self.variables);

        stage.add_worker_with("worker-0", &variables);
        let mut command = self.prepare(&stage).await;
        stage.kill_first_worker().await;
        let before = changes(&stage);
        let id = new_id();
        command.extend(["--id".to_owned(), id.to_string()]);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let sent = stage.sandbox.run(&command).await.unwrap();
        assert_eq!(sent.code, 0, "{sent:#?}");

        for (number, state) in (1..).zip(kills) {
            trap.arm(state);
            stage.add_worker_with(&format!("worker-{number}"), &variables);
            trap.until_caught(&stage).await;
            stage.kill_first_worker().await;
            let newest = stage.store.newest(id).await.unwrap().unwrap();
            assert_eq!(newest.to, *state, "the commit was swallowed");
        }
        trap.disarm();
        stage.add_worker_with("worker-last", &variables);
        let verdict = stage.wait(&command).await;
        verdict.expect(self.ends.0, self.ends.1);

        let again = if kills.is_empty() { &[] } else { self.again };
        assert_eq!(since(&before, changes(&stage)), sum(self.once.iter().chain(again)), "kills: {kills:?}");
        if !kills.is_empty() {
            let claimed = kills.iter().copied().filter(|state| !UNCLAIMED.contains(state));
            assert_eq!(self.taken_over(&stage, id).await, claimed.collect::<Vec<_>>());
        }
        self.told(&stage, &verdict).await
    }

    /// The states whose claims were taken over, in order; one that was killed in twice counts once.
    async fn taken_over(&self, stage: &Stage, id: DeploymentId) -> Vec<String> {
        let history = stage.history(id).await.into_iter();
        let claimed = history.filter(|item| item.event == "claimed").map(|item| item.from);
        let mut claimed: Vec<String> = claimed.collect();
        claimed.dedup();
        claimed
    }

    async fn told(&self, stage: &Stage, verdict: &Verdict) -> Told {
        let environment = if self.promoted { "production" } else { "staging" };
        let said = [
            "/state",
            "/exit_code",
            "/operator_needed",
            "/version",
            "/refusal",
            "/failure/code",
            "/failure/during",
            "/unwind_failures",
            "/parity/unproven",
            "/restored/unproven",
            "/reference_notes",
        ];
        let runs = stage.application(environment, "/api/v1/info").await;
        let latest = stage.github("releases/latest").await;
        let member = |value: Option<Value>, name: &str| value.map(|value| value[name].clone());
        Told {
            verdict: said
                .iter()
                .map(|path| verdict.json.pointer(path).cloned().unwrap_or_default())
                .collect(),
            states: stage.states(verdict.id()).await,
            stands: [member(runs, "version"), member(latest, "tag_name")].map(Option::unwrap_or_default),
        }
    }

    /// The workers killed and not killed must come to the same.
    async fn is_told_the_same(&self) {
        let undisturbed = self.run(&[]).await;
        let killed = self.run(self.killed_in).await;
        assert_eq!(killed, undisturbed);
    }
}

/// The changing calls so far, by kind; a manifest put to the registry is one. `Rollout` counts the updates of
/// a service that began one: a result, whatever the number of updates.
fn changes(stage: &Stage) -> BTreeMap<String, usize> {
    let traces = stage.traces();
    let puts = usize::try_from(traces.manifest_puts).unwrap();
    let rollouts =
        stage.sandbox.ecs().log().iter().filter(|call| call.id("newDeploymentId").is_some()).count();
    let more = [("PutManifest".to_owned(), puts), ("Rollout".to_owned(), rollouts)];
    traces.calls.into_iter().chain(more).collect()
}

fn since(before: &BTreeMap<String, usize>, mut now: BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    for (kind, count) in before {
        *now.get_mut(kind).unwrap() -= count;
    }
    now.retain(|_, count| *count > 0);
    now
}

fn sum<'a>(calls: impl Iterator<Item = &'a (&'a str, usize)>) -> BTreeMap<String, usize> {
    let mut sum = BTreeMap::new();
    for (kind, count) in calls {
        *sum.entry((*kind).to_owned()).or_default() += count;
    }
    sum
}

macro_rules! killed_after_each_effect {
    ($($name:ident: $flow:expr),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $flow.is_told_the_same().await;
        }
    )*};
}

killed_after_each_effect! {
    a_first_staging_deployment: FIRST_STAGING,
    a_promotion: PROMOTION,
    a_staging_deployment_with_a_baseline_that_is_rolled_back: STAGING_AND_BACK,
    a_promotion_that_is_rolled_back: PROMOTION_AND_BACK,
    a_deployment_that_waits_for_its_last_call: LAST_CALL,
}

#[test]
fn no_effect_is_left_out() {
    let killed: BTreeSet<String> =
        FLOWS.iter().flat_map(|flow| flow.killed_in).map(|state| (*state).to_owned()).collect();
    let mut expected = states_that_act();
    expected.extend(UNCLAIMED.map(str::to_owned));
    assert_eq!(killed, expected, "each state whose effect changes something, and no other");
}
