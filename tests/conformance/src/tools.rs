//! Where `tests/tools.sh` put the programs that are not part of the workspace. Must never look for them elsewhere:
//! the version is part of what a test shows.

use std::path::{Path, PathBuf};

/// A file below the tools' folder.
///
/// # Panics
/// It is not there.
pub(crate) fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("LOCKSTEP_TOOLS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"));
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `bash tests/tools.sh`, which installs it", path.display());
    path
}
