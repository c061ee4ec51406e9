//! Who may deploy. Each test is an attack: what somebody could do who holds a sender's role, can start workflows, or can
//! read the table; and what the worker answers. Nothing is touched by any of them.

use std::sync::Arc;

use jiff::SignedDuration;
use lockstep::config::RequestsConfig;
use lockstep::engine::{Disposition, Engine};
use lockstep::faults::FaultKind;
use lockstep::ports::{Clock as _, ReviewRules, ReviewState, RunReview, WorkflowRun};
use lockstep::world::World;
use lockstep_events::{
    Claim, DeployRequested, DeploymentId, Message as Content, Overrides, Requester, Target, WakeUp,
};
use lockstep_state_machines::RefusalCode;

use crate::doubles::{Message, Trouble, call};
use crate::stage::{LEASE, Stage, request};

/// The commit of the default branch, as the forge has it.
const COMMIT: &str = "abcdef0123456789abcdef0123456789abcdef01";
const BETA: &str = "0.2.0-abcdef0.beta";

pub(crate) const DEPLOYER: &str = "AROADEPLOYER:run-42";
pub(crate) const PERSON: &str = "AIDAPERSON";
const WORKER: &str = "AROAWORKER:task-1";

/// The run that asks.
const RUN: u64 = 42;

/// A worker that lets in only who may ask: for staging (`staging`), and as production does (`preview`, with approval by
/// another, from staging's workflow) so that both rules are met by one kind of environment.
pub(crate) fn worker(stage: &Stage) -> Engine {
    worker_with(stage, |_| {})
}

fn worker_with(stage: &Stage, change: impl Fn(&mut RequestsConfig)) -> Engine {
    Engine::new(Arc::new(world_with(stage, change)))
}

/// What such a worker holds.
pub(crate) fn guarded_world(stage: &Stage) -> World {
    world_with(stage, |_| {})
}

fn world_with(stage: &Stage, change: impl Fn(&mut RequestsConfig)) -> World {
    let mut world = stage.world("w");
    world.settings.worker_senders = vec!["AROAWORKER".to_owned()];
    for application in world.applications.values_mut() {
        for (name, environment) in &mut application.config.environments {
            let mut requests = RequestsConfig {
                workflow: Some("deploy.yml".to_owned()),
                workflow_senders: vec!["AROADEPLOYER".to_owned()],
                people_senders: vec!["AIDAPERSON".to_owned()],
                max_age_seconds: 3600,
                github_environment: None,
                require_approval: Some(name != "staging"),
                prevent_self_review: None,
            };
            change(&mut requests);
            environment.requests = Some(requests);
        }
    }
    world
}

/// A run that may ask: alice started it, on the default branch.
fn run() -> WorkflowRun {
    WorkflowRun {
        id: RUN,
        attempt: 1,
        url: "https://forge.test/runs/42".to_owned(),
        path: ".github/workflows/deploy.yml@refs/heads/main".to_owned(),
        event: "workflow_dispatch".to_owned(),
        title: format!("Deploy Production {BETA}"),
        head_branch: Some("main".to_owned()),
        head_sha: COMMIT.parse().unwrap(),
        repository: "acme/shop".to_owned(),
        head_repository: Some("acme/shop".to_owned()),
        actor: Some("alice".to_owned()),
        triggering_actor: Some("alice".to_owned()),
        completed: false,
    }
}

fn review(state: ReviewState, by: &str) -> RunReview {
    RunReview {
        state,
        by: Some(by.to_owned()),
        comment: "looks good".to_owned(),
        environments: vec!["Preview".to_owned()],
    }
}

/// A stage whose forge has that run, and an environment `preview` that waits for reviews, of which bob gave one.
pub(crate) fn stage() -> Arc<Stage> {
    let stage = Stage::new();
    stage.forge.put_run(run());
    stage.forge.put_environment("preview", ReviewRules { required: true, prevents_self_review: true });
    stage.forge.put_reviews(RUN, vec![review(ReviewState::Approved, "bob")]);
    stage
}

