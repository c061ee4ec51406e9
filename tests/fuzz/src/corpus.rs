//! The checked-in documents: samples of what really comes, and the nasty ones that were met or thought of.

use std::path::{Path, PathBuf};

/// The documents of a family, in the order of their names.
///
/// A family without a document would make a target that proves nothing, so that is a panic.
pub(crate) fn documents(family: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(family);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no document", folder.display());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}
