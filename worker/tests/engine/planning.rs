//! Rehearsals: what a plan says is what the worker then does, in the same words, and making it changes nothing.

use std::sync::Arc;

use lockstep::config::{FreezeWindow, RequestsConfig};
use lockstep::engine::Engine;
use lockstep::faults::FaultKind;
use lockstep::ports::{Checks, Hold, Holding, ReviewRules, Store as _};
use lockstep::rehearsal::{Change, LeftOut, Prospect, Rehearsal, rehearse};
use lockstep::world::World;
use lockstep_events::{DeployRequested, Message as Content, Target};
use lockstep_state_machines::RefusalCode;

use crate::doubles::{COMMIT, DIGEST, Trouble, call};
use crate::stage::{BETA, OLD_DIGEST, Stage, VERSION, request};

/// What somebody else does.
type Deed = fn(&Stage);

/// Every operation of the doubles that changes nothing.
const READS: [&str; 20] = [
    "newest",
    "environment",
    "image",
    "version",
    "beta",
    "default_branch",
    "resolve_reference",
    "is_on_branch",
    "checks",
    "file",
    "workflow_run",
    "reviews",
    "review_rules",
    "tag_commit",
    "release",
    "latest_release",
    "resolve_tag",
    "contents",
    "service",
    "task_definition",
];

const CHANGES: [&str; 6] =
    ["dispatch", "point", "create_release", "change_release", "register_from", "update"];

const EVERYTHING: LeftOut = LeftOut { requester: false, standing: false };

fn promotion() -> DeployRequested {
    DeployRequested { target: Target::Beta { tag: BETA.parse().unwrap() }, ..request("production") }
}

/// Plans, and makes sure that nothing but reads was sent.
async fn plan_in(stage: &Stage, world: &World, request: &DeployRequested, left_out: LeftOut) -> Rehearsal {
    let before = stage.wire.log().len();
    let plan = rehearse(world, request, left_out).await.unwrap();
    let sent = stage.wire.log().split_off(before);
    assert!(!sent.is_empty());
    for operation in sent {
        assert!(READS.contains(&operation), "{operation} was sent");
    }
    assert_eq!(stage.store.items(request.id), [], "it has no record");
    plan
}

async fn plan(stage: &Stage, request: &DeployRequested) -> Rehearsal {
    plan_in(stage, &stage.world("planner"), request, EVERYTHING).await
}

/// The steps as a history has them.
fn path(plan: &Rehearsal) -> Vec<(String, String, String)> {
    let step =
        |step: &lockstep::rehearsal::Step| (step.state.clone(), step.event.clone(), step.leads_to.clone());
    plan.steps.iter().map(step).collect()
}

/// The changes by the operation that makes them.
fn operations(plan: &Rehearsal) -> Vec<&'static str> {
    let operation = |change: &Change| match change {
        Change::TakeLock { .. } | Change::BindVersion { .. } => None,
        Change::StartBuild { .. } => Some("dispatch"),
        Change::PointTag { .. } => Some("point"),
        Change::CreateRelease { .. } => Some("create_release"),
        Change::ChangeRelease { .. } => Some("change_release"),
        Change::RegisterRevision { .. } => Some("register_from"),
        Change::UpdateService { .. } => Some("update"),
    };
    plan.steps.iter().flat_map(|step| &step.changes).filter_map(operation).collect()
}

/// Plans a request, then has it carried out, and compares.
async fn plan_comes_true(stage: &Stage, request: DeployRequested) -> Rehearsal {
    let plan = plan(stage, &request).await;
    assert_eq!(plan.prospect, Prospect::Accepted, "{:#?}", plan.steps);
    let before = stage.wire.log().len();
    let (a, id) = (stage.worker("a"), request.id);
    stage.put(&Content::DeployRequested(Box::new(request)));
    stage.up_to(&a, id, "healthy").await;
    let history = stage.store.items(id).into_iter().filter(|item| item.event != "claimed");
    let history: Vec<_> = history.map(|item| (item.from, item.event, item.to)).collect();
    assert_eq!(path(&plan), history);
    let sent = stage.wire.log().split_off(before).into_iter().filter(|sent| CHANGES.contains(sent));
    assert_eq!(operations(&plan), sent.collect::<Vec<_>>());
    plan
}

