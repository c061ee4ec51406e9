//! Every environment is free, its list is complete, and its record says what runs there: in ECS, in the registry, and
//! by the application's own word.

use std::collections::BTreeSet;

use ecs_sim::model::RolloutState;
use lockstep::ports::HealthyRelease;
use serde_json::Value;

use super::Story;
use crate::town::{Application, EnvironmentRef, Service, Town, applications};

/// What is wrong with the environments.
pub(super) async fn discrepancies(town: &Town, stories: &[Story]) -> Vec<String> {
    let mut wrong = Vec::new();
    for application in applications() {
        for name in ["staging", "production"] {
            let place = application.environment(name);
            let mut found = environment(town, &place, stories).await;
            found.extend(references(town, &application, &place).await);
            wrong.extend(found.into_iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    wrong
}

async fn environment(town: &Town, place: &EnvironmentRef, stories: &[Story]) -> Vec<String> {
    let mut wrong = Vec::new();
    let view = town.store.environment(&place.application, &place.environment).await.unwrap();
    if let Some(holder) = view.lock.holder {
        wrong.push(format!("its lock is held by {holder}"));
    }
    let ours: Vec<&Story> = stories.iter().filter(|story| story.environment == *place).collect();
    let holders = ours.iter().filter(|story| story.held_the_lock()).count() as u64;
    if view.lock.token != holders {
        wrong.push(format!("{holders} deployments held its lock, its token is {}", view.lock.token));
    }
    let listed = town.store.deployments(&place.application, &place.environment, 10_000).await.unwrap();
    let listed: BTreeSet<_> =
        listed.into_iter().map(|line| (line.id, line.outcome.unwrap_or_default())).collect();
    let expected: BTreeSet<_> = ours.iter().map(|story| (story.id, story.outcome().to_owned())).collect();
    for (id, outcome) in listed.symmetric_difference(&expected) {
        wrong.push(format!("its list and the histories disagree about {id} ({outcome})"));
    }
    if let Some(current) = &view.record.current {
        wrong.extend(running(town, place, current).await);
    } else if view.record.dirty.is_none() && ours.iter().any(|story| story.outcome() == "healthy") {
        wrong.push("its record names no release and is not dirty".to_owned());
    }
    wrong.extend(last_healthy(&ours, view.record.last_healthy.as_ref()));
    wrong
}

/// Where a rollback would go: the newest healthy deployment's release, or, in staging, the baseline that a later
/// deployment has proven and gone back to.
fn last_healthy(ours: &[&Story], recorded: Option<&HealthyRelease>) -> Option<String> {
    let token = |story: &Story| story.last().map(|machine| machine.deployment().token);
    let healthy = ours.iter().filter(|story| story.outcome() == "healthy");
    let newest = healthy.max_by_key(|story| token(story))?;
    let Some(recorded) = recorded else {
        return Some(format!("{} was healthy, its record knows of nothing healthy", newest.id));
    };
    let named = ours.iter().find(|story| story.id == recorded.deployment);
    let is_later =
        named.is_some_and(|story| story.outcome() == "rolled-back" && token(story) > token(newest));
    (recorded.deployment != newest.id && !is_later).then(|| {
        format!("the newest healthy deployment is {}, its record says {}", newest.id, recorded.deployment)
    })
}

/// The release that the record names must be what ECS runs, and what the application says of itself.
async fn running(town: &Town, place: &EnvironmentRef, current: &HealthyRelease) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = place.service(Service::App);
    let (primary, rollout, desired) = town.ecs.inspect(|world, _| {
        let service = world.service(place.cluster(), &name).unwrap();
        let primary = service.primary().unwrap();
        (primary.task_definition.clone(), primary.rollout, service.desired_count)
    });
    if (primary.as_str(), rollout, desired) != (current.task_definition.as_str(), RolloutState::Completed, 1)
    {
        wrong.push(format!(
            "its record says {}, ECS runs {primary} ({rollout:?}, {desired} wanted)",
            current.task_definition
        ));
    }
    let answer = async {
        let front = town.ecs.front_url(place.cluster(), &name)?;
        let answer = reqwest::get(format!("{front}/api/v1/info")).await.ok()?;
        answer.json::<Value>().await.ok()
    };
    let says = answer.await.and_then(|info| info["commit"].as_str().map(str::to_owned));
    let expected = current.commit.as_ref().map(ToString::to_string);
    if expected.is_some() && says != expected {
        wrong.push(format!("its record says commit {expected:?}, the application says {says:?}"));
    }
    wrong
}

/// What the environment's releases are called must name the recorded image; and nothing runs in production that was
/// not healthy in staging.
async fn references(town: &Town, application: &Application, place: &EnvironmentRef) -> Vec<String> {
    let mut wrong = Vec::new();
    let view = town.store.environment(&place.application, &place.environment).await.unwrap();
    let (betas, versions) = town.store.releases(&place.application).await.unwrap();
    let mut expected: Vec<(String, String)> = Vec::new();
    if place.environment.as_str() == "staging" {
        expected.extend(betas.iter().map(|beta| (beta.tag.to_string(), beta.digest.to_string())));
    } else {
        for binding in &versions {
            if !betas.iter().any(|beta| beta.tag == binding.beta && beta.digest == binding.digest) {
                wrong
                    .push(format!("version {} is an image that was not healthy in staging", binding.version));
            }
        }
        if let Some(healthy) = &view.record.last_healthy {
            expected.push(("latest".to_owned(), healthy.digest.to_string()));
            expected.push((healthy.image_tag.clone(), healthy.digest.to_string()));
        }
    }
    for (tag, digest) in expected {
        let found = tag_of(town, application, &tag).await;
        if found.as_ref() != Some(&digest) {
            wrong.push(format!("tag {tag} should name {digest} and names {found:?}"));
        }
    }
    wrong
}

/// The digest that an image tag names, asked of the registry.
async fn tag_of(town: &Town, application: &Application, tag: &str) -> Option<String> {
    let url = format!("{}/v2/{}/manifests/{tag}", town.registry.endpoint(), application.images());
    let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    let answer = reqwest::Client::new().head(url).header("accept", accept).send().await.unwrap();
    Some(answer.headers().get("docker-content-digest")?.to_str().unwrap().to_owned())
}
