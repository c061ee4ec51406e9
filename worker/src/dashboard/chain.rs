//! The chain from a commit to what runs: each link names the image that it stands for, so that anybody can see that it is
//! the same bytes all the way. Must never call links equal that do not name the same digest, nor fill in a missing one.

use jiff::Timestamp;
use lockstep_events::{BetaTag, CommitSha, DeploymentId, ImageDigest, Version};
use lockstep_state_machines::{Deployment, Proof};

use crate::ports::{BetaRecord, ImageRecord, VersionBinding};

/// The chain of one deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// The commit and the image that was built of it.
    pub(super) commit: Option<(CommitSha, Option<Link>)>,
    /// The beta and where it was seen healthy.
    pub(super) beta: Option<(BetaTag, Option<Link>)>,
    /// The version and what it was bound to.
    pub(super) release: Option<(Version, Option<Link>)>,
    /// What runs, as proven by this deployment.
    pub(super) running: Option<Running>,
}

/// What the table says that a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The image.
    pub(super) digest: ImageDigest,
    /// Whose doing it was.
    pub(super) deployment: DeploymentId,
    /// When.
    pub(super) at: Timestamp,
}

/// What was seen running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    /// The image that was to run.
    pub(super) digest: ImageDigest,
    /// What every task said.
    pub(super) proof: Proof,
}

/// Whether it is one image all the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parity {
    /// Every link that there is names this digest, and the tasks were seen to run it.
    Proven(ImageDigest),
    /// Every link that there is names this digest; what runs has not been proven (yet): why.
    Unproven(ImageDigest, String),
    /// Two links name different images.
    Broken,
    /// No link names an image yet.
    Nothing,
}

impl Chain {
    /// The chain that the facts and the table's records tell.
    pub(super) fn of(
        d: &Deployment,
        image: Option<ImageRecord>,
        beta: Option<BetaRecord>,
        release: Option<VersionBinding>,
    ) -> Self {
        let Some(source) = &d.source else { return Self::default() };
        let image = image.map(|r| Link { digest: r.digest, deployment: r.deployment, at: r.at });
        let beta = beta.map(|r| Link { digest: r.digest, deployment: r.deployment, at: r.at });
        let release = release.map(|r| Link { digest: r.digest, deployment: r.deployment, at: r.at });
        let running = d.proof.clone().zip(d.digest.clone());
        Self {
            commit: Some((source.commit.clone(), image)),
            beta: Some((source.beta.clone(), beta)),
            release: Some((source.version.clone(), release)),
            running: running.map(|(proof, digest)| Running { digest, proof }),
        }
    }

    /// Whether it is one image all the way.
    pub(super) fn parity(&self) -> Parity {
        let link = |link: &Option<Link>| link.as_ref().map(|link| link.digest.clone());
        let named = [
            self.commit.as_ref().and_then(|(_, l)| link(l)),
            self.beta.as_ref().and_then(|(_, l)| link(l)),
            self.release.as_ref().and_then(|(_, l)| link(l)),
            self.running.as_ref().map(|running| running.digest.clone()),
        ];
        let mut digests = named.into_iter().flatten();
        let Some(first) = digests.next() else { return Parity::Nothing };
        if digests.any(|digest| digest != first) {
            return Parity::Broken;
        }
        match &self.running {
            None => Parity::Unproven(first, "this deployment has not shown it running".to_owned()),
            Some(running) => match &running.proof.unproven {
                Some(why) => Parity::Unproven(first, why.clone()),
                None => Parity::Proven(first),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(fill: char) -> ImageDigest {
        format!("sha256:{}", fill.to_string().repeat(64)).parse().unwrap()
    }

    fn link(fill: char) -> Option<Link> {
        let deployment = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        Some(Link { digest: digest(fill), deployment, at: Timestamp::UNIX_EPOCH })
    }

    fn chain(commit: Option<Link>, beta: Option<Link>, running: Option<(char, Option<&str>)>) -> Chain {
        let sha: CommitSha = "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap();
        Chain {
            beta: Some((BetaTag::new("0.2.0".parse().unwrap(), &sha), beta)),
            commit: Some((sha, commit)),
            release: Some(("0.2.0".parse().unwrap(), None)),
            running: running.map(|(fill, unproven)| Running {
                digest: digest(fill),
                proof: Proof { unproven: unproven.map(str::to_owned), ..Proof::default() },
            }),
        }
    }

    #[test]
    fn parity_is_proven_only_by_tasks_and_only_of_equal_digests() {
        assert_eq!(chain(link('a'), link('a'), Some(('a', None))).parity(), Parity::Proven(digest('a')));
        assert_eq!(chain(None, None, Some(('a', None))).parity(), Parity::Proven(digest('a')));
        assert!(
            matches!(chain(link('a'), None, None).parity(), Parity::Unproven(_, why) if why.contains("not shown"))
        );
        assert!(matches!(
            chain(link('a'), None, Some(('a', Some("task t reports none")))).parity(),
            Parity::Unproven(_, why) if why == "task t reports none"
        ));
        assert_eq!(chain(link('a'), link('b'), None).parity(), Parity::Broken);
        assert_eq!(chain(link('a'), None, Some(('b', None))).parity(), Parity::Broken);
        assert_eq!(Chain::default().parity(), Parity::Nothing);
    }
}
