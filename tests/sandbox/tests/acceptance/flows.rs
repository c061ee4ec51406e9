//! The deployments of `kills`: what comes before each, after which effects its workers are killed, how it ends,
//! and what it changes outside the table. Must never count a second result: what is sent again has its own list.

use github_sim::RouteKind;
use sandbox::sample::Variant;

use crate::stage::{Stage, beta};

/// A deployment, and where its workers are killed.
pub(crate) struct Flow {
    /// Whether 0.1.0 was deployed and promoted before.
    pub(crate) released: bool,
    /// Whether the beta is promoted; else its commit is deployed to staging.
    pub(crate) promoted: bool,
    pub(crate) variant: Variant,
    /// What else the workers' environment says.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// Whether GitHub loses the answer to the first dispatch.
    pub(crate) dispatch_lost: bool,
    /// A worker is killed once the effect of each of these was done, in this order.
    pub(crate) killed_in: &'static [&'static str],
    /// How it ends: the state and the command's exit code.
    pub(crate) ends: (&'static str, i32),
    /// The changing calls of an undisturbed run, and the rollouts that they began.
    pub(crate) once: &'static [(&'static str, usize)],
    /// Those that the kills add: sent again, and without a second result.
    pub(crate) again: &'static [(&'static str, usize)],
}

pub(crate) const FIRST_STAGING: Flow = Flow {
    released: false,
    promoted: false,
    variant: Variant::Good,
    variables: &[],
    dispatch_lost: false,
    killed_in: &[
        "locked/dispatching-build",
        "locked/recording-image",
        "built/moving-tags",
        "built/publishing-release",
        "retagged/registering-database",
        "retagged/registering-candidate",
        "deploying/draining",
        "deploying/resetting-database",
        "deploying/starting-candidate",
    ],
    ends: ("healthy", 0),
    once: &[
        ("CreateRelease", 1),
        ("Dispatch", 1),
        ("PutManifest", 4),
        ("RegisterTaskDefinition", 2),
        ("Rollout", 2),
        ("UpdateService", 3),
    ],
    again: &[("UpdateService", 1)],
};

pub(crate) const PROMOTION: Flow = Flow {
    promoted: true,
    killed_in: &[
        "built/binding-version",
        "built/moving-tags",
        "built/publishing-release",
        "retagged/registering-candidate",
        "deploying/starting-candidate",
    ],
    once: &[
        ("CreateRelease", 1),
        ("PutManifest", 2),
        ("RegisterTaskDefinition", 1),
        ("Rollout", 1),
        ("UpdateService", 1),
    ],
    again: &[],
    ..FIRST_STAGING
};

/// The candidate is never ready: the baseline was, and the way back has a fresh database of its own.
pub(crate) const STAGING_AND_BACK: Flow = Flow {
    released: true,
    variant: Variant::NeverReady,
    killed_in: &[
        "retagged/registering-baseline",
        "deploying/starting-baseline",
        "rolling-back/registering-database",
        "rolling-back/draining",
        "rolling-back/resetting-database",
        "rolling-back/starting-restored",
        "rolling-back/retiring-revisions",
    ],
    ends: ("rolled-back", 5),
    once: &[
        ("CreateRelease", 1),
        ("DeregisterTaskDefinition", 2),
        ("Dispatch", 1),
        ("PutManifest", 4),
        ("RegisterTaskDefinition", 4),
        ("Rollout", 5),
        ("UpdateService", 7),
    ],
    again: &[("DeregisterTaskDefinition", 2), ("UpdateService", 2)],
    ..FIRST_STAGING
};

pub(crate) const PROMOTION_AND_BACK: Flow = Flow {
    released: true,
    promoted: true,
    variant: Variant::NeverReady,
    killed_in: &[
        "rolling-back/starting-restored",
        "rolling-back/restoring-references",
        "rolling-back/retiring-revisions",
    ],
    ends: ("rolled-back", 5),
    once: &[
        ("CreateRelease", 1),
        ("DeregisterTaskDefinition", 1),
        ("PutManifest", 3),
        ("RegisterTaskDefinition", 1),
        ("Rollout", 2),
        ("UpdateRelease", 2),
        ("UpdateService", 2),
    ],
    again: &[("DeregisterTaskDefinition", 1), ("PutManifest", 1), ("UpdateRelease", 1), ("UpdateService", 1)],
    ..FIRST_STAGING
};

/// GitHub starts the build and loses the answer, and nothing may be tried again: the call is waited for.
pub(crate) const LAST_CALL: Flow = Flow {
    variables: &[("LOCKSTEP__RETRY__BUDGET", "0")],
    dispatch_lost: true,
    killed_in: &["rolling-back/settling-last-call"],
    ends: ("failed", 4),
    once: &[("Dispatch", 1), ("PutManifest", 3)],
    again: &[],
    ..FIRST_STAGING
};

pub(crate) const FLOWS: [Flow; 5] =
    [FIRST_STAGING, PROMOTION, STAGING_AND_BACK, PROMOTION_AND_BACK, LAST_CALL];

impl Flow {
    /// Brings about what comes before; the command that is to be run.
    pub(crate) async fn prepare(&self, stage: &Stage) -> Vec<String> {
        if self.released {
            let sha = stage.sandbox.push("0.1.0", Variant::Good, "Released").unwrap();
            stage.deploy().await.expect("healthy", 0);
            stage.promote(&beta("0.1.0", &sha)).await.expect("healthy", 0);
        }
        stage.sandbox.github().knobs().change(|knobs| {
            knobs.lose_answer.extend(self.dispatch_lost.then_some((RouteKind::Dispatch, 1)));
        });
        let sha = stage.sandbox.push("0.2.0", self.variant, "Next").unwrap();
        let (tag, good) = (beta("0.2.0", &sha), self.variant == Variant::Good);
        let words: &[&str] = if self.promoted && good {
            stage.deploy().await.expect("healthy", 0);
            &["promote", &tag]
        } else if self.promoted {
            // The beta has to be there; staging notices by itself that it is no good.
            stage.deploy().await;
            &["promote", &tag, "--allow-unvalidated", "to see what becomes of it"]
        } else {
            &["deploy", "staging"]
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}