/// What the run asks for: its own commit.
pub(crate) fn by_run(environment: &str) -> DeployRequested {
    DeployRequested {
        target: Target::Commit { reference: Some(COMMIT.parse().unwrap()) },
        requester: Requester {
            actor: "alice".to_owned(),
            workflow_run_id: Some(RUN),
            workflow_run_attempt: Some(1),
        },
        ..request(environment)
    }
}

/// Sends a request.
pub(crate) fn send(stage: &Stage, request: &DeployRequested, sender: &str) -> Message {
    stage.put(&Content::DeployRequested(Box::new(request.clone()))).from(sender)
}

/// The reason of a deployment that was rejected for who asked, with nothing touched.
pub(crate) async fn refusal(
    stage: &Stage,
    engine: &Engine,
    request: &DeployRequested,
    message: &Message,
) -> String {
    refusal_for(RefusalCode::NotAllowed, stage, engine, request, message).await
}

async fn refusal_for(
    code: RefusalCode,
    stage: &Stage,
    engine: &Engine,
    request: &DeployRequested,
    message: &Message,
) -> String {
    stage.done(engine, message).await;
    let newest = stage.newest(request.id);
    assert_eq!(newest.to, "rejected", "{:#?}", stage.path(request.id));
    let refusal = stage.machine(request.id).deployment().refusal.clone().unwrap();
    assert_eq!((refusal.code, &refusal.message), (code, &newest.detail));
    assert_eq!(stage.store.lock(request.environment.as_str()).holder, None);
    let changes = ["dispatch", "update_service", "register", "point", "create_release"];
    assert!(changes.iter().all(|change| stage.wire.count(change) == 0), "{:?}", stage.wire.log());
    refusal.message
}

#[tokio::test]
async fn a_run_that_was_approved_deploys_and_the_evidence_is_in_the_history() {
    let stage = stage();
    let w = worker(&stage);
    let request = by_run("preview");
    let message = send(&stage, &request, DEPLOYER);
    stage.done(&w, &message).await;
    let history = stage.store.items(request.id);
    assert_eq!(
        (history[1].event.as_str(), history[1].to.as_str()),
        ("requester-confirmed", "locked/checking-source")
    );
    assert_eq!(
        history[1].detail,
        "asked for by alice in run 42 (attempt 1) of deploy.yml, https://forge.test/runs/42; approved by bob (\"looks good\"); sent by AROADEPLOYER:run-42"
    );
    assert_eq!(history[2].event, "source-accepted", "at once, without a message of its own");
    assert_eq!(stage.store.bound(RUN, 1), Some(request.id));
    let warrant = stage.machine(request.id).deployment().warrant.clone().unwrap();
    assert_eq!(warrant.run.unwrap().approvals[0].by, "bob");
}

#[tokio::test]
async fn who_started_the_attempt_is_in_the_evidence_where_that_is_another() {
    let (stage, request) = (stage(), by_run("preview"));
    stage.forge.put_run(WorkflowRun { triggering_actor: Some("dave".into()), ..run() });
    let message = send(&stage, &request, DEPLOYER);
    stage.done(&worker(&stage), &message).await;
    let confirmed = &stage.store.items(request.id)[1].detail;
    assert!(
        confirmed.starts_with("asked for by alice in run 42 (attempt 1, started by dave) of deploy.yml"),
        "{confirmed}"
    );
}

#[tokio::test]
async fn a_person_on_the_list_deploys_without_a_run_and_github_is_not_asked() {
    let stage = stage();
    let w = worker(&stage);
    let request = request("preview");
    let message = send(&stage, &request, PERSON);
    stage.done(&w, &message).await;
    assert_eq!(stage.events(request.id, "source-accepted"), 1);
    assert_eq!(
        stage.store.items(request.id)[1].detail,
        "asked for by a person, without a workflow run; sent by AIDAPERSON"
    );
    assert_eq!(stage.wire.count("workflow_run"), 0);
}

