//! Finds the programs that the sandbox runs: `lockstep` and `sample-app`, as cargo built them. Builds one
//! that is missing or older than its sources, so that no step comes before the first command and no test
//! passes on old code; must never run a program from elsewhere.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Why a program is not there.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// Where this program itself lies is unknown.
    #[error("the folder of this program cannot be found: {0}")]
    NoFolder(std::io::Error),
    /// Building it failed.
    #[error("building {name} failed ({reason}): run `cargo build -p {name}` and read what it says")]
    Build {
        /// The program.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

/// The path of a program of this workspace.
///
/// # Errors
/// It is not there and cannot be built.
pub fn find(name: &str) -> Result<PathBuf, BinaryError> {
    let folder = folder()?;
    let path = folder.join(name);
    if !is_fresh(&path) {
        build(name)?;
    }
    Ok(path)
}

/// The workspace's folders whose sources are in the programs.
const SOURCES: [&str; 4] = ["events", "state-machines", "worker/src", "tests/sample-app/src"];

/// Whether the program is there and no source is younger.
fn is_fresh(program: &Path) -> bool {
    let Ok(built) = program.metadata().and_then(|metadata| metadata.modified()) else { return false };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    SOURCES.iter().all(|folder| !has_younger(&workspace.join(folder), built))
}

fn has_younger(folder: &Path, than: SystemTime) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => has_younger(&entry.path(), than),
        Ok(metadata) => {
            let is_source = entry.path().extension().is_some_and(|extension| extension == "rs");
            is_source && metadata.modified().is_ok_and(|modified| modified > than)
        }
        Err(_) => false,
    })
}

/// The profile's folder: that of this program, or the one above for a test.
fn folder() -> Result<PathBuf, BinaryError> {
    let program = std::env::current_exe().map_err(BinaryError::NoFolder)?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}

fn build(name: &str) -> Result<(), BinaryError> {
    let failed = |reason: String| BinaryError::Build { name: name.to_owned(), reason };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Together with the sandbox, so that cargo chooses the same features and builds no dependency twice.
    // Cargo shows its progress itself: the first time this takes a minute.
    command.args(["build", "-p", "sandbox", "-p", name, "--bin", name]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    let status = status.map_err(|e| failed(e.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}
