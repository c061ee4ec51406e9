//! Processes of an earlier simulator that was killed before it could stop its tasks.
//!
//! They are recognised by where they run: a directory of a task below our own work directory. Nothing else is
//! ever signalled. Only Linux tells; elsewhere nothing is found.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// Kills every process whose working directory is below `tasks`. Returns how many there were.
pub(super) fn kill_below(tasks: &Path) -> usize {
    let Ok(tasks) = tasks.canonicalize() else { return 0 };
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    let mut killed = 0;
    for entry in processes.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let runs_below =
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&tasks));
        if runs_below
            && let Some(pid) = Pid::from_raw(pid)
            && kill_process(pid, Signal::KILL).is_ok()
        {
            killed += 1;
        }
    }
    killed
}
