//! The registry's process: with a password file, on a free port of 127.0.0.1, its files in a folder that the caller
//! keeps. Must never be left running, nor look for the program anywhere but where `tools.sh` put it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// The one user.
pub const USER: &str = "lockstep";
/// The user's password; made up, as is the line of the password file.
pub const PASSWORD: &str = "correct horse";
/// bcrypt, the only kind that the registry reads (its documentation, "htpasswd").
const HTPASSWD: &str = "lockstep:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n";

/// How long it may take to listen.
const START: Duration = Duration::from_secs(30);

/// What the registry lets its user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    ReadAndWrite,
    /// Read: every tag is as if it were immutable ("maintenance: readonly").
    ReadOnly,
}

/// Why the registry does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program was not installed.
    #[error("{} is missing: run `tests/specifications/tools.sh`, which installs it", .0.display())]
    Missing(PathBuf),
    /// A file of it could not be written, or the process not be started.
    #[error("the registry cannot be started: {0}")]
    Io(#[from] std::io::Error),
    /// It ended or said nothing; what it said.
    #[error("the registry does not listen; it said:\n{0}")]
    Silent(String),
}

/// A running registry. Killed when dropped.
#[derive(Debug)]
pub struct DebianRegistry {
    port: u16,
    _process: Child,
}

impl DebianRegistry {
    /// Starts one over the folder, with what an earlier one left there.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(folder: &Path, mode: Mode) -> Result<Self, StartError> {
        let program = program()?;
        std::fs::write(folder.join("htpasswd"), HTPASSWD)?;
        let file = folder.join("config.yml");
        std::fs::write(&file, configuration(folder, mode))?;
        let mut process = Command::new(program)
            .arg("serve")
            .arg(&file)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = process.stderr.take().ok_or_else(|| StartError::Silent(String::new()))?;
        Ok(Self { port: listening(log).await?, _process: process })
    }

    /// The repository of this name, as `host/name`.
    #[must_use]
    pub fn repository(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }

    /// The address of an API path below `/v2/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/v2/{path}", self.port)
    }
}

fn program() -> Result<PathBuf, StartError> {
    let folder = std::env::var_os("LOCKSTEP_TOOLS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"));
    let path = folder.join("docker-registry");
    if path.exists() { Ok(path) } else { Err(StartError::Missing(path)) }
}

fn configuration(folder: &Path, mode: Mode) -> String {
    let (readonly, folder) = (mode == Mode::ReadOnly, folder.display());
    // Port 0: it listens wherever is free, and says where.
    format!(
        r#"version: 0.1
log:
  level: info
  formatter: json
storage:
  filesystem:
    rootdirectory: "{folder}/files"
  delete:
    enabled: true
  maintenance:
    uploadpurging:
      enabled: false
    readonly:
      enabled: {readonly}
http:
  addr: 127.0.0.1:0
auth:
  htpasswd:
    realm: lockstep
    path: "{folder}/htpasswd"
"#
    )
}

/// The port that it says it listens on. What it says later is read and forgotten, so that it can go on saying it.
async fn listening(log: impl AsyncRead + Unpin + Send + 'static) -> Result<u16, StartError> {
    let mut lines = BufReader::new(log).lines();
    let mut said = String::new();
    let found = tokio::time::timeout(START, async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(port) = port_in(&line) {
                return Some(port);
            }
            said.push_str(&line);
            said.push('\n');
        }
        None
    });
    let Ok(Some(port)) = found.await else { return Err(StartError::Silent(said)) };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(port)
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
