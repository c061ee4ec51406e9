//! Results: what must happen once and not twice, each with how often it did, counted in the services' own logs.

use std::collections::BTreeMap;

use ecs_sim::CallOutcome;

use crate::town::Town;
use crate::town::settings::{OWNER, REPOSITORY};

/// How often each result was brought about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results(BTreeMap<String, usize>);

impl Results {
    /// Everything that was brought about in this town, from its beginning on.
    pub(crate) fn of(town: &Town) -> Self {
        let mut results = Self::default();
        results.count_github(town);
        results.count_ecs(town);
        for put in town.registry.contents().puts {
            if put.from.as_ref() != Some(&put.to) {
                results.one(format!("tag {} moved to {}", put.tag, put.to));
            }
        }
        results
    }

    fn one(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    fn count_github(&mut self, town: &Town) {
        let control = town.github.control();
        for call in control.log().into_iter().filter(|call| call.status < 300) {
            // Only what is made; a release that is changed to what it is already is not another result.
            if matches!(call.kind, github_sim::RouteKind::Dispatch | github_sim::RouteKind::CreateRelease) {
                let subject = if call.kind == github_sim::RouteKind::Dispatch { "" } else { &call.subject };
                self.one(format!("GitHub: {:?} {subject}", call.kind));
            }
        }
        let builds = control.build_count(OWNER, REPOSITORY).expect("the repository is there");
        self.0.insert("builds begun".to_owned(), usize::try_from(builds.started).unwrap_or(usize::MAX));
        self.0.insert("images pushed".to_owned(), usize::try_from(builds.pushed).unwrap_or(usize::MAX));
    }

    /// A rollout of the database is its reset. ECS's own rollbacks are deployments, too.
    fn count_ecs(&mut self, town: &Town) {
        for call in town.ecs.log() {
            let CallOutcome::Done(ids) = &call.outcome else { continue };
            match call.action.as_str() {
                "UpdateService" if ids.contains_key("newDeploymentId") => {
                    let (cluster, service) = (&call.request["cluster"], &call.request["service"]);
                    let to = call.request["taskDefinition"].as_str().unwrap_or_default();
                    let to = to.rsplit('/').next().unwrap_or_default();
                    self.one(format!("rollout of {cluster}/{service} to {to}"));
                }
                "RegisterTaskDefinition" => {
                    let (family, marks) = (&call.request["family"], &call.request["tags"]);
                    self.one(format!("revision of {family} with {marks}"));
                }
                _ => {}
            }
        }
    }

    /// Whether the same was brought about as often.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(crate) fn agree_with(&self, undisturbed: &Self) -> Result<(), String> {
        for what in self.0.keys().chain(undisturbed.0.keys()) {
            let (times, usual) = (self.times(what), undisturbed.times(what));
            if times != usual {
                return Err(format!("{what}: {times} times instead of {usual}"));
            }
        }
        Ok(())
    }

    fn times(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or(0)
    }
}
