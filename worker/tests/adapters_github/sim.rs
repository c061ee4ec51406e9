//! The adapter against the GitHub simulator, which keeps state: what is written is what is read afterwards, and
//! a lost answer is found again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use github_sim::{
    CheckSpec, CommitSpec, Config, Control, GithubSim, InputSpec, Knobs, RegistryAuth, RepositorySpec,
    RouteKind, Status, StatusSpec, WorkflowSpec,
};
use jiff::Timestamp;
use lockstep::adapters::github::{GitHubAuth, GitHubForge};
use lockstep::ports::{BuildStatus, Checks, Dispatch, Forge, NewRelease, ReleaseChange};
use lockstep_events::{CommitSha, DeploymentId};

use crate::double::{TOKEN, settings};

const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
const DEPLOYMENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const BUILT: &str = "abcdef0123456789abcdef0123456789abcdef01";

struct Scene {
    sim: GithubSim,
    forge: GitHubForge,
}

impl Scene {
    /// A repository `o/r` with a workflow that does nothing but run.
    async fn set(knobs: Knobs) -> Self {
        let sim = GithubSim::start(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            state_file: None,
            registry: "127.0.0.1:1".to_owned(),
            registry_auth: RegistryAuth::Anonymous,
            // Any file does: nothing is built here.
            sample_app: std::env::current_exe().unwrap(),
            tokens: vec![TOKEN.to_owned()],
            knobs,
        })
        .await
        .unwrap();
        let workflow = WorkflowSpec {
            file: "deploy.yml".to_owned(),
            name: "Deploy".to_owned(),
            run_name: "Deploy ${{ inputs.deployment_id }} ${{ inputs.commit }}".to_owned(),
            inputs: ["deployment_id", "commit"]
                .map(|name| InputSpec { name: name.to_owned(), required: true })
                .to_vec(),
            environment: None,
        };
        sim.control()
            .create_repository(RepositorySpec {
                owner: "o".to_owned(),
                name: "r".to_owned(),
                default_branch: "trunk".to_owned(),
                image_repository: None,
                workflows: vec![workflow],
                environments: Vec::new(),
            })
            .unwrap();
        let forge = GitHubForge::new(settings(&sim.base_uri(), GitHubAuth::Token(TOKEN.into()))).unwrap();
        Self { sim, forge }
    }

    fn control(&self) -> Control {
        self.sim.control()
    }

    fn commit(&self, branch: &str, path: &str, text: &str) -> CommitSha {
        let spec = CommitSpec {
            branch: branch.to_owned(),
            changes: BTreeMap::from([(path.to_owned(), Some(text.to_owned()))]),
            message: format!("Write {path}"),
            author: "somebody".to_owned(),
        };
        self.control().commit("o", "r", spec).unwrap().parse().unwrap()
    }

    fn check(&self, commit: &CommitSha, name: &str, conclusion: Option<&str>) {
        let spec = CheckSpec {
            commit: commit.to_string(),
            name: name.to_owned(),
            status: if conclusion.is_some() { Status::Completed } else { Status::InProgress },
            conclusion: conclusion.map(str::to_owned),
        };
        self.control().report_check("o", "r", &spec).unwrap();
    }
}

fn dispatch() -> Dispatch {
    Dispatch {
        workflow: "deploy.yml".to_owned(),
        reference: "trunk".to_owned(),
        inputs: vec![
            ("deployment_id".to_owned(), DEPLOYMENT.to_owned()),
            ("commit".to_owned(), BUILT.to_owned()),
        ],
    }
}

fn release(tag: &str, commit: &CommitSha, prerelease: bool) -> NewRelease {
    NewRelease {
        tag: tag.to_owned(),
        commit: commit.clone(),
        prerelease,
        make_latest: !prerelease,
        preface: "By Lockstep.".to_owned(),
    }
}

#[tokio::test]
async fn source_is_read_as_it_was_committed() {
    let scene = Scene::set(Knobs::default()).await;
    let first = scene.commit("trunk", "apps/server/Cargo.toml", "version = \"1.0.0\"\n");
    let second = scene.commit("trunk", "README.md", "é\n");
    let aside = scene.commit("feature/x", "README.md", "another\n");
    let forge = &scene.forge;

    assert_eq!(forge.default_branch().await.unwrap(), "trunk");
    for (reference, commit) in [
        ("trunk", Some(&second)),
        ("feature/x", Some(&aside)),
        (first.as_str(), Some(&first)),
        ("nowhere", None),
        ("0000000000000000000000000000000000000000", None),
    ] {
        assert_eq!(forge.resolve(reference).await.unwrap().as_ref(), commit, "{reference}");
    }
    for (commit, branch, expected) in [
        (&first, "trunk", true),
        (&second, "trunk", true),
        (&aside, "trunk", false),
        (&aside, "feature/x", true),
    ] {
        assert_eq!(forge.is_on_branch(commit, branch).await.unwrap(), expected, "{commit} on {branch}");
    }
    let text = forge.file("apps/server/Cargo.toml", &second).await.unwrap();
    assert_eq!(text.as_deref(), Some("version = \"1.0.0\"\n"));
    assert_eq!(forge.file("README.md", &second).await.unwrap().as_deref(), Some("é\n"));
    assert_eq!(forge.file("README.md", &first).await.unwrap(), None);
}

