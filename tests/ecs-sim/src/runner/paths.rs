//! Where a launcher keeps its files, and how names become file names.
//!
//! Nothing outside the work directory is ever named here.

use std::path::{Component, Path, PathBuf};

/// The directories below the work directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Unpacked images; emptied at start.
    pub(super) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    /// Working directories of tasks; emptied at start.
    pub(super) fn tasks(&self) -> PathBuf {
        self.root.join("tasks")
    }

    /// The fresh directory that a container runs in.
    pub(super) fn working_directory(&self, task_id: &str, container: &str) -> PathBuf {
        self.tasks().join(file_name(task_id)).join(file_name(container))
    }

    /// Where a container's output goes. Kept for whoever looks for the cause of a failure.
    pub(super) fn log_file(&self, task_id: &str, container: &str) -> PathBuf {
        self.root.join("logs").join(file_name(task_id)).join(format!("{}.log", file_name(container)))
    }
}

/// The last segment of an ARN.
pub(super) fn task_id(task_arn: &str) -> &str {
    task_arn.rsplit('/').next().unwrap_or(task_arn)
}

fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}

/// A path of an image, below the directory it was unpacked to, whatever it says about parents.
pub(super) fn inside(root: &Path, path: &str) -> PathBuf {
    let mut inside = root.to_path_buf();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::ParentDir if inside != root => {
                inside.pop();
            }
            Component::ParentDir | Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{file_name, inside};

    #[test]
    fn a_path_never_leaves_the_image() {
        let root = Path::new("/images/one");
        assert_eq!(inside(root, "/app/run"), Path::new("/images/one/app/run"));
        assert_eq!(inside(root, "../../etc/passwd"), Path::new("/images/one/etc/passwd"));
        assert_eq!(inside(root, "/app/../bin/x"), Path::new("/images/one/bin/x"));
        assert_eq!(file_name("../a b"), "___a_b");
    }
}
