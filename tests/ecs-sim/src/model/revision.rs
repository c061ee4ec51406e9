//! Service revisions: what a service deployment rolls out, with its images pinned to digests.
//!
//! A revision never changes once its images are resolved (software version consistency: a tag is resolved when
//! the deployment is created, and every task of it runs that digest).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service_deployment::RevisionCounts;
use super::task_definition::{is_essential, text};
use super::{Effect, Millis, Service, Step, TaskDefinition, World};
use crate::knobs::RevisionIds;

/// One container's image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevisionImage {
    /// The container's name.
    pub container: String,
    /// The reference in the task definition.
    pub image: String,
    /// The digest it named when the deployment was created; none if it could not be resolved.
    pub digest: Option<String>,
}

impl RevisionImage {
    /// What to pull: the digest in place of the tag, if it is known.
    pub(crate) fn pinned(&self) -> String {
        match &self.digest {
            Some(digest) if !self.image.contains('@') => format!("{}@{digest}", without_tag(&self.image)),
            _ => self.image.clone(),
        }
    }
}

/// A colon after the last slash starts a tag; one before it belongs to the registry's port.
fn without_tag(image: &str) -> &str {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// A service revision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceRevision {
    /// Its ARN.
    pub arn: String,
    /// The service's ARN.
    pub service_arn: String,
    /// The cluster's ARN.
    pub cluster_arn: String,
    /// ARN of the task definition.
    pub task_definition: String,
    /// The containers' images.
    pub images: Vec<RevisionImage>,
    /// Whether every image was looked up; no task starts before.
    pub resolved: bool,
    /// When it was created.
    pub created_at: Millis,
    /// The service's settings that a revision shows (network, load balancers, platform, …).
    pub settings: Map<String, Value>,
}

/// Members of a service that DescribeServiceRevisions repeats, and whose change makes a new deployment.
pub(crate) const ROLLED_OUT: [&str; 8] = [
    "capacityProviderStrategy",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

pub(crate) fn settings_of(service: &Service) -> Map<String, Value> {
    let shown = ROLLED_OUT.iter().chain(&["launchType"]);
    shown.filter_map(|key| Some(((*key).to_owned(), service.settings.get(*key)?.clone()))).collect()
}

impl World {
    pub(crate) fn create_revision(
        &mut self,
        step: Step<'_>,
        service: &Service,
        definition: &TaskDefinition,
        deployment_number: &str,
        settings: Map<String, Value>,
    ) -> String {
        let number = match step.knobs.revision_ids {
            RevisionIds::FromDeployment => deployment_number.to_owned(),
            RevisionIds::Unrelated => self.ids.deployment_number(),
        };
        let arn = self.arns.service_revision(&service.cluster, &service.name, &number);
        let images: Vec<RevisionImage> = definition
            .containers()
            .map(|container| {
                let image = text(container, "image");
                let digest = image.split_once('@').map(|(_, digest)| digest.to_owned());
                RevisionImage { container: text(container, "name"), image, digest }
            })
            .collect();
        let revision = ServiceRevision {
            arn: arn.clone(),
            service_arn: service.arn.clone(),
            cluster_arn: self.arns.cluster(&service.cluster),
            task_definition: definition.arn.clone(),
            images,
            resolved: false,
            created_at: step.now,
            settings,
        };
        self.revisions.insert(arn.clone(), revision);
        self.ask_for_digests(&arn);
        arn
    }

    /// Asks for the digests that a revision still lacks; without any to ask for it is resolved.
    pub(crate) fn ask_for_digests(&mut self, arn: &str) {
        let Some(revision) = self.revisions.get_mut(arn) else { return };
        let essential: Vec<String> = self
            .task_definitions
            .get(&revision.task_definition)
            .into_iter()
            .flat_map(TaskDefinition::containers)
            .filter(|container| is_essential(container))
            .map(|container| text(container, "name"))
            .collect();
        let images: Vec<(String, String)> = revision
            .images
            .iter()
            .filter(|image| image.digest.is_none() && essential.contains(&image.container))
            .map(|image| (image.container.clone(), image.image.clone()))
            .collect();
        if images.is_empty() {
            revision.resolved = true;
        } else {
            self.effects.push(Effect::ResolveImages { revision: arn.to_owned(), images });
        }
    }

    /// The revisions that have running tasks now: what a new service deployment replaces.
    pub(crate) fn serving_revisions(&self, service: &Service) -> Vec<RevisionCounts> {
        let mut serving: Vec<RevisionCounts> = Vec::new();
        for deployment in &service.deployments {
            let counts = self.revision_counts(service, &deployment.revision);
            let known = serving.iter().any(|other| other.arn == deployment.revision);
            let rolled_out =
                service.last_completed.as_ref().is_some_and(|last| last.revision == deployment.revision);
            if !known && (counts.running > 0 || rolled_out) {
                serving.push(counts);
            }
        }
        serving
    }
}

#[cfg(test)]
mod tests {
    use super::RevisionImage;

    #[test]
    fn a_tag_gives_way_to_the_digest_and_a_port_does_not() {
        let pinned = |image: &str| {
            RevisionImage { container: "app".into(), image: image.into(), digest: Some("sha256:aa".into()) }
                .pinned()
        };
        assert_eq!(pinned("127.0.0.1:5000/app:1.0"), "127.0.0.1:5000/app@sha256:aa");
        assert_eq!(pinned("127.0.0.1:5000/app"), "127.0.0.1:5000/app@sha256:aa");
        assert_eq!(pinned("127.0.0.1:5000/app@sha256:bb"), "127.0.0.1:5000/app@sha256:bb");
    }
}
