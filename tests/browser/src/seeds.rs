//! The deployments of the stage: a morning at a shop. Texts from outside hold what must stay text.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lockstep::ports::{Hold, HoldChanged, Holding, Store};
use lockstep_events::{BetaTag, DeployRequested, DeploymentId, Overrides, Requester, Target, Version};
use lockstep_state_machines::{
    Approval, Baseline, BuildOutcome, Event, Evidence, FaultReport, HealthyRelease, Inspection, Kind, Leg,
    Plan, ReadinessSeen, RequesterOutcome, RolloutOutcome, Source, State, Warrant, WarrantedRun,
};

use crate::answers::{Cast, commit, digest};
use crate::story::{Story, refuse};

/// When the morning begins.
const MORNING: &str = "2026-11-24T06:00:00Z";

const STAGING: Plan = Plan { kind: Kind::Staging, with_database: true };
const PRODUCTION: Plan = Plan { kind: Kind::Production, with_database: false };

/// The stage's deployments.
#[derive(Debug, Clone, Copy)]
pub struct Seeds {
    /// In staging, with a fault that was tried again.
    pub healthy: DeploymentId,
    /// In production: the tasks crashed.
    pub rolled_back: DeploymentId,
    /// In production: another was under way.
    pub rejected: DeploymentId,
    /// In staging: the build failed.
    pub failed: DeploymentId,
    /// In staging: GitHub fails, and is tried again.
    pub retrying: DeploymentId,
    /// In production: rolling out.
    pub under_way: DeploymentId,
}

fn minute(minutes: i64) -> Timestamp {
    MORNING.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// Ids are of version 7, and the same in every run.
fn id(number: u32) -> DeploymentId {
    let at =
        uuid::Timestamp::from_unix(uuid::NoContext, minute(i64::from(number)).as_second().unsigned_abs(), 0);
    let text = uuid::Uuid::new_v7(at).to_string();
    let fixed = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &number.to_be_bytes()).to_string();
    // The time's half of one, the other's rest behind version and variant.
    format!("{}7{}a{}", &text[..14], &fixed[15..19], &fixed[20..]).parse().unwrap()
}

fn request(number: u32, environment: &str, target: Target, actor: &str) -> DeployRequested {
    DeployRequested {
        id: id(number),
        application: "shop".parse().unwrap(),
        environment: environment.parse().unwrap(),
        target,
        requester: Requester { actor: actor.to_owned(), workflow_run_id: None, workflow_run_attempt: None },
        requested_at: minute(i64::from(number)),
        overrides: Overrides::default(),
    }
}

fn beta(version: &str) -> BetaTag {
    BetaTag::new(version.parse().unwrap(), &commit(version))
}

/// A version, to an environment where this one ran before.
fn cast(number: u32, environment: &'static str, version: &str, before: Option<&str>) -> Cast {
    let parse = |text: &str| text.parse::<Version>().unwrap();
    let production = environment == "production";
    let previous = before.map(|before| HealthyRelease {
        deployment: id(1),
        version: parse(before),
        image_tag: if production { before.to_owned() } else { beta(before).to_string() },
        commit: Some(commit(before)),
        digest: digest(before),
        task_definition: format!(
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/{environment}-shop:{number}"
        ),
        at: minute(0),
    });
    let baseline = before.filter(|_| !production).map(|before| Baseline {
        version: parse(before),
        commit: Some(commit(before)),
        digest: digest(before),
        found_in: "production's record".to_owned(),
    });
    let definition =
        |family: &str| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{environment}-{family}:1");
    Cast {
        source: Source {
            commit: commit(version),
            version: parse(version),
            beta: beta(version),
            digest: production.then(|| digest(version)),
            baseline,
            warnings: Vec::new(),
        },
        image: digest(version),
        inspection: Inspection {
            base: definition("shop"),
            database_base: (!production).then(|| definition("shop-database")),
            desired: 2,
            previous,
            already_running: None,
            latest: None,
            findings: Vec::new(),
        },
        number,
        environment,
    }
}

fn default_branch() -> Target {
    Target::Commit { reference: None }
}

fn promoted(version: &str) -> Target {
    Target::Beta { tag: beta(version) }
}

fn by_run(actor: &str, run: u64) -> Event {
    let url = format!("https://github.com/example/shop/actions/runs/{run}");
    let approvals = vec![Approval::new("carol".to_owned(), "read the notes, go")];
    let run = WarrantedRun {
        id: run,
        attempt: 1,
        url,
        workflow: "deploy-production.yml".into(),
        actor: actor.into(),
        again_by: None,
        approvals,
    };
    Event::Requester(RequesterOutcome::Confirmed(Box::new(Warrant {
        sender: Some("AROAEXAMPLE:run".to_owned()),
        run: Some(run),
    })))
}

fn fault(service: &str, message: &str, wait: i64) -> Event {
    let (service, message) = (service.to_owned(), message.to_owned());
    let wait = SignedDuration::from_secs(wait);
    Event::Fault(FaultReport { service, message, transient: true, wait, ambiguous: false })
}