/// A stolen sender role, a forged body.
#[tokio::test]
async fn at_the_door_a_stranger_or_an_old_request_is_refused_before_anything_is_asked() {
    let hour = SignedDuration::from_secs(3601);
    let cases = [
        // Staging's role asks for production; its session is named like the right role.
        (
            by_run("preview"),
            Some("AROASTAGING:AROADEPLOYER"),
            "sender AROASTAGING:AROADEPLOYER may not ask for deployments to preview in the name of workflow run 42",
        ),
        // A person's role names somebody else's approved run.
        (
            by_run("preview"),
            Some(PERSON),
            "sender AIDAPERSON may not ask for deployments to preview in the name of workflow run 42",
        ),
        // The workflow's role was stolen and the body names no run, to get round the approval.
        (request("preview"), Some(DEPLOYER), "without a workflow run; start deploy.yml under Actions"),
        (by_run("preview"), None, "a sender whom the queue does not name may not ask"),
    ];
    for (request, sender, words) in cases {
        let (stage, message) = (stage(), Content::DeployRequested(Box::new(request.clone())));
        let message = stage.put(&message);
        let message = sender.map_or(message.clone(), |sender| message.from(sender));
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(words), "{reason}");
        assert_eq!((stage.wire.services().len(), stage.store.lock("preview").token), (0, 0));
    }
    for (sent, words) in [(true, "was sent 3601 s ago"), (false, "does not say when the request was sent")] {
        let (stage, request) = (stage(), by_run("preview"));
        let at = sent.then(|| stage.clock.now() - hour);
        let message = send(&stage, &request, DEPLOYER).sent(at);
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(words), "{reason}");
        assert_eq!(stage.wire.services().len(), 0);
    }
}

#[tokio::test]
async fn a_request_of_exactly_the_greatest_age_is_taken() {
    let (stage, request) = (stage(), by_run("preview"));
    let message = send(&stage, &request, DEPLOYER);
    let message = message.sent(Some(stage.clock.now() - SignedDuration::from_secs(3600)));
    stage.done(&worker(&stage), &message).await;
    assert_eq!(stage.events(request.id, "requester-confirmed"), 1, "{:#?}", stage.path(request.id));
}

#[tokio::test]
async fn a_request_that_has_a_record_is_not_judged_again() {
    let stage = stage();
    let w = worker(&stage);
    let request = by_run("staging");
    let message = send(&stage, &request, DEPLOYER);
    stage.done(&w, &message).await;
    let old = message.clone().sent(Some(stage.clock.now() - SignedDuration::from_hours(9)));
    stage.done(&w, &old).await;
    assert_eq!(stage.events(request.id, "requester-confirmed"), 1);
    assert_ne!(stage.newest(request.id).to, "rejected");
}

/// The body names a run; GitHub tells what that run is.
#[tokio::test]
async fn a_run_that_is_not_what_the_environment_wants_is_refused() {
    type Forgery = fn(&mut WorkflowRun);
    let cases: [(&str, Forgery, &str); 13] = [
        (
            "another workflow",
            |run| run.path = ".github/workflows/ci.yml".into(),
            "run 42 is of .github/workflows/ci.yml, but preview is deployed to by deploy.yml",
        ),
        (
            "a workflow with a name like it",
            |run| run.path = "x/.github/workflows/deploy.yml".into(),
            "is of x/.github",
        ),
        (
            "a pull request's run",
            |run| run.event = "pull_request".into(),
            "was started by pull_request, not by workflow_dispatch",
        ),
        (
            "a fork's run",
            |run| run.head_repository = Some("mallory/shop".into()),
            "is of mallory/shop, a fork, and not of acme/shop",
        ),
        ("a fork that is gone", |run| run.head_repository = None, "is of a repository that is gone"),
        ("a branch's run", |run| run.head_branch = Some("mine".into()), "is of mine, not of main"),
        ("no branch's run", |run| run.head_branch = None, "is of no branch, not of main"),
        (
            "a tag with the branch's name",
            |run| run.head_sha = "0".repeat(40).parse().unwrap(),
            "is of commit 0000000, which is not on main",
        ),
        ("another attempt", |run| run.attempt = 2, "is in attempt 2, but the request names attempt 1"),
        ("a run that has ended", |run| run.completed = true, "run 42 has ended"),
        (
            "somebody else's run",
            |run| run.actor = Some("carol".into()),
            "was started by carol, but the request names alice",
        ),
        ("nobody's run", |run| run.actor = None, "was started by nobody that GitHub still knows"),
        ("no run", |run| run.id = 43, "there is no run 42 in acme/shop"),
    ];
    for (attack, forge, words) in cases {
        let stage = Stage::new();
        stage.forge.put_environment("preview", ReviewRules { required: true, prevents_self_review: true });
        stage.forge.put_reviews(RUN, vec![review(ReviewState::Approved, "bob")]);
        stage.forge.put_off_branch("0".repeat(40).parse().unwrap());
        let (mut run, mut request) = (run(), by_run("preview"));
        forge(&mut run);
        request.target = Target::Commit { reference: Some(run.head_sha.as_str().parse().unwrap()) };
        stage.forge.put_run(run);
        let message = send(&stage, &request, DEPLOYER);
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(words), "{attack}: {reason}");
        assert_eq!(stage.store.bound(RUN, 1), None, "{attack}: the run is not used up");
    }
}

