//! What a deployment costs, counted from the requests that leave the worker and guarded as docs/cost.md. To renew that after a
//! change: `UPDATE_GENERATED=1 cargo test -p crashes --test costs`. Must never hold a number that was not counted, but for prices.

#![expect(clippy::unwrap_used, reason = "a test: what cannot go on fails with its reason")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// What the program prints of each scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Cost {
    scenario: String,
    seconds: u64,
    write_units: f64,
    read_units: f64,
    empty_receives: u64,
    refused_writes: u64,
    calls: BTreeMap<String, BTreeMap<String, u64>>,
}

/// US dollars for us-east-1, as published in November 2026 where the page says so: DynamoDB on demand, SQS standard queues,
/// Step Functions' standard workflows, Fargate on Linux/x86, a two-core Linux runner of GitHub's.
const WRITE_UNIT: f64 = 0.625e-6;
const READ_UNIT: f64 = 0.125e-6;
const SQS_REQUEST: f64 = 0.40e-6;
const STEP_TRANSITION: f64 = 0.025e-3;
const VCPU_HOUR: f64 = 0.04048;
const GIGABYTE_HOUR: f64 = 0.004_445;
const RUNNER_MINUTE: f64 = 0.006;

/// The worker's task (infra): a quarter of a vCPU and half a gigabyte; a month.
const VCPU: f64 = 0.25;
const GIGABYTES: f64 = 0.5;
const MONTH_HOURS: f64 = 730.0;

/// The transitions of a staging deployment as states of a Step Functions workflow, if each of ours were one of theirs, with a
/// wait, a look and a choice for each look.
const STATES_A_LOOK: u64 = 3;

impl Cost {
    fn of(&self, service: &str) -> u64 {
        self.calls.get(service).map_or(0, |operations| operations.values().sum())
    }

    /// SQS's requests but for receives that found nothing.
    fn sqs(&self) -> u64 {
        self.of("SQS") - self.empty_receives
    }

    fn operation(&self, service: &str, operation: &str) -> u64 {
        self.calls.get(service).and_then(|operations| operations.get(operation)).copied().unwrap_or(0)
    }

    /// Of table and queue, in US dollars.
    fn dollars(&self) -> f64 {
        self.write_units * WRITE_UNIT + self.read_units * READ_UNIT + count(self.sqs()) * SQS_REQUEST
    }
}

/// Counts here are far below where a float rounds.
fn count(number: u64) -> f64 {
    u32::try_from(number).map(f64::from).unwrap()
}

fn counted() -> Vec<Cost> {
    let done = Command::new(env!("CARGO_BIN_EXE_costs")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn named<'a>(costs: &'a [Cost], name: &str) -> &'a Cost {
    costs.iter().find(|cost| cost.scenario == name).unwrap()
}

#[test]
fn a_deployment_stays_within_its_requests_and_the_page_says_what_they_are() {
    let costs = counted();
    assert_eq!(costs, counted(), "counted once more it is the same");
    let staging = named(&costs, "staging, healthy");
    assert!(staging.write_units < 90.0, "write units: {staging:#?}");
    assert!(staging.sqs() < 60, "SQS requests: {staging:#?}");
    assert!(staging.of("ECS") < 60, "ECS calls: {staging:#?}");
    assert!(staging.of("GitHub") < 40, "GitHub calls: {staging:#?}");
    let idle = named(&costs, "an hour without a deployment");
    assert_eq!((idle.of("SQS"), idle.write_units), (idle.empty_receives, 0.0), "{idle:#?}");
    let page = page(&costs, staging, idle);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cost.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == page, "docs/cost.md has drifted: see the first lines of this file\n{page}");
}

