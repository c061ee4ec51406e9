//! What can be typed after `plan`: what `deploy` and `promote` take, but for how a request is sent and waited for.

use clap::{Args, Subcommand};
use lockstep_events::{BetaTag, EnvironmentName, GitRef, Reason};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PlanCommand {
    /// What deploying a commit to a staging environment would do.
    #[command(visible_alias = "staging")]
    Deploy {
        /// The environment; it must be of the kind staging.
        #[arg(default_value = "staging")]
        environment: EnvironmentName,
        /// A branch, tag or full commit SHA; without it, the repository's default branch.
        #[arg(long = "ref", value_name = "REF")]
        reference: Option<GitRef>,
        /// As if the latest release were not to be deployed before the beta, for this reason.
        #[arg(long, value_name = "REASON")]
        skip_baseline: Option<Reason>,
        #[command(flatten)]
        args: PlanArgs,
    },
    /// What promoting a beta to a production environment would do.
    Promote {
        /// The beta's tag, such as 0.1.0-abcdef0.beta.
        beta: BetaTag,
        /// The environment; it must be of the kind production.
        #[arg(long, value_name = "ENVIRONMENT", default_value = "production")]
        environment: EnvironmentName,
        /// As if a beta that has no healthy record in staging were to be promoted all the same, for this reason.
        #[arg(long, value_name = "REASON")]
        allow_unvalidated: Option<Reason>,
        #[command(flatten)]
        args: PlanArgs,
    },
}

/// What both take.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// As if a freeze window were to be set aside, for this reason.
    #[arg(long, value_name = "REASON")]
    pub(super) despite_freeze: Option<Reason>,
    /// Leave out who asks: whether a run was approved, or a person may ask. Else the request is judged as one of
    /// this run, or of a person without a run.
    #[arg(long)]
    pub(super) whoever_asks: bool,
}