/// A run of the right workflow, used for another commit than it is of.
#[tokio::test]
async fn a_workflow_asks_for_its_own_commit_alone() {
    for reference in [None, Some("main".parse().unwrap()), Some("1".repeat(40).parse().unwrap())] {
        let (stage, mut request) = (stage(), by_run("staging"));
        request.target = Target::Commit { reference };
        let message = send(&stage, &request, DEPLOYER);
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(&format!("run 42 is of commit {COMMIT}, but the request names")), "{reason}");
    }
}

/// What was approved is what the reviewer could read: the beta in the run's title.
#[tokio::test]
async fn a_beta_that_is_not_the_one_in_the_title_is_refused() {
    let titles = [
        ("Deploy Production 0.1.0-0000000.beta".to_owned(), false),
        ("Deploy Production".to_owned(), false),
        (format!("Deploy {BETA} 0.1.0-0000000.beta"), false),
        (format!("Deploy {BETA}x"), false),
        (format!("Deploy Production {BETA}"), true),
    ];
    for (title, fits) in titles {
        let stage = stage();
        stage.forge.put_environment("live", ReviewRules::default());
        let reviews =
            vec![RunReview { environments: vec!["live".into()], ..review(ReviewState::Approved, "bob") }];
        stage.forge.put_reviews(RUN, reviews);
        stage.forge.put_run(WorkflowRun { title: title.clone(), ..run() });
        let mut request = by_run("live");
        request.target = Target::Beta { tag: BETA.parse().unwrap() };
        let message = send(&stage, &request, DEPLOYER);
        let w = worker_of_production(&stage);
        if fits {
            stage.done(&w, &message).await;
            assert_eq!(stage.events(request.id, "requester-confirmed"), 1);
            assert!(stage.newest(request.id).detail.contains("beta tag 0.2.0-abcdef0.beta not found"));
            continue;
        }
        let reason = refusal(&stage, &w, &request, &message).await;
        assert!(
            reason.contains(&format!("run 42 is titled {title:?}, which does not name {BETA}")),
            "{reason}"
        );
    }
}

/// A worker with one production environment, `live`, whose section says no more than it must.
fn worker_of_production(stage: &Stage) -> Engine {
    let mut world = stage.world("p");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    let mut live = shop.config.environments["preview"].clone();
    live.kind = lockstep::config::Kind::Production;
    live.requests = Some(RequestsConfig {
        workflow: Some("deploy.yml".to_owned()),
        workflow_senders: vec!["AROADEPLOYER".to_owned()],
        people_senders: Vec::new(),
        max_age_seconds: 3600,
        github_environment: None,
        require_approval: None,
        prevent_self_review: None,
    });
    shop.config.environments.insert("live".to_owned(), live);
    Engine::new(Arc::new(world))
}