/// ECS's breaker has tripped. The last answer tries to be markup, as a body from anywhere may.
fn crashed() -> Event {
    Event::Rollout(RolloutOutcome::Failed {
        message: "ECS gave up the rollout of production-shop:111: tasks failed to start".to_owned(),
        evidence: Evidence {
            service_events: vec![
                "(service shop) (deployment ecs-svc/4410) deployment failed: tasks failed to start.".to_owned(),
                "(service shop) (port 8080) is unhealthy in (target-group shop) due to (reason Health checks failed with these codes: [503])".to_owned(),
            ],
            stopped_tasks: vec![
                "task 5c9f0e21: Essential container in task exited; container app: exit code 3".to_owned(),
                "task 77b1a0d4: Essential container in task exited; container app: exit code 3".to_owned(),
            ],
            readiness: Some(ReadinessSeen {
                url: "https://shop.example.test/api/ready".to_owned(),
                status: Some(503),
                detail: "{\"ready\":false,\"why\":\"migration 41 <script>document.title='taken'</script> is missing\"}".to_owned(),
            }),
        },
    })
}

/// Writes the morning. What is still under way in production is returned, to be gone on with.
pub(crate) async fn write(store: &Arc<dyn Store>) -> (Seeds, Story) {
    let first = Story::open(
        store,
        request(1, "staging", default_branch(), "alice"),
        STAGING,
        cast(1, "staging", "0.1.0", None),
    );
    first.await.finish().await;

    let mut release = Story::open(
        store,
        request(20, "production", promoted("0.1.0"), "bob"),
        PRODUCTION,
        cast(20, "production", "0.1.0", None),
    )
    .await;
    release.then(1, by_run("bob", 7_400_020)).await;
    release.finish().await;

    let second = cast(31, "staging", "0.2.0", Some("0.1.0"));
    let mut healthy =
        Story::open(store, request(31, "staging", default_branch(), "dave"), STAGING, second).await;
    let healthy_id = healthy.id();
    healthy.until(State::MovingTags).await;
    healthy.then(2, fault("the registry", "registry: PUT manifest: 503 Service Unavailable", 4)).await;
    healthy.finish().await;

    let bad = cast(55, "production", "0.2.0", Some("0.1.0"));
    let mut rolled_back =
        Story::open(store, request(55, "production", promoted("0.2.0"), "bob"), PRODUCTION, bad).await;
    let rolled_back_id = rolled_back.id();
    rolled_back.then(1, by_run("bob", 7_400_055)).await;
    rolled_back.until(State::RollingOut { leg: Leg::Candidate }).await;
    let late = request(57, "production", promoted("0.1.0"), "erin");
    refuse(store, &late, PRODUCTION, &rolled_back).await;
    rolled_back.then(164, crashed()).await;
    rolled_back.finish().await;

    let mut failed = Story::open(
        store,
        request(70, "staging", default_branch(), "alice"),
        STAGING,
        cast(70, "staging", "0.3.0", Some("0.1.0")),
    )
    .await;
    let failed_id = failed.id();
    failed.until(State::AwaitingBuild).await;
    let build = lockstep_state_machines::Build {
        run: Some(7_300_070),
        attempt: Some(1),
        url: Some("https://github.com/example/shop/actions/runs/7300070".into()),
    };
    failed.then(171, Event::Build(BuildOutcome::Failed { build, conclusion: "failure".to_owned() })).await;
    failed.finish().await;

    let mut retrying = Story::open(
        store,
        request(84, "staging", default_branch(), "dave"),
        STAGING,
        cast(84, "staging", "0.3.1", Some("0.1.0")),
    )
    .await;
    let retrying_id = retrying.id();
    retrying.until(State::PublishingRelease).await;
    retrying.then(2, fault("GitHub", "GitHub: POST releases: 502 Bad Gateway", 3)).await;
    retrying.then(4, fault("GitHub", "GitHub: POST releases: 502 Bad Gateway", 50)).await;

    hold(store).await;
    let going = cast(87, "production", "0.2.0", Some("0.1.0"));
    let mut under_way =
        Story::open(store, request(87, "production", promoted("0.2.0"), "bob"), PRODUCTION, going).await;
    under_way.then(1, by_run("bob", 7_400_087)).await;
    under_way.until(State::RollingOut { leg: Leg::Candidate }).await;
    let seeds = Seeds {
        healthy: healthy_id,
        rolled_back: rolled_back_id,
        rejected: late.id,
        failed: failed_id,
        retrying: retrying_id,
        under_way: under_way.id(),
    };
    (seeds, under_way)
}

/// Staging takes no requests after this one.
async fn hold(store: &Arc<dyn Store>) {
    let hold = Hold {
        id: id(85).as_uuid(),
        by: "carol".to_owned(),
        reason: "the load test needs it to itself".parse().unwrap(),
        since: minute(85),
        until: Some(minute(240)),
    };
    let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
    let holding = Holding { application, environment, hold, replaces: None };
    assert_eq!(store.hold(&holding).await.unwrap(), HoldChanged::Written);
}

/// When somebody looks.
pub(crate) fn noon() -> Timestamp {
    minute(88) + SignedDuration::from_secs(15)
}