#[tokio::test]
async fn a_staging_deployment_does_what_its_plan_said() {
    let stage = Stage::new();
    let plan = plan_comes_true(&stage, request("staging")).await;
    assert_eq!(plan.digest(), None, "it is to be built");
    let supposed: Vec<_> = plan.steps.iter().filter_map(|step| step.supposed.as_deref()).collect();
    assert_eq!(supposed[0], "the build succeeds");
    assert!(
        supposed.last().unwrap().contains("http://127.0.0.1:1/ready answers ready 1 time(s)"),
        "{supposed:?}"
    );
    assert_eq!(plan.not_known.len(), supposed.len());
    assert!(!format!("{:?}", plan.steps).contains("0000000000"), "no digest is made up");
    assert!(plan.steps.iter().skip(1).all(|step| step.at_most_seconds.is_some()));
}

#[tokio::test]
async fn so_does_one_with_a_baseline_and_one_with_a_fresh_database() {
    let stage = Stage::new();
    stage.production_runs_the_old_release();
    let plan = plan_comes_true(&stage, request("staging")).await;
    let updates: Vec<_> = plan.steps.iter().flat_map(|step| &step.changes).collect();
    let moved = |from: &str, to: &str| Change::UpdateService {
        cluster: "c".to_owned(),
        service: "shop-staging".to_owned(),
        task_definition: Some((from.to_owned(), to.to_owned())),
        desired: None,
    };
    assert!(updates.contains(&&moved("shop-staging:1", "shop-staging:(baseline)")), "{updates:#?}");
    assert!(updates.contains(&&moved("shop-staging:(baseline)", "shop-staging:(candidate)")), "{updates:#?}");
    let again = plan_comes_true(&stage, request("fresh")).await;
    assert_eq!(again.digest().map(ToString::to_string).as_deref(), Some(DIGEST), "it was built for staging");
    let drained = Change::UpdateService {
        cluster: "c".to_owned(),
        service: "shop-fresh".to_owned(),
        task_definition: None,
        desired: Some((1, 0)),
    };
    assert!(again.steps.iter().any(|step| step.changes == [drained.clone()]), "{:#?}", again.steps);
}

#[tokio::test]
async fn a_promotion_registers_exactly_what_its_plan_showed() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.production_runs_the_old_release();
    stage.stage_the_beta(&a).await;
    let request = promotion();
    let id = request.id;
    let plan = plan_comes_true(&stage, request).await;
    let changes: Vec<_> = plan.steps.iter().flat_map(|step| &step.changes).collect();
    let latest =
        Change::PointTag { tag: "latest".to_owned(), from: OLD_DIGEST.parse().ok(), to: DIGEST.parse().ok() };
    assert!(changes.contains(&&latest), "{changes:#?}");
    let difference = changes.iter().find_map(|change| match change {
        Change::RegisterRevision { base, differences, .. } => Some((base.as_str(), differences)),
        _ => None,
    });
    let (base, differences) = difference.unwrap();
    let shown: Vec<_> =
        differences.iter().map(|d| (d.member.as_str(), d.from.clone(), d.to.clone())).collect();
    let image = |digest: &str| format!("127.0.0.1:1/acme/shop@{digest}");
    let expected = [
        ("image of container app", Some(image(OLD_DIGEST)), image(DIGEST)),
        ("tag lockstep:deployment", None, id.to_string()),
        ("tag lockstep:fence", None, "1".to_owned()),
        ("tag lockstep:leg", None, "candidate".to_owned()),
    ];
    assert_eq!((base, shown), ("shop-production:1", expected.to_vec()));
    let arn = stage.cluster.primary("shop-production");
    let real =
        lockstep::ports::Cluster::task_definition(stage.cluster.as_ref(), &arn).await.unwrap().unwrap();
    assert_eq!(real.containers[0].image, image(DIGEST));
    let marks: Vec<_> = real.marks.iter().map(|(key, to)| (format!("tag {key}"), to.clone())).collect();
    assert_eq!(
        marks,
        expected[1..].iter().map(|(key, _, to)| ((*key).to_owned(), to.clone())).collect::<Vec<_>>()
    );
    // Once more: it runs already, so that there is nothing to roll out.
    let again = plan_comes_true(&stage, promotion()).await;
    assert_eq!(operations(&again), [] as [&str; 0]);
}

#[tokio::test]
async fn what_would_be_rejected_is_planned_so_in_the_words_of_the_rejection() {
    let cases: [(Deed, DeployRequested); 8] = [
        (|s| s.forge.forget_references(), request("staging")),
        (|s| s.forge.put_off_branch(COMMIT.parse().unwrap()), request("staging")),
        (
            |s| s.forge.set_checks(Checks { failed: vec!["test".to_owned()], ..Checks::default() }),
            request("staging"),
        ),
        (|s| s.forge.put_tag(BETA, Some(&"b".repeat(40))), request("staging")),
        (|s| s.cluster.contain("shop-staging:1", &[("other", "x")]), request("staging")),
        (|s| s.cluster.start_first("shop-database"), request("fresh")),
        (|_| (), promotion()),
        (|_| (), DeployRequested { target: Target::Commit { reference: None }, ..request("production") }),
    ];
    for (deed, request) in cases {
        let stage = Stage::new();
        deed(&stage);
        is_rejected_as_planned(&stage, &stage.world("a"), request).await;
    }
}