fn page(costs: &[Cost], staging: &Cost, idle: &Cost) -> String {
    let mut rows = String::new();
    for cost in costs.iter().filter(|cost| *cost != idle) {
        let (took, sqs) = (cost.seconds, cost.sqs());
        let (ecs, github, registry) = (cost.of("ECS"), cost.of("GitHub"), cost.of("registry"));
        let Cost { scenario, write_units, read_units, empty_receives, refused_writes, .. } = cost;
        writeln!(
            rows,
            "| {scenario} | {took} s | {write_units} | {read_units} | {sqs} | {empty_receives} | {ecs} | {github} | {registry} | {refused_writes} | {:.0} |",
            cost.dollars() * 1e6
        )
        .unwrap();
    }
    let mut operations = String::new();
    for (service, called) in &staging.calls {
        let list: Vec<_> = called.iter().map(|(name, times)| format!("{name} {times}")).collect();
        writeln!(operations, "| {service} | {} | {} |", staging.of(service), list.join(", ")).unwrap();
    }
    let worker = (VCPU * VCPU_HOUR + GIGABYTES * GIGABYTE_HOUR) * MONTH_HOURS;
    let receives = count(idle.empty_receives) * MONTH_HOURS;
    let reads = idle.read_units * MONTH_HOURS;
    let looks = staging.operation("GitHub", "GET") + staging.operation("ECS", "DescribeServices");
    let transitions = staging.operation("DynamoDB", "PutItem") + STATES_A_LOOK * looks;
    let steps = count(transitions) * STEP_TRANSITION;
    let minutes = staging.seconds.div_ceil(60);
    format!(
        "\
<!-- Generated by tests/crashes/tests/costs.rs. To renew it after a change:
UPDATE_GENERATED=1 cargo test -p crashes --test costs -->

# What a deployment costs

Counted from the requests that leave the worker: the product's own loop and adapters, over HTTP, against the crash suite's services under
a virtual clock, with an account's times (a build of ten minutes, rollouts of three, ECS's listings a few seconds behind) and the worker as it
is shipped, its reconciler included. ECS's events and the build workflow's message arrive. `cargo run -p crashes --bin costs` prints the same as JSON.
A test fails when a number here changes, and when the first row passes 90 write units, 60 SQS requests, 60 ECS calls or 40 GitHub calls.

| Deployment | Took | Write units | Read units | SQS | empty receives | ECS | GitHub | Registry | refused writes | Table and queue, millionths of a US dollar |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}
Units are DynamoDB's as the store counts them (a write unit is 1 KB, a strongly consistent read unit 4 KB, a transaction counts twice). A
refused write is one that lost to another item of the same number (the reconciler and a message meet); it counts as what was sent. SQS is without the
receives that found nothing: the loop makes those whether or not something is deployed. ECS and GitHub take no money for calls, but limit them.

The first row, call by call:

| | Calls | |
|---|---|---|
{operations}
Of the registry's, `GET` includes one `/v2/` before each call, which is how its client asks whether it must sign in.

## An idle worker

In an hour: {receives_an_hour} empty receives, {reads_an_hour} read units (the reconciler reads each environment's lock), no write. In a day: {receives_a_day} and {reads_a_day}.
In a month: {receives:.0} × 0.40 USD a million = {receives_dollars:.3} USD, of which SQS gives the first million free; {reads:.0} × 0.125 USD a million = {reads_dollars:.3} USD. The
task itself: ({VCPU} vCPU × {VCPU_HOUR} + {GIGABYTES} GB × {GIGABYTE_HOUR}) USD × {MONTH_HOURS} h = {worker:.2} USD. What else stands in the account (load balancer, NAT,
databases) is in infra/README.md.

## One staging deployment, in money

{write_units} write units × 0.625 + {read_units} read units × 0.125 + {sqs} SQS requests × 0.40, all a million: {dollars:.6} USD. A thousand of them: {thousand:.2} USD.

Beside it, for the same work:
- Step Functions (0.025 USD for 1,000 transitions): {transitions} transitions, if each of our {items} history items and, for each of {looks} looks, a wait, a
  look and a choice were one: {steps:.4} USD, {ratio:.0} times as much. Looks for which it has no integration would be Lambda calls on top.
- A job that waits on GitHub's runner (0.006 USD a minute, two cores): {minutes} minutes, {runner:.3} USD, {runner_ratio:.0} times as much. `--wait` in a workflow
  costs that as well; leave it out and look at the page, or let the notification come.

Prices are for us-east-1, as published in November 2026; check them before you plan with them. They stand in the test.
",
        receives_an_hour = idle.empty_receives,
        reads_an_hour = idle.read_units,
        receives_a_day = idle.empty_receives * 24,
        reads_a_day = idle.read_units * 24.0,
        receives_dollars = receives * SQS_REQUEST,
        reads_dollars = reads * READ_UNIT,
        write_units = staging.write_units,
        read_units = staging.read_units,
        sqs = staging.sqs(),
        dollars = staging.dollars(),
        thousand = staging.dollars() * 1000.0,
        items = staging.operation("DynamoDB", "PutItem"),
        ratio = steps / staging.dollars(),
        runner = count(minutes) * RUNNER_MINUTE,
        runner_ratio = count(minutes) * RUNNER_MINUTE / staging.dollars(),
    )
}
