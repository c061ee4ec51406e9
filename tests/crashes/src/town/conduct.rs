//! How each version of the application behaves in each cluster. Must never depend on time or on how often it
//! is asked.

use ecs_sim::model::ImageDigests;
use ecs_sim::{Fate, Image};

use super::Registry;
use super::settings::IMAGES;

/// What a version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Runs and answers ready.
    Good,
    /// Exits soon after its start.
    Crashes,
    /// Runs and never answers ready.
    NeverReady,
}

/// Which version misbehaves, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conducts {
    bad: Option<(&'static str, &'static str, Conduct)>,
}

impl Conducts {
    /// All are good.
    pub(crate) const fn good() -> Self {
        Self { bad: None }
    }

    /// All are good but this version in this cluster.
    pub(crate) const fn but(cluster: &'static str, version: &'static str, conduct: Conduct) -> Self {
        Self { bad: Some((cluster, version, conduct)) }
    }

    /// What a container of this image does in this cluster.
    pub(crate) fn of(self, registry: &Registry, cluster: &str, reference: &str) -> Conduct {
        let version =
            digest_in(reference).and_then(|digest| registry.image(digest)).map(|(version, _)| version);
        match (self.bad, version) {
            (Some((place, bad, conduct)), Some(version)) if place == cluster && bad == version => conduct,
            _ => Conduct::Good,
        }
    }

    /// What a reference leads to in this cluster; nothing for an image that nobody pushed.
    pub(super) fn image(self, registry: &Registry, cluster: &str, reference: &str) -> Option<Image> {
        let ours = digest_in(reference).filter(|_| reference.contains(IMAGES));
        let digests = match ours {
            Some(digest) => {
                let (_, manifest) = registry.image(digest)?;
                ImageDigests { index: Some(digest.to_owned()), manifest }
            }
            // The database and the placeholder are somebody else's images: any digest will do.
            None => ImageDigests { index: None, manifest: format!("sha256:{}", "1".repeat(64)) },
        };
        let fate = match self.of(registry, cluster, reference) {
            Conduct::Crashes => Fate::Exits(500, 1),
            Conduct::Good | Conduct::NeverReady => Fate::Runs,
        };
        Some(Image { digests, fate })
    }
}

fn digest_in(reference: &str) -> Option<&str> {
    reference.split_once('@').map(|(_, digest)| digest)
}
