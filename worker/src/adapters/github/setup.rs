//! How a repository is set up: GitHub as the [`ForgeInspector`] port. Must only read.

use async_trait::async_trait;
use serde::Deserialize;

use super::client::{Client, Listing};
use super::forge::GitHubForge;
use super::{protection, source};
use crate::ports::Answer;
use crate::ports::setup::{
    ActionsSetup, BranchRules, EnvironmentProtection, ForgeInspector, RepositorySetup, WorkflowFile,
};

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";

#[async_trait]
impl ForgeInspector for GitHubForge {
    async fn repository(&self) -> Answer<Option<RepositorySetup>> {
        self.client.discreet(repository(&self.client).await)
    }

    async fn workflows(&self, branch: &str) -> Answer<Vec<WorkflowFile>> {
        self.client.discreet(workflows(&self.client, branch).await)
    }

    async fn workflow_state(&self, file: &str) -> Answer<Option<String>> {
        self.client.discreet(workflow_state(&self.client, file).await)
    }

    async fn text(&self, path: &str, branch: &str) -> Answer<Option<String>> {
        self.client.discreet(source::file(&self.client, path, &branch).await)
    }

    async fn environment(&self, name: &str) -> Answer<Option<EnvironmentProtection>> {
        self.client.discreet(protection::environment(&self.client, name).await)
    }

    async fn branch_rules(&self, branch: &str) -> Answer<BranchRules> {
        self.client.discreet(protection::branch_rules(&self.client, branch).await)
    }

    async fn actions(&self) -> Answer<ActionsSetup> {
        self.client.discreet(protection::actions(&self.client).await)
    }
}

/// "Get a repository".
async fn repository(client: &Client) -> Answer<Option<RepositorySetup>> {
    #[derive(Deserialize)]
    struct Permissions {
        push: bool,
    }
    #[derive(Deserialize)]
    struct Repository {
        default_branch: String,
        permissions: Option<Permissions>,
    }
    let found: Option<Repository> = client.find("get a repository", client.route()).await?;
    Ok(found.map(|repository| RepositorySetup {
        default_branch: repository.default_branch,
        push: repository.permissions.map(|permissions| permissions.push),
    }))
}

/// "Get repository content" of the folder, then of each file in it; a repository without the folder has none.
async fn workflows(client: &Client, branch: &str) -> Answer<Vec<WorkflowFile>> {
    #[derive(Deserialize)]
    struct Entry {
        path: String,
        #[serde(rename = "type")]
        kind: String,
    }
    let folder = client.route().then("contents").below(WORKFLOWS).with("ref", branch);
    let entries: Vec<Entry> = client.find("get repository content", folder).await?.unwrap_or_default();
    let mut files = Vec::new();
    for Entry { path, kind } in entries {
        if kind == "file" && (path.ends_with(".yml") || path.ends_with(".yaml")) {
            // One that is gone by now is no workflow any more.
            let text = source::file(client, &path, &branch).await?;
            files.extend(text.map(|text| WorkflowFile { path, text }));
        }
    }
    Ok(files)
}

/// "List repository workflows": a single workflow's 404 would not tell "there is none" from "not to be seen".
async fn workflow_state(client: &Client, file: &str) -> Answer<Option<String>> {
    let all =
        client.list::<WorkflowList>("list workflows", client.route().below("actions/workflows")).await?;
    let path = format!("{WORKFLOWS}/{file}");
    Ok(all.into_iter().find(|workflow| workflow.path == path).map(|workflow| workflow.state))
}

#[derive(Deserialize)]
struct Workflow {
    path: String,
    state: String,
}

#[derive(Deserialize)]
struct WorkflowList {
    workflows: Vec<Workflow>,
}

impl Listing for WorkflowList {
    type Item = Workflow;

    fn into_items(self) -> Vec<Workflow> {
        self.workflows
    }
}
