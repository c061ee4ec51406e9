//! What guards environments, branches and workflows. Must only read. What is read here needs `Administration: read`
//! (branch protection, Actions), `Actions: read` (environments) or nothing (rulesets): GitHub REST documentation, each
//! endpoint's "Fine-grained access tokens".

use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Listing};
use crate::faults::{Fault, FaultKind};
use crate::ports::setup::{ActionsSetup, BranchPolicy, BranchRules, EnvironmentProtection};
use crate::ports::{Answer, ReviewRules};

#[derive(Deserialize)]
struct EnvironmentJson {
    name: String,
    #[serde(default)]
    protection_rules: Vec<ProtectionRule>,
    deployment_branch_policy: Option<BranchPolicyJson>,
}

impl EnvironmentJson {
    /// The rule that makes runs wait for a review, if it has one.
    fn review(&self) -> Option<&ProtectionRule> {
        self.protection_rules.iter().find(|rule| rule.kind == "required_reviewers")
    }
}

#[derive(Deserialize)]
struct ProtectionRule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    prevent_self_review: bool,
    #[serde(default)]
    reviewers: Vec<Value>,
}

#[derive(Deserialize)]
struct BranchPolicyJson {
    protected_branches: bool,
}

#[derive(Deserialize)]
struct EnvironmentList {
    environments: Vec<EnvironmentJson>,
}

impl Listing for EnvironmentList {
    type Item = EnvironmentJson;

    fn into_items(self) -> Vec<EnvironmentJson> {
        self.environments
    }
}

/// "List environments", of which one is taken: the 404 of a single one would not tell "there is none" from "not to be
/// seen".
async fn find(client: &Client, name: &str) -> Answer<Option<EnvironmentJson>> {
    let route = client.route().then("environments");
    let all = client.list::<EnvironmentList>("list environments", route).await?;
    // GitHub compares names of environments without their case.
    Ok(all.into_iter().find(|environment| environment.name.eq_ignore_ascii_case(name)))
}

/// Whether runs wait for a review before they deploy to an environment.
pub(super) async fn review_rules(client: &Client, name: &str) -> Answer<Option<ReviewRules>> {
    let found = find(client, name).await?;
    Ok(found.map(|environment| {
        let review = environment.review();
        ReviewRules {
            required: review.is_some(),
            prevents_self_review: review.is_some_and(|rule| rule.prevent_self_review),
        }
    }))
}