#[tokio::test]
async fn checks_are_those_of_the_commit_but_not_the_dispatched_run_s_own() {
    let scene = Scene::set(Knobs { queue_delay_ms: 600_000, ..Knobs::default() }).await;
    let commit = scene.commit("trunk", "a", "1");
    scene.check(&commit, "test", Some("failure"));
    scene.check(&commit, "test", Some("success"));
    scene.check(&commit, "lint", Some("timed_out"));
    scene.check(&commit, "e2e", None);
    let status = StatusSpec {
        state: "success".to_owned(),
        context: "coverage".to_owned(),
        description: None,
        target_url: None,
    };
    scene.control().report_status("o", "r", commit.as_str(), status).unwrap();
    let expected = Checks {
        passed: vec!["coverage".to_owned(), "test".to_owned()],
        failed: vec!["lint".to_owned()],
        pending: vec!["e2e".to_owned()],
    };
    assert_eq!(scene.forge.checks(&commit).await.unwrap(), expected);
    let run = scene.forge.dispatch(&dispatch()).await.unwrap().unwrap();
    let build = scene.forge.run(run).await.unwrap().unwrap();
    assert_eq!(build.status, BuildStatus::Running("queued".to_owned()), "its check run is pending now");
    assert_eq!(scene.forge.checks(&commit).await.unwrap(), expected);
}

#[tokio::test]
async fn a_dispatched_run_is_found_by_its_name_and_followed_to_its_end() {
    let knobs = [
        Knobs::default(),
        Knobs { old_dispatch: true, null_head_branch: true, ..Knobs::default() },
        Knobs { workflow_name_as_run_name: true, dispatch_listing_lag_ms: 300, ..Knobs::default() },
    ];
    for knobs in knobs {
        let scene = Scene::set(knobs.clone()).await;
        scene.commit("trunk", "a", "1");
        let since = Timestamp::now();
        let told = scene.forge.dispatch(&dispatch()).await.unwrap();
        assert_eq!(told.is_none(), knobs.old_dispatch);
        let id: DeploymentId = DEPLOYMENT.parse().unwrap();
        let begun = Instant::now();
        let found = loop {
            if let Some(found) =
                scene.forge.find_run("deploy.yml", "trunk", id, &BUILT.parse().unwrap(), since).await.unwrap()
            {
                break found;
            }
            assert!(begun.elapsed() < DEADLINE, "the run is never listed: {knobs:?}");
            tokio::time::sleep(PAUSE).await;
        };
        assert_eq!(found.attempt, 1, "{knobs:?}");
        assert!(told.is_none_or(|told| told == found.id));
        while scene.forge.run(found.id).await.unwrap().unwrap().status
            != BuildStatus::Finished("success".to_owned())
        {
            assert!(begun.elapsed() < DEADLINE, "the run never ends: {knobs:?}");
            tokio::time::sleep(PAUSE).await;
        }
        assert_eq!(scene.forge.run(found.id + 1_000_000).await.unwrap(), None);
    }
}

#[tokio::test]
async fn tags_are_peeled_however_they_are_nested() {
    let scene = Scene::set(Knobs::default()).await;
    let commit = scene.commit("trunk", "a", "1");
    scene.control().tag("o", "r", "plain", commit.as_str()).unwrap();
    let outer = scene.control().annotated_tag("o", "r", "release/1", commit.as_str(), "one").unwrap();
    scene.control().annotated_tag("o", "r", "nested", &outer, "two").unwrap();
    for tag in ["plain", "release/1", "nested"] {
        assert_eq!(scene.forge.tag_commit(tag).await.unwrap().as_ref(), Some(&commit), "{tag}");
    }
    assert_eq!(scene.forge.tag_commit("absent").await.unwrap(), None);
}

#[tokio::test]
async fn releases_move_latest_as_they_are_told() {
    let scene = Scene::set(Knobs::default()).await;
    let commit = scene.commit("trunk", "a", "1");
    let forge = &scene.forge;
    assert_eq!(forge.latest_release().await.unwrap(), None);

    let beta = forge.create_release(&release("1.0.0-abc.beta", &commit, true)).await.unwrap();
    assert!(beta.prerelease && beta.body.starts_with("By Lockstep."), "{beta:?}");
    assert_eq!(forge.tag_commit("1.0.0-abc.beta").await.unwrap().as_ref(), Some(&commit));
    assert_eq!(forge.latest_release().await.unwrap(), None, "a prerelease is never the latest");

    let latest = async || forge.latest_release().await.unwrap().map(|release| release.tag);
    let one = forge.create_release(&release("1.0.0", &commit, false)).await.unwrap();
    forge.create_release(&release("1.1.0", &commit, false)).await.unwrap();
    assert_eq!(latest().await.as_deref(), Some("1.1.0"));
    let change = ReleaseChange { make_latest: Some(true), body: Some("Back again.".to_owned()) };
    forge.change_release(one.id, &change).await.unwrap();
    assert_eq!(latest().await.as_deref(), Some("1.0.0"));
    assert_eq!(forge.release("1.0.0").await.unwrap().unwrap().body, "Back again.");
    assert_eq!(forge.release("2.0.0").await.unwrap(), None);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_happened_and_cannot_happen_again() {
    let scene = Scene::set(Knobs::default()).await;
    let commit = scene.commit("trunk", "a", "1");
    scene.sim.knobs().change(|knobs| {
        knobs.lose_answer.insert(RouteKind::CreateRelease, 1);
    });
    let fault = scene.forge.create_release(&release("1.0.0", &commit, false)).await.unwrap_err();
    assert!(fault.may_have_happened() && fault.is_transient(), "{fault}");
    assert!(scene.forge.release("1.0.0").await.unwrap().is_some());
    let fault = scene.forge.create_release(&release("1.0.0", &commit, false)).await.unwrap_err();
    assert!(!fault.is_transient() && fault.message.contains("already_exists"), "{fault}");
}