#[tokio::test]
async fn an_approval_is_needed_by_somebody_else_and_none_may_object() {
    let approved = |by| review(ReviewState::Approved, by);
    let elsewhere = RunReview { environments: vec!["staging".into()], ..approved("bob") };
    let nobody = RunReview { by: None, ..approved("") };
    let cases = [
        ("no approval", vec![], "run 42 was not approved for preview"),
        ("not decided", vec![review(ReviewState::Undecided, "bob")], "was not approved for preview"),
        ("approved for another environment", vec![elsewhere], "was not approved for preview"),
        ("self-approval", vec![approved("alice")], "was approved for preview by alice alone, who started it"),
        ("self-approval, by another spelling", vec![approved("Alice")], "by Alice alone, who started it"),
        ("approved by who ran it again", vec![approved("dave")], "by dave alone, who started it"),
        ("approved by nobody", vec![nobody], "by somebody that GitHub no longer knows alone"),
        (
            "rejected by one",
            vec![approved("bob"), review(ReviewState::Rejected, "eve")],
            "was rejected for preview by eve",
        ),
    ];
    for (attack, reviews, words) in cases {
        let (stage, request) = (stage(), by_run("preview"));
        stage.forge.put_run(WorkflowRun { triggering_actor: Some("dave".into()), ..run() });
        stage.forge.put_reviews(RUN, reviews);
        let message = send(&stage, &request, DEPLOYER);
        // What is missing can still be given; a reviewer's no is for good.
        let code =
            if attack == "rejected by one" { RefusalCode::NotAllowed } else { RefusalCode::NotApproved };
        let reason = refusal_for(code, &stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(words), "{attack}: {reason}");
    }
}

/// Settings of GitHub, changed by whoever administers the repository, can only make it stricter.
#[tokio::test]
async fn the_stricter_of_configuration_and_github_holds() {
    let none = Some(ReviewRules::default());
    let required = |prevents_self_review| Some(ReviewRules { required: true, prevents_self_review });
    let cases = [
        // Configuration: approval, by another. GitHub's environment. Approved by. Whether it is let in.
        (None, None, none, "alice", false),
        (Some(true), Some(false), none, "alice", true),
        (Some(true), Some(false), required(true), "alice", false),
        (Some(false), None, required(false), "alice", true),
        (Some(false), None, required(true), "alice", false),
        (Some(false), None, none, "", true),
        (Some(false), None, None, "", true),
        (Some(true), None, None, "bob", false),
    ];
    for (require, another, github, by, let_in) in cases {
        let (stage, request) = (Stage::new(), by_run("staging"));
        stage.forge.put_run(run());
        if let Some(rules) = github {
            stage.forge.put_environment("staging", rules);
        }
        let reviews = RunReview { environments: vec!["staging".into()], ..review(ReviewState::Approved, by) };
        stage.forge.put_reviews(RUN, vec![reviews]);
        let w = worker_with(&stage, |requests| {
            requests.require_approval = require.or(Some(true));
            requests.prevent_self_review = another;
        });
        let message = send(&stage, &request, DEPLOYER);
        stage.done(&w, &message).await;
        let confirmed = stage.events(request.id, "requester-confirmed") == 1;
        assert_eq!(
            confirmed,
            let_in,
            "{require:?} {another:?} {github:?} {by}: {}",
            stage.newest(request.id).detail
        );
    }
}

/// An approved run's identity is used for a second deployment.
#[tokio::test]
async fn a_run_asks_for_one_deployment_and_its_next_attempt_for_another() {
    let stage = stage();
    let w = worker(&stage);
    let first = by_run("staging");
    let message = send(&stage, &first, DEPLOYER);
    stage.done(&w, &message).await;
    let second = by_run("preview");
    let message = send(&stage, &second, DEPLOYER);
    stage.done(&w, &message).await;
    let newest = stage.newest(second.id);
    assert_eq!(newest.event, "requester-refused");
    let words = format!("attempt 1 of run 42 asked for deployment {} already", first.id);
    assert!(
        newest.detail.contains(&words) && newest.detail.contains("start deploy.yml again"),
        "{}",
        newest.detail
    );

    stage.forge.put_run(WorkflowRun { attempt: 2, ..run() });
    let lax = worker_with(&stage, |requests| requests.require_approval = Some(false));
    let mut again = by_run("fresh");
    again.requester.workflow_run_attempt = Some(2);
    let message = send(&stage, &again, DEPLOYER);
    stage.done(&lax, &message).await;
    assert_eq!(stage.events(again.id, "requester-confirmed"), 1);
}

