//! Environments and the reviews of runs.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::environments::EnvironmentSpec;
use crate::model::ids::node_id;
use crate::model::runs::Run;

impl View<'_> {
    /// The environment at this position of the repository's list. It can be deployed to from protected branches.
    pub(crate) fn environment(&self, position: usize, environment: &EnvironmentSpec) -> Value {
        let (api, web, name) = (self.api(), self.web(), &environment.name);
        let id = self.repository.id + position as u64;
        let reviewers = environment.reviewers.iter();
        let reviewers: Vec<Value> =
            reviewers.map(|login| json!({ "type": "User", "reviewer": user(self.base, login) })).collect();
        let mut rules =
            vec![json!({ "id": id, "node_id": node_id("GateRule", id), "type": "branch_policy" })];
        if !reviewers.is_empty() {
            rules.push(json!({
                "id": id + 1,
                "node_id": node_id("GateRule", id + 1),
                "type": "required_reviewers",
                "prevent_self_review": environment.prevent_self_review,
                "reviewers": reviewers,
            }));
        }
        json!({
            "id": id,
            "node_id": node_id("Environment", id),
            "name": name,
            "url": format!("{api}/environments/{name}"),
            "html_url": format!("{web}/deployments/activity_log?environments_filter={name}"),
            "created_at": time(self.repository.created_at),
            "updated_at": time(self.repository.created_at),
            "protection_rules": rules,
            "deployment_branch_policy": { "protected_branches": true, "custom_branch_policies": false },
        })
    }

    /// The reviews of a run.
    pub(crate) fn reviews(&self, run: &Run) -> Vec<Value> {
        let shape = |review: &crate::model::environments::ReviewSpec| {
            let environment = self.repository.environment(&review.environment).ok();
            json!({
                "state": review.state,
                "comment": review.comment,
                "user": user(self.base, &review.user),
                "environments": environment.map(|(at, spec)| self.environment(at, spec)).into_iter().collect::<Vec<_>>(),
            })
        };
        run.reviews.iter().map(shape).collect()
    }
}
