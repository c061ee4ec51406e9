//! The state on disk: one JSON file, replaced as a whole.
//!
//! A crash at any moment must leave either the old or the new state, never half of one.

use std::path::{Path, PathBuf};

use crate::model::world::World;

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file system refused.
    #[error("{doing} the state file {} failed", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a state of this version.
    #[error("{} is not a state file of this version; remove it to begin anew", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The parser's complaint.
        #[source]
        source: serde_json::Error,
    },
}

/// The state as stored; an empty one if there is no file yet.
pub(crate) fn load(path: &Path) -> Result<World, StateError> {
    let content = match std::fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(World::default()),
        Err(source) => return Err(StateError::File { doing: "reading", path: path.to_owned(), source }),
    };
    serde_json::from_slice(&content).map_err(|source| StateError::Content { path: path.to_owned(), source })
}

/// Replaces the file.
pub(crate) fn save(path: &Path, world: &World) -> Result<(), StateError> {
    let content =
        serde_json::to_vec(world).map_err(|source| StateError::Content { path: path.to_owned(), source })?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let written = std::fs::write(&draft, content).and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|source| StateError::File { doing: "writing", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::repository::RepositorySpec;

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("github.json");
        let mut world = load(&path).unwrap();
        world.create_repository(RepositorySpec::new("acme", "app"), Timestamp::UNIX_EPOCH).unwrap();
        save(&path, &world).unwrap();
        assert!(load(&path).unwrap().repository("acme", "app").is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_damaged_file_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("github.json");
        std::fs::write(&path, "{").unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("github.json"));
        assert!(path.exists());
    }
}