#[tokio::test]
async fn so_is_what_the_promoted_beta_or_its_version_contradicts() {
    let cases: [Deed; 5] = [
        |s| s.forge.edit_release(BETA, |release| release.prerelease = false),
        |s| s.registry.untag(BETA),
        |s| s.store.forget_betas(),
        |s| s.forge.put_tag(VERSION, Some(&"b".repeat(40))),
        |s| s.registry.push(VERSION, OLD_DIGEST.parse().unwrap()),
    ];
    for deed in cases {
        let stage = Stage::new();
        stage.stage_the_beta(&stage.worker("a")).await;
        deed(&stage);
        is_rejected_as_planned(&stage, &stage.world("a"), promotion()).await;
    }
}

/// Plans a request, then has a worker reject it, and compares; the code.
async fn is_rejected_as_planned(stage: &Stage, world: &World, request: DeployRequested) -> RefusalCode {
    let plan = plan_in(stage, world, &request, EVERYTHING).await;
    let Prospect::Rejected(planned) = plan.prospect else { panic!("{:#?}", plan.prospect) };
    let id = request.id;
    let message = stage.put(&Content::DeployRequested(Box::new(request)));
    let worker = Engine::new(Arc::new(World { applications: same(world, stage), ..stage.world("a") }));
    stage.done(&worker, &message).await;
    let refusal = stage.machine(id).deployment().refusal.clone().unwrap();
    assert_eq!(planned, refusal);
    assert_eq!(plan.steps.last().unwrap().found.as_deref(), Some(stage.newest(id).detail.as_str()));
    refusal.code
}

/// The same configuration again.
fn same(
    world: &World,
    stage: &Stage,
) -> std::collections::BTreeMap<lockstep_events::ApplicationName, lockstep::world::ApplicationWorld> {
    let mut applications = stage.world("a").applications;
    for (name, application) in &mut applications {
        application.config = world.applications[name].config.clone();
    }
    applications
}

/// A world in which staging is changed.
fn changed(stage: &Stage, change: impl FnOnce(&mut lockstep::config::EnvironmentConfig)) -> World {
    let mut world = stage.world("a");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    change(shop.config.environments.get_mut("staging").unwrap());
    world
}

