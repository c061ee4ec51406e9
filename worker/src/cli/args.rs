//! What can be typed. Values are checked here as far as their types go; whether an environment exists is
//! the configuration's to say (`place`). Must never hold a default that names a deployed application.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use lockstep_events::{ApplicationName, BetaTag, DeploymentId, EnvironmentName, GitRef, Reason};
use uuid::Uuid;

use super::exit;
use super::until::Until;

/// Deploys one application to staging and production on Amazon ECS.
#[derive(Debug, Parser)]
#[command(name = "lockstep", version, after_help = exit::help())]
pub(super) struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        env = "LOCKSTEP_CONFIG",
        value_name = "FILE",
        default_value = "./lockstep.toml"
    )]
    pub(super) config: PathBuf,
    /// The application; needed where the configuration has several.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) application: Option<ApplicationName>,
    /// Write JSON to standard output, one value a line, and nothing else.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take up requests and carry deployments out, until SIGTERM or SIGINT. Logs go to standard error:
    /// LOCKSTEP_LOG filters them (default: info), LOCKSTEP_LOG_FORMAT=json (or --json) makes them JSON.
    Worker,
    /// Ask for a commit to be deployed to a staging environment.
    Deploy(DeployArgs),
    /// Ask for a beta that was healthy in staging to be deployed to a production environment.
    Promote(PromoteArgs),
    /// Show what a deployment would do, step by step, with everything that the worker would check, and change nothing.
    /// Ends with 0 if it would be accepted, 3 if it would be rejected, 4 if it would fail, 7 if its checks have not
    /// ended. Reads with a worker's secrets.
    #[command(subcommand)]
    Plan(super::plan::PlanCommand),
    /// Show what runs, what is under way and what was deployed last.
    Status {
        /// One environment; without it, all of them.
        environment: Option<EnvironmentName>,
    },
    /// Show every transition of a deployment, and its verdict.
    History {
        /// The deployment.
        id: DeploymentId,
        /// Draw it instead: a Mermaid state diagram, as GitHub shows one in a comment between ```mermaid and ```.
        #[arg(long, conflicts_with = "json")]
        mermaid: bool,
    },
    /// Write every deployment and its history, oldest first, as JSON lines or CSV. The histories are kept for ever; requests of
    /// strangers are in no environment's list and so not here.
    Export(super::export::ExportArgs),
    /// Follow a deployment until its verdict, which the exit code tells. On a terminal it is drawn as it goes, and ECS is
    /// asked how far a rollout is.
    Watch {
        /// The deployment.
        id: DeploymentId,
        /// Give up waiting after this many seconds; without it, wait until the verdict.
        #[arg(long, value_name = "SECONDS")]
        wait_timeout: Option<u32>,
    },
    /// Ask for a deployment to be stopped: before anything was deployed it ends in cancelled, later it is rolled
    /// back. Which of the two, or that it came too late, is said by --wait.
    Cancel(CancelArgs),
    /// Break glass: end the deployment that holds an environment's lock as it stands, put nothing back, and
    /// release the lock. Refused while a worker is seen to work on it; takes up to a claim's lease. Needs what a
    /// worker needs: the same secrets, and leave to deregister task definitions.
    Unlock(UnlockArgs),
    /// Put an environment on hold: requests are rejected there, with the reason, until the hold is released or its time
    /// is over. A deployment that is under way goes on.
    Hold(HoldArgs),
    /// Release an environment that is on hold.
    Release(ReleaseArgs),
    /// Look at messages that could not be handled, and send them to the queue again.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Look at everything that a deployment will need and say what to do about what is wrong. Changes nothing. Ends with
    /// 10 if there is a problem, else with 11 if something could not be looked at.
    Doctor {
        /// Only these environments; without any, all of them.
        #[arg(value_name = "ENVIRONMENT")]
        environments: Vec<EnvironmentName>,
    },
    /// Serve a page that shows every environment and deployment, live, until SIGTERM or SIGINT. It reads the table,
    /// changes nothing, and asks nobody who they are. The log is set up as for `worker`.
    Dashboard(DashboardArgs),
    /// Create the table and the queues, for local use; elsewhere the infrastructure does.
    Init,
    /// Write completions for a shell to standard output.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write the manual page to standard output.
    Man {
        /// Write a page for every command into this directory instead.
        #[arg(long, value_name = "DIRECTORY")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct DeployArgs {
    /// The environment; it must be of the kind staging.
    #[arg(default_value = "staging")]
    pub(super) environment: EnvironmentName,
    /// A branch, tag or full commit SHA; without it, the repository's default branch.
    #[arg(long = "ref", value_name = "REF")]
    pub(super) reference: Option<GitRef>,
    /// Do not deploy the latest release before the beta; the reason is kept in the history.
    #[arg(long, value_name = "REASON")]
    pub(super) skip_baseline: Option<Reason>,
    #[command(flatten)]
    pub(super) sending: SendingArgs,
}