#[tokio::test]
async fn an_approval_of_one_attempt_lets_no_later_one_through() {
    let stage = stage();
    let w = worker(&stage);
    // Started again, and not approved again: the list of reviews still has bob's of the first attempt.
    stage.forge.put_run(WorkflowRun { attempt: 2, ..run() });
    let mut again = by_run("preview");
    again.requester.workflow_run_attempt = Some(2);
    let message = send(&stage, &again, DEPLOYER);
    let refusal = refusal_for(RefusalCode::NotApproved, &stage, &w, &again, &message).await;
    let words = "run 42 is in attempt 2, and which attempt was approved cannot be told";
    assert!(refusal.contains(words) && refusal.contains("anew instead of again"), "{refusal}");
    assert_eq!(stage.store.bound(RUN, 2), None);
}

#[tokio::test]
async fn a_run_sets_no_rule_aside_and_a_person_may() {
    let reason = || Some("because".parse().unwrap());
    for overrides in [
        Overrides { skip_baseline: reason(), ..Overrides::default() },
        Overrides { allow_unvalidated: reason(), ..Overrides::default() },
        Overrides { despite_freeze: reason(), ..Overrides::default() },
    ] {
        let stage = stage();
        let w = worker(&stage);
        let asked = DeployRequested { overrides, ..by_run("preview") };
        let message = send(&stage, &asked, DEPLOYER);
        let refusal = refusal(&stage, &w, &asked, &message).await;
        assert!(refusal.contains("run 42 asks with rules set aside"), "{refusal}");

        let by_hand = DeployRequested { overrides: asked.overrides, ..request("preview") };
        let message = send(&stage, &by_hand, PERSON);
        stage.done(&w, &message).await;
        assert_eq!(stage.events(by_hand.id, "requester-confirmed"), 1, "{:#?}", stage.path(by_hand.id));
    }
}

#[tokio::test]
async fn a_fault_of_github_is_tried_again_and_a_death_after_the_binding_is_no_second_deployment() {
    let stage = stage();
    let (w, v) = (worker(&stage), worker(&stage));
    let request = by_run("preview");
    let message = send(&stage, &request, DEPLOYER);
    stage.wire.trouble("reviews", Trouble::without_effect(FaultKind::Unavailable));
    stage.done(&w, &message).await;
    assert_eq!(stage.newest(request.id).event, "transient-fault");
    stage.clock.forward(LEASE * 3);
    let wake = stage.only_wake(request.id).from(WORKER);
    // Bound, and then the worker is gone before it could be recorded.
    stage.dies(&w, &wake, crate::doubles::commit("requester-confirmed", "locked/checking-source")).await;
    assert_eq!(stage.store.bound(RUN, 1), Some(request.id));
    stage.done(&v, &wake).await;
    assert_eq!(stage.events(request.id, "requester-confirmed"), 1);
    assert_eq!(stage.events(request.id, "source-accepted"), 1);
}

#[tokio::test]
async fn a_run_that_ends_while_checks_are_awaited_does_not_end_the_deployment() {
    let stage = stage();
    let w = worker(&stage);
    stage.forge.hold_checks(true);
    let request = by_run("preview");
    let message = send(&stage, &request, DEPLOYER);
    stage.done(&w, &message).await;
    assert_eq!(stage.newest(request.id).event, "source-waiting");
    stage.forge.put_run(WorkflowRun { completed: true, ..run() });
    stage.forge.hold_checks(false);
    stage.done(&w, &stage.only_wake(request.id).from(WORKER)).await;
    assert_eq!(stage.events(request.id, "source-accepted"), 1);
    assert_eq!(stage.wire.count("workflow_run"), 1, "settled once");
}

