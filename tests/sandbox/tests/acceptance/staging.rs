//! Staging: every deployment rehearses the next release, on a fresh database, with what production runs
//! deployed first.

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::sample::Variant;
use sandbox::seeds::{OWNER, REPOSITORY};
use serde_json::Value;

use crate::hands::release;
use crate::stage::{Stage, beta};

/// Every state of a staging deployment that builds, has a database and a release to deploy first.
const STEPS: [&str; 21] = [
    "locked/checking-source",
    "locked/inspecting-environment",
    "locked/dispatching-build",
    "locked/awaiting-build",
    "locked/recording-image",
    "built/moving-tags",
    "built/publishing-release",
    "retagged/registering-database",
    "retagged/registering-baseline",
    "retagged/registering-candidate",
    "deploying/draining",
    "deploying/awaiting-drain",
    "deploying/resetting-database",
    "deploying/awaiting-database",
    "deploying/starting-baseline",
    "deploying/rolling-out-baseline",
    "deploying/checking-baseline",
    "deploying/starting-candidate",
    "deploying/rolling-out-candidate",
    "deploying/checking-readiness",
    "healthy",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_database_then_what_production_runs_then_the_beta() {
    let stage = Stage::set().await;
    let released = stage.sandbox.push("0.1.0", Variant::Good, "Released").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &released)).await.expect("healthy", 0);
    let tried = stage.sandbox.push("0.2.0", Variant::Good, "Tried, never promoted").unwrap();
    stage.deploy().await.expect("healthy", 0);

    // GitHub's latest release is somebody else's doing, and not what production runs.
    stage.sandbox.github().control().add_release(OWNER, REPOSITORY, release("7.0.0", &tried)).unwrap();
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "7.0.0");
    stage.add_note("written before").await;
    assert_eq!(stage.notes().await, ["written before"]);

    let candidate = stage.sandbox.push("0.3.0", Variant::Good, "Next").unwrap();
    let (verdict, seen) = watch(&stage, stage.deploy()).await;
    verdict.expect("healthy", 0).says(&beta("0.3.0", &candidate));

    let mut digests = Vec::new();
    for tag in [beta("0.2.0", &tried), "0.1.0".to_owned(), beta("0.3.0", &candidate)] {
        digests.push(stage.tag(&tag).await.unwrap().to_string());
    }
    let [before, baseline, beta] = digests.try_into().unwrap();
    let first = |digest: &String| seen.iter().position(|running| running.contains(digest));
    let (baseline_first, beta_first) = (first(&baseline).unwrap(), first(&beta).unwrap());
    assert!(seen[0] == BTreeSet::from([before]), "{seen:#?}");
    assert!(seen[..baseline_first].contains(&BTreeSet::new()), "never drained: {seen:#?}");
    assert_eq!(seen[baseline_first], BTreeSet::from([baseline.clone()]), "not alone: {seen:#?}");
    assert!(baseline_first < beta_first, "{seen:#?}");
    assert_eq!(seen.last(), Some(&BTreeSet::from([beta.clone()])), "{seen:#?}");
    let all: BTreeSet<_> = seen[baseline_first..].iter().flatten().collect();
    assert_eq!(all, BTreeSet::from([&baseline, &beta]), "{seen:#?}");

    assert_eq!(stage.notes().await, [""; 0], "the database is the old one");
    assert_eq!(stage.states(verdict.id()).await, STEPS);
    let told = stage.sandbox.run(&["history", &verdict.id().to_string(), "--json"]).await.unwrap();
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let told: Vec<_> = told["transitions"].as_array().unwrap().iter().map(|entry| &entry["to"]).collect();
    assert_eq!(told, STEPS, "what `lockstep history` tells");
    let machine = stage.machine(verdict.id()).await;
    let chosen = machine.deployment().baseline().unwrap();
    assert_eq!((chosen.version.to_string(), chosen.digest.to_string()), ("0.1.0".to_owned(), baseline));
    assert_eq!(chosen.found_in, "the record of production");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_built_once_and_its_baseline_is_left_out_only_for_a_reason() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "Only").unwrap();
    let built = stage.deploy().await;
    built.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &sha)).await.expect("healthy", 0);

    let again = stage.deploy().await;
    again.expect("healthy", 0);
    assert_eq!(stage.builds(), 1, "the commit's image is known");
    assert_eq!(again.text("digest"), built.text("digest"));
    let building = ["locked/dispatching-build", "locked/awaiting-build", "locked/recording-image"];
    let rest: Vec<_> = STEPS.into_iter().filter(|step| !building.contains(step)).collect();
    assert_eq!(stage.states(again.id()).await, rest);

    let reason = "production is down, the fix cannot wait";
    let hasty = stage.wait(&["deploy", "staging", "--skip-baseline", reason]).await;
    hasty.expect("healthy", 0);
    assert_eq!(stage.builds(), 1);
    let states = stage.states(hasty.id()).await;
    assert!(!states.iter().any(|state| state.contains("baseline")), "{states:?}");
    assert!(hasty.json["warnings"].to_string().contains(reason), "{:#}", hasty.json);
    let history = stage.history(hasty.id()).await;
    let said = format!("warning: the latest release is not deployed first, as asked for: {reason}");
    assert!(history.iter().any(|entry| entry.detail.contains(&said)), "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_of_production_githubs_latest_release_comes_first() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "Released by hand").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.retag(&beta("0.1.0", &sha), "0.1.0").await;
    stage.sandbox.github().control().add_release(OWNER, REPOSITORY, release("0.1.0", &sha)).unwrap();
    stage.sandbox.push("0.2.0", Variant::Good, "Next").unwrap();

    let verdict = stage.deploy().await;
    verdict.expect("healthy", 0);
    let machine = stage.machine(verdict.id()).await;
    let chosen = machine.deployment().baseline().unwrap();
    assert_eq!(Some(&chosen.digest), stage.tag("0.1.0").await.as_ref());
    assert_eq!(chosen.found_in, "the latest release 0.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_build_fails_with_its_address_and_nothing_is_deployed() {
    let stage = Stage::set().await;
    stage.sandbox.push("0.1.0", Variant::BrokenBuild, "Does not build").unwrap();
    let before = stage.changes();

    let verdict = stage.deploy().await;
    verdict.expect("failed", 4).says("the build ended in failure: http").says("nothing was deployed");
    let address = verdict.text("build_url");
    verdict.says(&address);
    let run = address.rsplit('/').next().unwrap();
    let run = stage.github(&format!("actions/runs/{run}")).await.unwrap();
    assert_eq!((run["status"].as_str(), run["conclusion"].as_str()), (Some("completed"), Some("failure")));
    assert_eq!(verdict.json["operator_needed"], false);

    let made = stage.changes().since(&before);
    assert!(matches!(&made[..], [call] if call.ends_with("/dispatches")), "{made:#?}");
    assert_eq!(stage.record("staging").await.current, None);
}

/// Which images the tasks of staging's application ran while something was under way: every set of digests
/// that was seen, in order, repeats left out.
async fn watch<T>(stage: &Stage, work: impl Future<Output = T>) -> (T, Vec<BTreeSet<String>>) {
    let mut seen = vec![running(stage)];
    let mut work = std::pin::pin!(work);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            result = &mut work => {
                seen.push(running(stage));
                seen.dedup();
                return (result, seen);
            }
            _ = looks.tick() => seen.push(running(stage)),
        }
        seen.dedup();
    }
}

fn running(stage: &Stage) -> BTreeSet<String> {
    stage.sandbox.ecs().inspect(|world, _| {
        let service = world.service("staging", "app").unwrap();
        let tasks = world.tasks_of(&service.arn).filter(|task| task.is_serving());
        let digests = tasks.flat_map(|task| &task.containers).filter_map(|c| c.digests.as_ref());
        digests.map(|digests| digests.index.clone().unwrap()).collect()
    })
}