/// An environment's rules, and "List deployment branch policies" where it has its own.
pub(super) async fn environment(client: &Client, name: &str) -> Answer<Option<EnvironmentProtection>> {
    let route = client.route().then("environments");
    let Some(found) = find(client, name).await? else { return Ok(None) };
    let review = found.review();
    let (reviewers, prevents_self_review) =
        (review.map_or(0, |rule| rule.reviewers.len()), review.is_some_and(|rule| rule.prevent_self_review));
    let branches = match found.deployment_branch_policy {
        None => BranchPolicy::Any,
        Some(policy) if policy.protected_branches => BranchPolicy::Protected,
        Some(_) => {
            let route = route.then(&found.name).then("deployment-branch-policies");
            let all = client.list::<NamedPolicies>("list deployment branch policies", route).await?;
            BranchPolicy::Named(all.into_iter().map(|policy| policy.name).collect())
        }
    };
    Ok(Some(EnvironmentProtection { reviewers, prevents_self_review, branches }))
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct NamedPolicies {
    branch_policies: Vec<Named>,
}

impl Listing for NamedPolicies {
    type Item = Named;

    fn into_items(self) -> Vec<Named> {
        self.branch_policies
    }
}

/// "Get rules for a branch" (rulesets) and "Get branch protection", whichever can be read. Both hold at once.
pub(super) async fn branch_rules(client: &Client, branch: &str) -> Answer<BranchRules> {
    let rulesets =
        client.list::<Rules>("get rules for a branch", client.route().below("rules/branches").then(branch));
    let rulesets = rulesets.await;
    let mut rules = BranchRules::default();
    match (protection(client, branch).await, &rulesets) {
        (Ok(None), _) => {}
        (Ok(Some(protection)), _) => protection.add_to(&mut rules),
        (Err(fault), Ok(_)) => rules.unread = Some(fault.message),
        (Err(fault), Err(_)) => return Err(fault),
    }
    match rulesets {
        Ok(all) => all.into_iter().for_each(|rule| rule.add_to(&mut rules)),
        // Where GitHub has no rulesets, protection is all there is.
        Err(fault) if fault.kind == FaultKind::NotFound => {}
        Err(fault) => return Err(fault),
    }
    Ok(rules)
}

async fn protection(client: &Client, branch: &str) -> Result<Option<Protection>, Fault> {
    let route = client.route().then("branches").then(branch).then("protection");
    match client.get("get branch protection", route).await {
        Ok(protection) => Ok(Some(protection)),
        // A 404 in other words is that of something that may not be seen.
        Err(fault) if fault.kind == FaultKind::NotFound && fault.message.contains("Branch not protected") => {
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    required_approving_review_count: u32,
    required_status_checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    context: String,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Rules(Vec<Rule>);

impl Listing for Rules {
    type Item = Rule;

    fn into_items(self) -> Vec<Rule> {
        self.0
    }
}

impl Rule {
    fn add_to(self, rules: &mut BranchRules) {
        match self.kind.as_str() {
            "pull_request" => {
                rules.approvals = rules.approvals.max(Some(self.parameters.required_approving_review_count));
            }
            "required_status_checks" => {
                let checks = self.parameters.required_status_checks;
                rules.checks.extend(checks.into_iter().map(|check| check.context));
            }
            "non_fast_forward" => rules.refuses_force_pushes = true,
            "deletion" => rules.refuses_deletion = true,
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Deserialize)]
struct Reviews {
    #[serde(default)]
    required_approving_review_count: u32,
}

#[derive(Deserialize)]
struct StatusChecks {
    #[serde(default)]
    contexts: Vec<String>,
}

#[derive(Deserialize)]
struct Protection {
    required_pull_request_reviews: Option<Reviews>,
    required_status_checks: Option<StatusChecks>,
    enforce_admins: Option<Enabled>,
    allow_force_pushes: Option<Enabled>,
    allow_deletions: Option<Enabled>,
}

impl Protection {
    fn add_to(self, rules: &mut BranchRules) {
        let on = |setting: Option<Enabled>| setting.is_some_and(|setting| setting.enabled);
        rules.approvals =
            self.required_pull_request_reviews.map(|reviews| reviews.required_approving_review_count);
        rules.checks.extend(self.required_status_checks.into_iter().flat_map(|checks| checks.contexts));
        rules.binds_administrators = Some(on(self.enforce_admins));
        rules.refuses_force_pushes = !on(self.allow_force_pushes);
        rules.refuses_deletion = !on(self.allow_deletions);
    }
}

/// "Get GitHub Actions permissions for a repository", and which actions are allowed where some are selected.
pub(super) async fn actions(client: &Client) -> Answer<ActionsSetup> {
    #[derive(Deserialize)]
    struct Permissions {
        enabled: bool,
        allowed_actions: Option<String>,
        sha_pinning_required: Option<bool>,
    }
    #[derive(Deserialize)]
    struct Selected {
        github_owned_allowed: bool,
        verified_allowed: bool,
        #[serde(default)]
        patterns_allowed: Vec<String>,
    }
    let route = client.route().below("actions/permissions");
    let permissions: Permissions = client.get("get Actions permissions", route.clone()).await?;
    let mut setup = ActionsSetup {
        enabled: permissions.enabled,
        // Absent where Actions are off.
        allowed: permissions.allowed_actions.unwrap_or_default(),
        pinning_required: permissions.sha_pinning_required,
        ..ActionsSetup::default()
    };
    if setup.allowed == "selected" {
        let selected: Selected = client.get("get allowed actions", route.then("selected-actions")).await?;
        setup.github_owned = selected.github_owned_allowed;
        setup.verified = selected.verified_allowed;
        setup.patterns = selected.patterns_allowed;
    }
    Ok(setup)
}
