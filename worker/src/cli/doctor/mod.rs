//! `doctor`: looks at everything that a deployment will need and says what to do about what is wrong. Looking and judging
//! are apart in every file here. Reads only: nothing that it does leaves a trace that a deployment could meet.

mod check;
mod code_owners;
mod container;
mod finding;
mod github;
mod identity;
mod policy;
mod protection;
mod queue;
mod readiness;
mod registry;
mod requests;
mod service;
mod show;
mod table;
mod workflow_file;
mod workflows;

use futures::future::{join, join_all};
use lockstep_events::{ApplicationName, EnvironmentName};

use super::Exit;
use super::error::CliError;
use super::output::Output;
use super::place::{self, Chosen};
use crate::config::{Config, EnvironmentConfig};
use crate::wiring::{self, ApplicationInspectors, Inspectors};
use check::Check::{GitHubRepository, RegistryReadable};
use finding::{Finding, Group, Tally};
use show::Shown;

/// An application and those of its environments that are asked for.
struct Wanted<'a> {
    application: Chosen<'a>,
    environments: Vec<(EnvironmentName, &'a EnvironmentConfig)>,
}

/// `doctor [environment…]`.
pub(super) async fn doctor(
    config: &Config,
    application: Option<&ApplicationName>,
    environments: &[EnvironmentName],
    variable: impl Fn(&str) -> Option<String>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let wanted = wanted(config, application, environments)?;
    let inspectors = wiring::inspectors(config, variable).await?;
    output.progress("looking at table, queues, clusters, registry and GitHub…");
    let applications = join_all(wanted.iter().map(|wanted| look_at_application(wanted, config, &inspectors)));
    let (mut groups, applications) = join(look_at_account(config, &inspectors), applications).await;
    output.end_progress();
    groups.extend(applications.into_iter().flatten());
    for group in &groups {
        show(group, output)?;
    }
    let tally = Tally::of(&groups);
    if !output.is_json() {
        output.show(&(), || vec![show::sum(tally)])?;
    }
    Ok(tally.exit())
}

fn show(group: &Group, output: &Output) -> Result<(), CliError> {
    // JSON is one line for each check, so a group is not a value of its own.
    if output.is_json() {
        for finding in &group.findings {
            output.show(&Shown::new(&group.place, finding), Vec::<String>::new)?;
        }
        return Ok(());
    }
    Ok(output.show(&(), || show::lines(group))?)
}

fn wanted<'a>(
    config: &'a Config,
    application: Option<&ApplicationName>,
    environments: &[EnvironmentName],
) -> Result<Vec<Wanted<'a>>, CliError> {
    let mut all = Vec::new();
    for application in place::applications(config, application)? {
        let mut chosen = Vec::new();
        for (name, section) in &application.config.environments {
            let name: EnvironmentName =
                name.parse().map_err(|e| CliError::Usage(format!("environment {name}: {e}")))?;
            if environments.is_empty() || environments.contains(&name) {
                chosen.push((name, section));
            }
        }
        all.push(Wanted { application, environments: chosen });
    }
    let unknown = environments.iter().find(|name| !all.iter().any(|wanted| wanted.has(name)));
    match (unknown, all.first()) {
        (Some(unknown), Some(first)) => first.application.has(unknown).map(|_kind| Vec::new()),
        _ => Ok(all),
    }
}

impl Wanted<'_> {
    fn has(&self, name: &EnvironmentName) -> bool {
        self.environments.iter().any(|(environment, _)| environment == name)
    }
}

/// What all applications share.
async fn look_at_account(config: &Config, inspectors: &Inspectors) -> Vec<Group> {
    let identity = identity::look(inspectors.identity.as_deref());
    let queues = queue::look(inspectors.queues.as_ref(), &config.queue, &config.worker);
    let table = table::look(inspectors.table.as_ref(), &config.table);
    let (identity, (queues, table)) = join(identity, join(queues, table)).await;
    let mut groups = vec![Group { place: "AWS credentials".to_owned(), findings: identity }];
    groups.extend(queues);
    groups.push(Group { place: format!("table {}", config.table), findings: table });
    groups
}

async fn look_at_application(wanted: &Wanted<'_>, config: &Config, shared: &Inspectors) -> Vec<Group> {
    let Wanted { application: Chosen { name, config: application }, environments } = wanted;
    let own = ApplicationInspectors::of(name.as_str(), application, config);
    let registry = async {
        match &own.registry {
            Ok(images) => registry::look(images.registry.as_ref(), images.inspector.as_ref()).await,
            Err(error) => vec![unusable(RegistryReadable, error)],
        }
    };
    let github = async {
        match &own.forge {
            Ok(forge) => github::look(forge.as_ref(), &application.github).await,
            Err(error) => (vec![unusable(GitHubRepository, error)], None),
        }
    };
    let (registry, (github, branch)) = join(registry, github).await;
    let github_of = &application.github;
    let mut groups = vec![
        Group { place: format!("images {}", application.registry.repository), findings: registry },
        Group { place: format!("repository {}/{}", github_of.owner, github_of.repository), findings: github },
    ];
    let environments = environments.iter().map(async |(environment, section)| {
        let mut findings = service::look(shared.clusters.as_ref(), section, &application.registry).await;
        findings.push(readiness::look(shared.application.as_ref(), &section.readiness).await);
        findings.push(requests::judge(section, environment.as_str()));
        if let (Ok(forge), Some(branch)) = (&own.forge, &branch) {
            let (kind, name) = (section.kind, section.github_environment(environment.as_str()));
            findings.extend(github::look_at_environment(forge.as_ref(), name, kind, branch).await);
        }
        Group { place: format!("environment {environment} of {name}"), findings }
    });
    groups.extend(join_all(environments).await);
    groups
}

/// A client that cannot be made, most often for want of a secret.
fn unusable(check: check::Check, error: &wiring::WiringError) -> Finding {
    Finding::problem(check, error.to_string(), "set what the message names, and run it again")
}
