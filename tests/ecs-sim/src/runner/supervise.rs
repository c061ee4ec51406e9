//! One container's process: started with nothing of our environment, waited for, stopped when told.
//!
//! It runs in a process group of its own; whatever it starts goes with it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use oci_image::unpack::Unpacked;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::paths::inside;
use crate::model::ContainerSpec;

/// "Text file busy": another thread forked while the program's file was still open for writing; soon over.
const BUSY: i32 = 26;
const BUSY_ATTEMPTS: u32 = 50;
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// What a container's process needs.
pub(super) struct Launch<'a> {
    pub(super) spec: &'a ContainerSpec,
    pub(super) image: &'a Unpacked,
    pub(super) working_directory: PathBuf,
    pub(super) log_file: PathBuf,
    pub(super) port: u16,
}

/// Starts the process. The error is worded for `stoppedReason`.
pub(super) async fn start(launch: &Launch<'_>) -> Result<Child, String> {
    let arguments = arguments(launch.spec, launch.image);
    let Some((program, rest)) = arguments.split_first() else {
        return Err("no command specified".to_owned());
    };
    let program = find(launch.image, program)?;
    let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
    std::fs::create_dir_all(&launch.working_directory).map_err(|error| failed("working directory", error))?;
    let log = open_log(&launch.log_file).map_err(|error| failed("log file", error))?;
    let mut attempt = 0;
    loop {
        let out = log.try_clone().map_err(|error| failed("log file", error))?;
        let err = log.try_clone().map_err(|error| failed("log file", error))?;
        let spawned = Command::new(&program)
            .args(rest)
            .env_clear()
            .envs(environment(launch))
            .current_dir(&launch.working_directory)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        match spawned {
            Ok(child) => return Ok(child),
            Err(error) if error.raw_os_error() == Some(BUSY) && attempt < BUSY_ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(BUSY_WAIT).await;
            }
            Err(error) => return Err(format!("exec {}: {error}", program.display())),
        }
    }
}

fn open_log(path: &Path) -> std::io::Result<File> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    File::options().create(true).append(true).open(path)
}

/// As a container runtime combines them: a new entrypoint also drops the image's command.
fn arguments(spec: &ContainerSpec, image: &Unpacked) -> Vec<String> {
    let (mut arguments, default) = match &spec.entry_point {
        Some(entry_point) => (entry_point.clone(), Vec::new()),
        None => (image.entrypoint.clone(), image.cmd.clone()),
    };
    arguments.extend(spec.command.clone().unwrap_or(default));
    arguments
}

/// Programs come from the image, never from this machine.
fn find(image: &Unpacked, program: &str) -> Result<PathBuf, String> {
    let not_found = || format!("exec: {program:?}: executable file not found in the image");
    if program.contains('/') {
        let path = inside(&image.root, program);
        return if path.is_file() { Ok(path) } else { Err(not_found()) };
    }
    let search = image.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let directories = search.unwrap_or("/usr/local/bin:/usr/bin:/bin").split(':');
    let mut candidates = directories.map(|directory| inside(&image.root, directory).join(program));
    candidates.find(|path| path.is_file()).ok_or_else(not_found)
}

/// Later ones win: our PATH, the image's, the container definition's, and the port it is to listen on.
fn environment(launch: &Launch<'_>) -> Vec<(OsString, OsString)> {
    let mut environment: Vec<(OsString, OsString)> = Vec::new();
    environment.extend(std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path)));
    let given = launch.image.env.iter().chain(&launch.spec.environment);
    environment.extend(given.map(|(name, value)| (OsString::from(name), OsString::from(value))));
    environment.push((OsString::from("PORT"), OsString::from(launch.port.to_string())));
    environment
}

/// Waits for the end, or brings it about once `stop` is cancelled. Returns the exit code.
pub(super) async fn wait(mut child: Child, stop: &CancellationToken, patience: Duration) -> i32 {
    let group = child.id();
    let status = tokio::select! {
        status = child.wait() => status,
        () = stop.cancelled() => {
            signal(group, Signal::TERM);
            match tokio::time::timeout(patience, child.wait()).await {
                Ok(status) => status,
                Err(_) => {
                    signal(group, Signal::KILL);
                    child.wait().await
                }
            }
        }
    };
    // What the process may have left behind in its group goes with it.
    signal(group, Signal::KILL);
    status.map_or(-1, exit_code)
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Signals a process group; one that is gone already is fine.
pub(super) fn signal(group: Option<u32>, signal: Signal) {
    let pid = group.and_then(|group| i32::try_from(group).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, signal);
    }
}