/// Whoever may read the table knows the nonce of a living worker's claim.
#[tokio::test]
async fn a_forged_wake_up_takes_no_living_claim_over() {
    let stage = stage();
    let (w, thief) = (worker(&stage), worker(&stage));
    let request = by_run("staging");
    let message = send(&stage, &request, DEPLOYER);
    let (on, id) = (stage.clone(), request.id);
    let forged = Arc::new(std::sync::Mutex::new(None));
    let seen = forged.clone();
    // While the worker is about to dispatch the build under its claim.
    stage.wire.before(call("dispatch"), async move {
        let item = on.newest(id);
        let takeover_of = Some(Claim { item: item.seq, nonce: item.claim.clone().unwrap() });
        let wake = WakeUp { id, number: item.wake, takeover_of };
        for sender in ["AROADEPLOYER:run-42", "AROAREADER:AROAWORKER"] {
            let message = on.put(&Content::WakeUp(wake.clone())).from(sender);
            let outcome = on.deliver(&thief, &message).await.unwrap();
            seen.lock().unwrap().replace(outcome);
            assert_eq!(on.newest(id), item, "nothing was taken over");
        }
    });
    stage.done(&w, &message).await;
    let Some(Disposition::Park(reason)) = forged.lock().unwrap().take() else { panic!("to be parked") };
    assert!(
        reason.starts_with(
            "sender AROAREADER:AROAWORKER may not wake workers: queue.worker_senders does not name it"
        ),
        "{reason}"
    );
    assert_eq!(stage.forge.builds(), 1);
}

#[tokio::test]
async fn a_stranger_cancels_nothing_and_whoever_may_ask_does() {
    for (sender, heeded) in [("AROASTRANGER:AROADEPLOYER", false), (DEPLOYER, true), (PERSON, true)] {
        let stage = stage();
        let w = worker(&stage);
        stage.forge.hold_checks(true);
        let request = by_run("staging");
        let message = send(&stage, &request, DEPLOYER);
        stage.done(&w, &message).await;
        let before = stage.newest(request.id);
        let cancel = stage.ask_to_cancel(request.id).from(sender);
        let outcome = stage.deliver(&w, &cancel).await.unwrap();
        if heeded {
            assert_eq!((outcome, stage.newest(request.id).to), (Disposition::Done, "cancelled".to_owned()));
            continue;
        }
        let Disposition::Park(reason) = outcome else { panic!("to be parked") };
        assert!(reason.starts_with(&format!("sender {sender} may not cancel this deployment")), "{reason}");
        assert_eq!(stage.newest(request.id), before);
    }
}

/// Whoever may write to the repository dispatches a build by hand, with a living deployment's id: of an older commit, or of the
/// right one by the workflow as a branch of theirs has it.
#[tokio::test]
async fn a_build_of_another_commit_or_branch_in_the_deployment_s_name_is_not_adopted() {
    for (commit, branch) in [("0".repeat(40).as_str(), "main"), (COMMIT, "theirs")] {
        let stage = Stage::new();
        let (a, b) = (stage.worker("a"), stage.worker("b"));
        let (id, message): (DeploymentId, _) = stage.ask("staging");
        stage.dies(&a, &message, call("dispatch")).await;
        stage.forge.build_by_hand(id, commit, branch);
        stage.done(&b, &message).await;
        stage.clock.forward(LEASE);
        let takeover = stage.only_wake(id);
        stage.done(&b, &takeover).await;
        assert_eq!((stage.wire.count("find_run"), stage.wire.count("dispatch")), (1, 1), "{branch}");
        stage.up_to(&b, id, "healthy").await;
        let build = stage.machine(id).deployment().build.clone().unwrap();
        assert_eq!(build.run, Some(101), "its own, not the one by hand");
    }
}
