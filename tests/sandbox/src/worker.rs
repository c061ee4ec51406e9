//! `lockstep` as its users run it: a process with a configuration file and an environment. Must never reach
//! into the library instead.

use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::Sandbox;
use crate::environment::VARIABLES;

/// A `lockstep worker` process. Killed when dropped.
pub struct WorkerProcess {
    child: Child,
}

impl WorkerProcess {
    /// The process's id; `None` once it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM): it finishes what is under way.
    ///
    /// # Errors
    /// The process has ended, or cannot be reached.
    pub fn terminate(&self) -> std::io::Result<()> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// The process cannot be reached.
    pub async fn ended(mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it at once (SIGKILL).
    ///
    /// # Errors
    /// The process cannot be reached.
    pub async fn kill(mut self) -> std::io::Result<()> {
        self.child.kill().await
    }
}

/// What a `lockstep` command printed and how it ended.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Sandbox {
    /// A `lockstep` command in this sandbox's environment, not started.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.lockstep());
        command.arg("--config").arg(self.config()).args(arguments);
        command.envs(VARIABLES).env_remove("GITHUB_ACTIONS").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a `lockstep` command to its end.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn run(&self, arguments: &[&str]) -> std::io::Result<Run> {
        Ok(self.command(arguments).output().await?.into())
    }

    /// Starts a worker; its log goes to a file in the sandbox's folder.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn_worker(&self, name: &str) -> std::io::Result<WorkerProcess> {
        let log = self.places().path(&format!("{name}.log"));
        self.spawn_worker_with(&log, name, &[])
    }

    /// As [`Sandbox::spawn_worker`], with more environment variables.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn_worker_with(
        &self,
        log: &Path,
        name: &str,
        variables: &[(&str, &str)],
    ) -> std::io::Result<WorkerProcess> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut command = self.command(&["worker"]);
        command.env("HOSTNAME", name).envs(variables.iter().copied());
        command.stdout(log.try_clone()?).stderr(log);
        Ok(WorkerProcess { child: command.spawn()? })
    }
}
