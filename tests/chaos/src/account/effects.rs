//! Every result of a deployment is there once: builds and releases by GitHub's records, revisions and rollouts by
//! ECS's. A call that was repeated and changed nothing is no second result.

use std::collections::BTreeMap;

use lockstep_state_machines::{Leg, State};
use sandbox::environment::GITHUB_TOKEN;
use serde_json::Value;

use super::Story;
use crate::town::{OWNER, Service, Town, applications};

/// How many results of each kind there are.
pub(super) struct Extras(BTreeMap<&'static str, usize>);

impl Extras {
    pub(super) fn count(town: &Town) -> Self {
        let mut counts = BTreeMap::new();
        for application in applications() {
            let builds = town.github.control().build_count(OWNER, application.name).unwrap().started;
            *counts.entry("builds").or_default() += usize::try_from(builds).unwrap();
        }
        let log = town.github.control().log();
        let created = |call: &&github_sim::LoggedCall| {
            call.kind == github_sim::RouteKind::CreateRelease && call.status == 201
        };
        counts.insert("releases", log.iter().filter(created).count());
        counts.insert("revisions", marked(town).len());
        counts.insert(
            "rollouts",
            town.ecs.log().iter().filter(|call| call.id("newDeploymentId").is_some()).count(),
        );
        Self(counts)
    }

    pub(super) fn total(&self) -> usize {
        self.0.values().sum()
    }

    pub(super) fn in_words(&self) -> String {
        let counts: Vec<String> = self.0.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        counts.join(", ")
    }
}

/// What happened twice, or to nobody's order.
pub(super) async fn discrepancies(town: &Town, stories: &[Story]) -> Vec<String> {
    let mut wrong = Vec::new();
    for application in applications() {
        wrong.extend(builds(town, application.name, stories).await);
        wrong.extend(releases(town, application.name).await);
    }
    wrong.extend(revisions(town, stories));
    wrong.extend(rollouts(town, stories));
    wrong
}

fn more_than_once<K: Ord + std::fmt::Debug>(what: &str, found: impl IntoIterator<Item = K>) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for key in found {
        *counts.entry(key).or_insert(0) += 1;
    }
    let twice = counts.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|(key, count)| format!("{count} {what} for {key:?}")).collect()
}

/// A run's name carries the deployment's id. Each deployment that dispatched has one run, and nobody else has.
async fn builds(town: &Town, application: &str, stories: &[Story]) -> Vec<String> {
    let runs = github(town, &format!("repos/{OWNER}/{application}/actions/runs"), "workflow_runs").await;
    let titles: Vec<String> =
        runs.iter().map(|run| run["display_title"].as_str().unwrap().to_owned()).collect();
    let mut wrong = more_than_once("builds", &titles);
    let ours = stories.iter().filter(|story| story.environment.application.as_str() == application);
    let mut owned = 0;
    for story in ours {
        let found = titles.iter().filter(|title| title.ends_with(&story.id.to_string())).count();
        owned += found;
        let dispatched = story.history.iter().any(|item| item.event == "build-dispatched");
        if dispatched && found != 1 {
            wrong.push(format!("{} dispatched a build, GitHub has {found} of it", story.id));
        }
    }
    if owned != titles.len() {
        wrong.push(format!("{application} has {} builds, {owned} of them somebody's", titles.len()));
    }
    wrong
}

async fn releases(town: &Town, application: &str) -> Vec<String> {
    let releases = github(town, &format!("repos/{OWNER}/{application}/releases"), "").await;
    let tags = releases.iter().map(|release| (application, release["tag_name"].as_str().unwrap().to_owned()));
    more_than_once("releases", tags)
}

/// Each revision that carries marks, by deployment and leg.
fn marked(town: &Town) -> Vec<(String, String, String)> {
    town.ecs.inspect(|world, _| {
        let marks = |definition: &ecs_sim::model::TaskDefinition| {
            let mark = |key: &str| {
                let tag = definition.tags.iter().find(|tag| tag["key"] == key)?;
                Some(tag["value"].as_str()?.to_owned())
            };
            Some((mark("lockstep:deployment")?, mark("lockstep:leg")?, definition.arn.clone()))
        };
        world.task_definitions.values().filter_map(marks).collect()
    })
}

/// One for each leg of a deployment, and only for a deployment that was asked for.
fn revisions(town: &Town, stories: &[Story]) -> Vec<String> {
    let marked = marked(town);
    let mut wrong = more_than_once("revisions", marked.iter().map(|(id, leg, _)| (id, leg)));
    for (id, leg, arn) in &marked {
        let story = stories.iter().find(|story| story.id.to_string() == *id);
        let known = story
            .and_then(|story| story.last())
            .map(|machine| machine.deployment().revisions.values().any(|known| known == arn));
        if known != Some(true) {
            wrong.push(format!("{arn} is marked as {leg} of {id}, which does not know it"));
        }
    }
    wrong
}

/// A rollout for each time that a deployment was to start one, at most: its own revisions once, and the release it
/// went back to once.
fn rollouts(town: &Town, stories: &[Story]) -> Vec<String> {
    let mut allowed: BTreeMap<(String, String), usize> = BTreeMap::new();
    for story in stories {
        for leg in [Leg::Database, Leg::Baseline, Leg::Candidate, Leg::RestoredDatabase, Leg::Restored] {
            let started = story.machines.iter().find(|machine| machine.state() == State::Starting { leg });
            let Some(target) = started.and_then(|machine| machine.deployment().revision_of(leg)) else {
                continue;
            };
            let service = if leg.is_database() { Service::Database } else { Service::App };
            let place = format!("{}/{}", story.environment.cluster(), story.environment.service(service));
            *allowed.entry((place, target)).or_default() += 1;
        }
    }
    let mut begun: BTreeMap<(String, String), usize> = BTreeMap::new();
    for call in town.ecs.log() {
        let (Some(_), Some(service)) = (call.id("newDeploymentId"), call.id("serviceArn")) else { continue };
        let mut parts = service.rsplit('/');
        let (name, cluster) = (parts.next().unwrap(), parts.next().unwrap());
        let target = call.request["taskDefinition"].as_str().unwrap_or("no other task definition");
        *begun.entry((format!("{cluster}/{name}"), target.to_owned())).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for ((service, target), count) in begun {
        let most = allowed.get(&(service.clone(), target.clone())).copied().unwrap_or(0);
        if count > most {
            wrong.push(format!(
                "{service} was rolled out to {target} {count} times, {most} deployments wanted that"
            ));
        }
    }
    wrong
}

/// Every entry of a list of GitHub's.
pub(crate) async fn github(town: &Town, path: &str, member: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let url = format!("{}/{path}?per_page=100&page={page}", town.github.base_uri());
        // GitHub refuses whoever does not say who they are.
        let request = reqwest::Client::new().get(url).header("user-agent", "chaos").bearer_auth(GITHUB_TOKEN);
        let answer: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        let list = if member.is_empty() { &answer } else { &answer[member] };
        let list = list.as_array().unwrap();
        all.extend(list.iter().cloned());
        if list.len() < 100 {
            break;
        }
    }
    all
}