#[tokio::test]
async fn what_stands_in_the_way_now_is_named_and_can_be_looked_past() {
    let stage = Stage::new();
    stage.forge.hold_builds(true);
    let (holder, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let world = stage.world("a");
    assert_eq!(is_rejected_as_planned(&stage, &world, request("staging")).await, RefusalCode::LockHeld);

    let hold = Hold {
        id: uuid::Uuid::now_v7(),
        by: "olga".to_owned(),
        reason: "the database is moved".parse().unwrap(),
        since: "2026-11-23T09:00:00Z".parse().unwrap(),
        until: None,
    };
    let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
    stage.store.hold(&Holding { application, environment, hold, replaces: None }).await.unwrap();
    assert_eq!(is_rejected_as_planned(&stage, &world, request("staging")).await, RefusalCode::OnHold);

    let window = "days = ['monday']\nfrom = 09:00\nuntil = 12:00\nzone = 'UTC'\nreason = 'the audit'";
    let window: FreezeWindow = toml::from_str(window).unwrap();
    let frozen = changed(&stage, |staging| staging.freeze.push(window));
    assert_eq!(is_rejected_as_planned(&stage, &frozen, request("staging")).await, RefusalCode::Frozen);

    let free = LeftOut { standing: true, ..EVERYTHING };
    let plan = plan_in(&stage, &frozen, &request("staging"), free).await;
    assert_eq!(plan.prospect, Prospect::Accepted);
    assert_eq!(stage.store.lock("staging").holder, Some(holder));
}

#[tokio::test]
async fn who_asks_is_judged_unless_it_is_left_out() {
    let stage = Stage::new();
    let requests = |people: &[&str]| RequestsConfig {
        workflow: Some("deploy.yml".to_owned()),
        workflow_senders: vec!["AROADEPLOYER".to_owned()],
        people_senders: people.iter().map(|&person| person.to_owned()).collect(),
        max_age_seconds: 3600,
        github_environment: None,
        require_approval: None,
        prevent_self_review: None,
    };
    let closed = changed(&stage, |staging| staging.requests = Some(requests(&[])));
    assert_eq!(is_rejected_as_planned(&stage, &closed, request("staging")).await, RefusalCode::NotAllowed);
    let whoever = LeftOut { requester: true, ..EVERYTHING };
    let plan = plan_in(&stage, &closed, &request("staging"), whoever).await;
    assert_eq!(plan.prospect, Prospect::Accepted);

    let open = changed(&stage, |staging| staging.requests = Some(requests(&["AIDAPERSON"])));
    let plan = plan_in(&stage, &open, &request("staging"), EVERYTHING).await;
    assert_eq!(plan.prospect, Prospect::Accepted);
    assert!(
        plan.not_known[0].contains("a sender of requests.people_senders of staging"),
        "{:?}",
        plan.not_known
    );

    // A run is looked up as the worker does.
    stage.forge.put_environment("staging", ReviewRules::default());
    let mut by_run = request("staging");
    by_run.requester.workflow_run_id = Some(42);
    let plan = plan_in(&stage, &open, &by_run, EVERYTHING).await;
    let Prospect::Rejected(refusal) = plan.prospect else { panic!("{:?}", plan.prospect) };
    assert_eq!(refusal.message, "there is no run 42 in acme/shop: start deploy.yml there");
    assert_eq!(stage.store.bound(42, 1), None);
}

#[tokio::test]
async fn checks_that_have_not_ended_are_waited_for_and_the_rest_is_looked_at() {
    let stage = Stage::new();
    stage.forge.hold_checks(true);
    let words = "checks of commit abcdef0 have not finished: test";
    let plan = plan(&stage, &request("staging")).await;
    assert_eq!(plan.prospect, Prospect::Waits(words.to_owned()));
    assert_eq!(plan.steps.last().unwrap().leads_to, "healthy");
    stage.forge.set_version_file(None);
    let plan = self::plan(&stage, &request("staging")).await;
    assert!(matches!(plan.prospect, Prospect::Rejected(_)), "whatever the checks say: {:?}", plan.prospect);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_said_so() {
    for (operation, kind) in [
        ("environment", FaultKind::Denied),
        ("default_branch", FaultKind::Unavailable),
        ("service", FaultKind::Denied),
        ("resolve_tag", FaultKind::TimedOut),
    ] {
        let stage = Stage::new();
        stage.wire.trouble(operation, Trouble::without_effect(kind));
        let plan = plan(&stage, &request("staging")).await;
        let Prospect::NotSeen(fault) = plan.prospect else { panic!("{operation}: {:?}", plan.prospect) };
        assert_eq!((fault.operation, fault.kind), (operation, kind));
        assert!(plan.steps.iter().all(|step| !step.event.ends_with("-fault")), "{:#?}", plan.steps);
    }
}

/// The n-th call of an operation from now on fails so.
fn trouble_at(stage: &Arc<Stage>, operation: &'static str, n: usize, kind: FaultKind) {
    let on = stage.clone();
    stage.wire.before(call(operation), async move {
        match n {
            1 => on.wire.trouble(operation, Trouble::without_effect(kind)),
            _ => trouble_at(&on, operation, n - 1, kind),
        }
    });
}

/// Every read, not the first of its kind alone: also those that only tell what a change would be.
#[tokio::test]
async fn no_read_that_fails_is_taken_for_a_failure_of_the_deployment() {
    for (operation, least) in [("service", 2), ("task_definition", 2), ("resolve_tag", 2), ("environment", 2)]
    {
        for kind in [FaultKind::Denied, FaultKind::Throttled] {
            let mut reads = 0;
            loop {
                let stage = Stage::new();
                trouble_at(&stage, operation, reads + 1, kind);
                let plan = plan(&stage, &request("staging")).await;
                if plan.prospect == Prospect::Accepted {
                    break;
                }
                let Prospect::NotSeen(fault) = plan.prospect else {
                    panic!("{operation} {}, {kind:?}: {:?}", reads + 1, plan.prospect)
                };
                assert_eq!((fault.operation, fault.kind), (operation, kind));
                reads += 1;
            }
            assert!(reads >= least, "{operation} is read {reads} time(s)");
        }
    }
}

#[tokio::test]
async fn two_plans_at_once_and_a_deployment_beside_them_know_nothing_of_each_other() {
    let stage = Stage::new();
    let world = stage.world("planner");
    let (one, other) = (request("staging"), request("staging"));
    let (first, second) =
        tokio::join!(rehearse(&world, &one, EVERYTHING), rehearse(&world, &other, EVERYTHING));
    assert_eq!(path(&first.unwrap()), path(&second.unwrap()));
    let (id, _) = stage.ask("staging");
    stage.up_to(&stage.worker("a"), id, "healthy").await;
    assert_eq!(stage.store.lock("staging").token, 1, "no plan took the lock");
}
