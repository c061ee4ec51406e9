//! `doctor` against everything that the sandbox has: what is sound is found sound, what somebody broke is named, and
//! what a stand-in does not offer is said not to have been looked at.

use std::collections::{BTreeMap, BTreeSet};

use github_sim::CommitSpec;
use sandbox::sample::Variant;
use sandbox::seeds::{OWNER, REPOSITORY};
use sandbox::{Options, Run};
use serde_json::{Value, json};

use crate::stage::{Stage, beta};

/// What the sandbox's stand-ins do not offer.
const NOT_OFFERED: [&str; 7] = [
    "actions-allowed",
    "aws-identity",
    "branch-bypass",
    "branch-checks",
    "branch-history",
    "branch-reviews",
    "table-recovery",
];

/// The ids of the checks that ended so, by place where `place` begins it.
fn ended(run: &Run, outcome: &str, place: &str) -> BTreeSet<String> {
    let findings = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    findings
        .filter(|finding| text(finding, "outcome") == outcome && text(finding, "place").starts_with(place))
        .map(|finding| text(&finding, "check"))
        .collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

impl Stage {
    /// The workflows and the owners that infra/github has for a team.
    fn push_templates(&self) {
        let templates = [
            (
                ".github/workflows/build-image.yml",
                include_str!("../../../../infra/github/workflows/build-image.yml"),
            ),
            (
                ".github/workflows/deploy-production.yml",
                include_str!("../../../../infra/github/workflows/deploy-production.yml"),
            ),
            (".github/CODEOWNERS", include_str!("../../../../infra/github/CODEOWNERS")),
        ];
        let changes = templates.map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
        let commit = CommitSpec {
            branch: "main".to_owned(),
            changes: BTreeMap::from(changes),
            message: "Workflows and their owners".to_owned(),
            author: "octocat".to_owned(),
        };
        self.sandbox.github().control().commit(OWNER, REPOSITORY, commit).unwrap();
    }

    /// Runs `doctor`; staging's container must have this variable.
    async fn doctor(&self, required: &str) -> Run {
        let mut command = self.sandbox.command(&["doctor", "--json"]);
        let key = "LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__STAGING__REQUIRED_ENVIRONMENT";
        command.env(key, json!([required]).to_string()).output().await.unwrap().into()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_set_up_has_no_problem_and_each_thing_that_is_broken_is_one() {
    let stage = Stage::set().await;
    stage.push_templates();
    let released = stage.sandbox.push("0.1.0", Variant::Good, "Released").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &released)).await.expect("healthy", 0);

    let sound = stage.doctor("DATABASE_URL").await;
    assert_eq!(ended(&sound, "problem", ""), set(&[]), "{sound:#?}");
    assert_eq!(ended(&sound, "could-not-look", ""), set(&NOT_OFFERED), "{sound:#?}");
    assert_eq!(sound.code, 11, "{sound:#?}");
    let fine = ended(&sound, "ok", "");
    for id in [
        "build-workflow",
        "workflows-pinned",
        "code-owners",
        "registry-readable",
        "registry-writable",
        "readiness",
        "environment-branches",
        "environment-reviewers",
        "environment-self-review",
    ] {
        assert!(fine.contains(id), "{id}: {sound:#?}");
    }

    let stuck = json!({ "cluster": "production", "service": "app", "deploymentConfiguration": {
        "minimumHealthyPercent": 100, "maximumPercent": 100,
        "deploymentCircuitBreaker": { "enable": true, "rollback": false },
    } });
    stage.ecs("UpdateService", &stuck).await;
    let broken = stage.doctor("DATABASE_UR").await;
    assert_eq!(broken.code, 10, "{broken:#?}");
    assert_eq!(
        ended(&broken, "problem", "environment staging"),
        set(&["container-environment"]),
        "{broken:#?}"
    );
    let production = set(&["service-breaker", "service-progress"]);
    assert_eq!(ended(&broken, "problem", "environment production"), production, "{broken:#?}");
    assert_eq!(ended(&broken, "problem", "").len(), 3, "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_leaves_everything_as_it_was() {
    let stage = Stage::set_without_worker(Options::default()).await;
    stage.sandbox.push("0.1.0", Variant::Good, "Never deployed").unwrap();
    let (github, ecs) = (stage.sandbox.github().control(), stage.sandbox.ecs());
    let (github_before, ecs_before) = (github.log().len(), ecs.log().len());
    let run = stage.sandbox.run(&["doctor"]).await.unwrap();
    assert_eq!(run.code, 10, "a repository without workflows has a problem: {run:#?}");
    let (github, ecs) = (&github.log()[github_before..], &ecs.log()[ecs_before..]);
    // Both logs hold what changes something.
    assert!(github.is_empty() && ecs.is_empty(), "{github:#?} {ecs:#?}");
    assert_eq!(stage.environment("staging").await.lock.token, 0, "no lock was taken");
}
