//! Who may promote: a run of the deploy workflow that somebody else approved, over the wire. Senders are told by the key
//! that signs, runs and reviews are GitHub's; a request's body is believed in nothing.

use github_sim::ReviewSpec;
use lockstep_events::DeploymentId;
use sandbox::sample::Variant;
use sandbox::seeds::{DEPLOY_PRODUCTION, OWNER, REPOSITORY, REVIEWER};
use sandbox::{Options, Run};

use crate::stage::{Stage, beta, new_id};

/// The access key of the role that runs of the deploy workflow have.
const RUNS: &str = "runs";
/// The access key of the workers' role.
const WORKERS: &str = "workers";

/// A stage whose worker takes promotions from that workflow's runs alone, and wake-ups from workers alone.
async fn guarded() -> Stage {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    stage.sandbox.sqs().name_sender(RUNS, "AROARUNS:deploy-production");
    stage.sandbox.sqs().name_sender(WORKERS, "AROAWORKERS:worker-1");
    let requests =
        |key: &str| format!("LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__PRODUCTION__REQUESTS__{key}");
    stage.add_worker_with(
        "worker-1",
        &[
            ("AWS_ACCESS_KEY_ID", WORKERS),
            ("LOCKSTEP__QUEUE__WORKER_SENDERS", r#"["AROAWORKERS"]"#),
            ("LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__PRODUCTION__ANYONE_MAY_ASK", "false"),
            (&requests("WORKFLOW"), DEPLOY_PRODUCTION),
            (&requests("WORKFLOW_SENDERS"), r#"["AROARUNS"]"#),
        ],
    );
    stage
}

impl Stage {
    /// Promotes as a job of this run does, with this key, and waits.
    async fn promote_in(&self, run: u64, key: &str, tag: &str) -> (DeploymentId, Run) {
        let id = new_id();
        let arguments = ["promote", tag, "--id", &id.to_string(), "--wait", "--wait-timeout", "180"];
        let mut command = self.sandbox.command(&arguments);
        command.env("AWS_ACCESS_KEY_ID", key).env("GITHUB_ACTIONS", "true").env("GITHUB_ACTOR", "alice");
        command.env("GITHUB_RUN_ID", run.to_string()).env("GITHUB_RUN_ATTEMPT", "1");
        (id, command.output().await.unwrap().into())
    }

    /// Promotes so, and expects to be rejected with these words and nothing changed.
    async fn rejected_in(&self, run: u64, key: &str, tag: &str, words: &str) {
        let before = self.changes();
        let (id, ended) = self.promote_in(run, key, tag).await;
        assert_eq!(ended.code, 3, "{ended:#?}\n{}", self.logs());
        let newest = self.history(id).await.pop().unwrap();
        assert_eq!(newest.to, "rejected");
        assert!(newest.detail.contains(words), "{words:?} is not in {:?}", newest.detail);
        assert_eq!(self.changes().since(&before), [""; 0]);
    }

    fn review(&self, run: u64, user: &str, comment: &str) {
        let review = ReviewSpec {
            environment: "production".to_owned(),
            state: "approved".to_owned(),
            user: user.to_owned(),
            comment: comment.to_owned(),
        };
        self.sandbox.github().control().review(OWNER, REPOSITORY, run, review).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_needs_a_run_that_somebody_else_approved_for_this_beta() {
    let stage = guarded().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    let tag = beta("0.1.0", &sha);
    let github = stage.sandbox.github().control();
    let start = |tag: &str| {
        github.start_run(OWNER, REPOSITORY, DEPLOY_PRODUCTION, "main", &[("beta_tag", tag)], "alice").unwrap()
    };
    let run = start(&tag);
    stage.rejected_in(run, RUNS, &tag, &format!("run {run} was not approved for production")).await;
    stage.review(run, "alice", "trust me");
    stage.rejected_in(run, RUNS, &tag, "was approved for production by alice alone, who started it").await;
    stage.review(run, REVIEWER, "seen in staging");
    stage.rejected_in(run, "sandbox", &tag, "may not ask for deployments to production").await;
    let other = start("0.0.9-0000000.beta");
    stage.review(other, REVIEWER, "another one");
    stage.rejected_in(other, RUNS, &tag, &format!("which does not name {tag}")).await;

    let (id, ended) = stage.promote_in(run, RUNS, &tag).await;
    assert_eq!(ended.code, 0, "{ended:#?}\n{}", stage.logs());
    let history = stage.history(id).await;
    let confirmed = history.iter().find(|entry| entry.event == "requester-confirmed").unwrap();
    let said = format!("asked for by alice in run {run} (attempt 1) of {DEPLOY_PRODUCTION}");
    assert!(confirmed.detail.starts_with(&said), "{}", confirmed.detail);
    let said = format!("approved by {REVIEWER} (\"seen in staging\"); sent by AROARUNS:deploy-production");
    assert!(confirmed.detail.ends_with(&said), "{}", confirmed.detail);
    let shown = stage.sandbox.run(&["history", &id.to_string()]).await.unwrap();
    assert!(shown.stdout.contains("seen in staging"), "{shown:#?}");

    let again = format!("attempt 1 of run {run} asked for deployment {id} already");
    stage.rejected_in(run, RUNS, &tag, &again).await;
    github.end_run(OWNER, REPOSITORY, run, "success").unwrap();
    stage.rejected_in(run, RUNS, &tag, &format!("run {run} has ended")).await;
}