#[derive(Debug, Args)]
pub(super) struct PromoteArgs {
    /// The beta's tag, such as 0.1.0-abcdef0.beta.
    #[arg(required_unless_present = "list")]
    pub(super) beta: Option<BetaTag>,
    /// Show what can be promoted, what was released, and what runs; send nothing.
    #[arg(long, conflicts_with_all = ["beta", "id", "allow_unvalidated", "despite_freeze", "wait"])]
    pub(super) list: bool,
    /// The environment; it must be of the kind production.
    #[arg(long, value_name = "ENVIRONMENT", default_value = "production")]
    pub(super) environment: EnvironmentName,
    /// Promote a beta that has no healthy record in staging; the reason is kept in the history.
    #[arg(long, value_name = "REASON")]
    pub(super) allow_unvalidated: Option<Reason>,
    #[command(flatten)]
    pub(super) sending: SendingArgs,
}

#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    /// The deployment.
    pub(super) id: DeploymentId,
    /// Why; kept in the history.
    #[arg(long, value_name = "REASON")]
    pub(super) reason: Option<Reason>,
    /// Send it even if the deployment has no record: its request may still wait in the queue.
    #[arg(long)]
    pub(super) force: bool,
    /// Follow the deployment until its verdict, which the exit code tells.
    #[arg(long)]
    pub(super) wait: bool,
    /// Give up waiting after this many seconds; without it, wait until the verdict.
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub(super) wait_timeout: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct UnlockArgs {
    /// The environment.
    pub(super) environment: EnvironmentName,
    /// Why; kept in the history and in the environment's record.
    #[arg(long, value_name = "REASON")]
    pub(super) reason: Reason,
    /// The lock's fencing token as `status --json` shows it: if another deployment holds the lock by now, nothing
    /// is done.
    #[arg(long, value_name = "NUMBER")]
    pub(super) token: Option<u64>,
    /// Take the claim from a worker that may be alive, so that it can do nothing more; also end a deployment
    /// whose record this version cannot read.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct HoldArgs {
    /// The environment.
    pub(super) environment: EnvironmentName,
    /// Why; whoever is rejected is told, and it is kept.
    #[arg(long, value_name = "REASON", required_unless_present = "list")]
    pub(super) reason: Option<Reason>,
    /// When it ends by itself: a timestamp such as 2026-12-23T16:00:00Z, or a time from now such as 2h or 3days;
    /// without it, when somebody releases it.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<Until>,
    /// Put it in the place of the hold that stands.
    #[arg(long)]
    pub(super) replace: bool,
    /// Show the newest holds and who released them; change nothing.
    #[arg(long, conflicts_with_all = ["reason", "until", "replace"])]
    pub(super) list: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReleaseArgs {
    /// The environment.
    pub(super) environment: EnvironmentName,
    /// Why; kept with the hold.
    #[arg(long, value_name = "REASON")]
    pub(super) reason: Option<Reason>,
    /// The hold's id as `status --json` shows it: if another one stands by now, nothing is done.
    #[arg(long, value_name = "UUID")]
    pub(super) id: Option<Uuid>,
}

#[derive(Debug, Args)]
pub(super) struct DashboardArgs {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8700")]
    pub(super) listen: SocketAddr,
    /// A name under which browsers reach it, such as behind a proxy; addresses and localhost need none. Under any other
    /// name nothing is answered.
    #[arg(long = "host", value_name = "NAME")]
    pub(super) hosts: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DlqCommand {
    /// Show every message in the dead-letter queue, and why it is there. Takes none away.
    List,
    /// Send messages to the queue again, each before it is deleted from the dead-letter queue.
    Redrive(RedriveArgs),
}

#[derive(Debug, Args)]
pub(super) struct RedriveArgs {
    /// Which messages: their ids, as `dlq list` shows them, or those that they had in the queue.
    #[arg(value_name = "MESSAGE-ID", required_unless_present = "all")]
    pub(super) ids: Vec<String>,
    /// All of them.
    #[arg(long, conflicts_with = "ids")]
    pub(super) all: bool,
    /// Also those that this version cannot understand, and those that no worker would take from who sent them first.
    #[arg(long)]
    pub(super) force: bool,
}

/// What `deploy` and `promote` share.
#[derive(Debug, Args)]
pub(super) struct SendingArgs {
    /// The deployment's id, a version 7 UUID; without it, a new one. The same command with the same id is
    /// the same deployment, however often it is sent.
    #[arg(long, value_name = "UUID")]
    pub(super) id: Option<DeploymentId>,
    /// In an emergency: deploy although a freeze window of the environment is on; the reason is kept in the
    /// history. A hold is not set aside by it.
    #[arg(long, value_name = "REASON")]
    pub(super) despite_freeze: Option<Reason>,
    /// Follow the deployment until its verdict, which the exit code tells.
    #[arg(long)]
    pub(super) wait: bool,
    /// Give up waiting after this many seconds; without it, wait until the verdict.
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub(super) wait_timeout: Option<u32>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["lockstep"], arguments].concat())
    }

    fn refused(arguments: &[&str]) -> ErrorKind {
        parse(arguments).expect_err(&format!("{arguments:?} must be refused")).kind()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn deploy_defaults_to_staging_and_the_default_branch() {
        let cli = parse(&["deploy", "--json"]).unwrap();
        assert!(cli.json);
        let Command::Deploy(args) = cli.command else { panic!("{cli:?}") };
        assert_eq!(args.environment.as_str(), "staging");
        assert!(args.reference.is_none() && !args.sending.wait);
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for bad in [
            &["deploy", "Staging"][..],
            &["deploy", "--ref", "a..b"],
            &["deploy", "--id", "936da01f-9abd-4d9d-80c7-02af85c822a8"],
            &["deploy", "--skip-baseline", " "],
            &["promote", "v0.1.0-abcdef0.beta"],
            &["promote", "0.1.0"],
            &["history", "1"],
            &["watch", ID, "--wait-timeout", "soon"],
            &["cancel", "1"],
            &["cancel", ID, "--reason", " "],
            &["unlock", "staging", "--reason", "it hangs", "--token", "seven"],
            &["hold", "staging", "--reason", " "],
            &["hold", "staging", "--reason", "x", "--until", "soon"],
            &["release", "staging", "--id", "7"],
            &["deploy", "--despite-freeze", " "],
            &["dashboard", "--listen", "everywhere"],
        ] {
            assert_eq!(refused(bad), ErrorKind::ValueValidation, "{bad:?}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_together_are_refused() {
        assert_eq!(refused(&["promote"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["history"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["deploy", "--wait-timeout", "5"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["promote", "0.1.0-abcdef0.beta", "--list"]), ErrorKind::ArgumentConflict);
        assert_eq!(refused(&["promote", "--list", "--wait"]), ErrorKind::ArgumentConflict);
        assert_eq!(refused(&["cancel", ID, "--wait-timeout", "5"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["unlock", "staging"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["hold", "staging"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["hold", "staging", "--list", "--replace"]), ErrorKind::ArgumentConflict);
        assert_eq!(refused(&["release"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["dlq", "redrive"]), ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["dlq", "redrive", "1", "--all"]), ErrorKind::ArgumentConflict);
        assert_eq!(refused(&["deploy", "--allow-unvalidated", "x"]), ErrorKind::UnknownArgument);
    }
}
