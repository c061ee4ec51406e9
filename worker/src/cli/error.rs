//! Why a command could not do what it was asked for, and which exit code that is. The verdict of a
//! deployment is never an error here.

use std::path::PathBuf;

use lockstep_events::DeploymentId;
use lockstep_state_machines::SnapshotError;

use super::Exit;
use crate::config::ConfigError;
use crate::engine::EngineError;
use crate::faults::{Fault, FaultKind, Service};
use crate::wiring::WiringError;

/// Why a command could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// Arguments that the configuration does not allow.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used.
    #[error("{}", in_file(.path, .source))]
    Config {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: ConfigError,
    },
    /// The worker's ports cannot be made.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// The table or the queue failed.
    #[error("{fault}{advice}", fault = .0, advice = advice(.0))]
    Fault(#[from] Fault),
    /// The request could not be sent.
    #[error("the request was not sent: {fault}{}; run the same command with --id {id} to send it again", doubt(.fault))]
    NotSent {
        /// Its id.
        id: DeploymentId,
        /// Why.
        fault: Fault,
    },
    /// No record has this id.
    #[error(
        "there is no deployment {id} in table {table}: check the id, the configuration and the region; a request that was sent just now has no record until a worker takes it up"
    )]
    Unknown {
        /// The id.
        id: DeploymentId,
        /// The table.
        table: String,
    },
    /// There is nothing to cancel.
    #[error(
        "there is no deployment {id} in table {table}, so nothing was sent: check the id, the configuration and the region; if its request still waits in the queue, --force sends the wish to cancel all the same"
    )]
    NothingToCancel {
        /// The id.
        id: DeploymentId,
        /// The table.
        table: String,
    },
    /// The wish to cancel could not be sent.
    #[error("the wish to cancel deployment {id} was not sent: {fault}{}; `lockstep cancel {id}` sends it again", doubt(.fault))]
    CancelNotSent {
        /// Which deployment.
        id: DeploymentId,
        /// Why.
        fault: Fault,
    },
    /// Unlocking met something unexpected.
    #[error("not unlocked: {0}; the same command again goes on from where it stands")]
    NotUnlocked(EngineError),
    /// A plan met something unexpected; nothing was changed.
    #[error("no plan can be made: {0}")]
    NotPlanned(EngineError),
    /// The id belongs to another request.
    #[error(
        "deployment id {id} was used before for another request ({differences}): nothing was deployed for this one; a new request needs a new id"
    )]
    OtherRequest {
        /// The id.
        id: DeploymentId,
        /// What differs, in words.
        differences: String,
    },
    /// A stored snapshot cannot be read by this build.
    #[error("deployment {id}: {source}; this command reads it only in the version that wrote it")]
    Snapshot {
        /// Which deployment.
        id: DeploymentId,
        /// Why.
        source: SnapshotError,
    },
    /// A record ended without the facts that say what its end means.
    #[error(
        "deployment {id} ended in {state}, but its record lacks the facts that say what this means: look at its items in the table"
    )]
    Inconsistent {
        /// Which deployment.
        id: DeploymentId,
        /// Its terminal state.
        state: String,
    },
    /// The worker's start failed.
    #[error("the worker cannot start: {0}")]
    Engine(#[from] EngineError),
    /// This process could not write its output or listen for signals.
    #[error("this process failed: {0}")]
    System(#[from] std::io::Error),
}

impl CliError {
    /// The exit code for it.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Config { .. }
            | Self::Unknown { .. }
            | Self::NothingToCancel { .. }
            | Self::OtherRequest { .. } => Exit::Usage,
            Self::Wiring(WiringError::Fault(_)) => Exit::Fault,
            Self::Wiring(_) => Exit::Usage,
            Self::Fault(_)
            | Self::NotSent { .. }
            | Self::CancelNotSent { .. }
            | Self::NotUnlocked(_)
            | Self::NotPlanned(_)
            | Self::Snapshot { .. }
            | Self::Inconsistent { .. }
            | Self::Engine(_)
            | Self::System(_) => Exit::Fault,
        }
    }
}

fn in_file(path: &std::path::Path, source: &ConfigError) -> String {
    match source {
        ConfigError::Unreadable { .. } | ConfigError::NotToml { .. } => source.to_string(),
        ConfigError::UnknownKey { .. } | ConfigError::Invalid(_) => format!("{}: {source}", path.display()),
    }
}

fn advice(fault: &Fault) -> &'static str {
    match (fault.service, fault.kind) {
        (Service::DynamoDb | Service::Sqs, FaultKind::NotFound) => {
            "; create it with `lockstep init` (local use) or with your infrastructure, or correct the configuration"
        }
        _ => "",
    }
}

fn doubt(fault: &Fault) -> &'static str {
    if fault.may_have_happened() { " (it may have been sent all the same)" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: FaultKind) -> Fault {
        Fault::new(Service::Sqs, "SendMessage", kind, "why")
    }

    #[test]
    fn configuration_and_usage_are_told_from_faults() {
        let config = ConfigError::UnknownKey { key: "tabel".into(), nearest: Some("table".into()) };
        let config = CliError::Config { path: "x.toml".into(), source: config };
        assert_eq!(config.to_string(), "x.toml: unknown key `tabel`: did you mean `table`?");
        assert_eq!(config.exit(), Exit::Usage);
        let secret = WiringError::MissingSecret {
            variable: "TOKEN".into(),
            what: "a GitHub token",
            application: "shop".into(),
        };
        assert_eq!(CliError::from(secret).exit(), Exit::Usage);
        assert_eq!(CliError::from(WiringError::Fault(fault(FaultKind::Denied))).exit(), Exit::Fault);
    }

    #[test]
    fn a_send_in_doubt_says_so_and_how_to_repeat_it() {
        let id = uuid::Uuid::now_v7().try_into().unwrap();
        let error = CliError::NotSent { id, fault: fault(FaultKind::TimedOut) };
        assert!(error.to_string().contains("it may have been sent all the same"), "{error}");
        assert!(error.to_string().contains(&format!("--id {id}")), "{error}");
        let sure = CliError::NotSent { id, fault: fault(FaultKind::Denied) };
        assert!(!sure.to_string().contains("may have"), "{sure}");
    }

    #[test]
    fn an_absent_queue_is_met_with_advice() {
        assert!(CliError::from(fault(FaultKind::NotFound)).to_string().contains("lockstep init"));
        assert!(!CliError::from(fault(FaultKind::Denied)).to_string().contains("lockstep init"));
    }
}
