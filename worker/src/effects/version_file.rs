//! Reads the version from a file of the repository. Must never guess: a file without a usable version is
//! a refusal that names file, key and what was found.

use lockstep_events::{CommitSha, Version};

/// The version at `key` (dotted) of a TOML or JSON text; `path` decides which, by its ending.
///
/// # Errors
/// In words, for the requester.
pub(super) fn read(text: &str, path: &str, key: &str, commit: &CommitSha) -> Result<Version, String> {
    let place = format!("{path} at commit {}", commit.short());
    let document: serde_json::Value = if path.ends_with(".json") {
        serde_json::from_str(text).map_err(|e| format!("{place} is not valid JSON: {e}"))?
    } else {
        toml::from_str(text).map_err(|e| format!("{place} is not valid TOML: {}", e.message()))?
    };
    let pointer: String = key.split('.').flat_map(|part| ["/", part]).collect();
    let found = document.pointer(&pointer).ok_or_else(|| {
        format!("{place} has no `{key}`: set github.version_file and github.version_key to where the version stands")
    })?;
    let found = found.as_str().ok_or_else(|| format!("`{key}` in {place} is {found}: expected a text"))?;
    found.parse().map_err(|e| format!("`{key}` in {place}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_toml_and_json_and_never_guessed() {
        let commit: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let toml = "[package]\nname = 'server'\nversion = '0.2.0'\n";
        let read = |text, path, key| read(text, path, key, &commit);
        assert_eq!(read(toml, "Cargo.toml", "package.version").unwrap().to_string(), "0.2.0");
        assert_eq!(read("{\"version\":\"1.0.0\"}", "package.json", "version").unwrap().to_string(), "1.0.0");
        assert!(read(toml, "Cargo.toml", "version").unwrap_err().contains("no `version`"));
        let inherited = "[package]\nversion.workspace = true\n";
        assert!(read(inherited, "Cargo.toml", "package.version").unwrap_err().contains("expected a text"));
        assert!(read("[package]\nversion = 'v1'", "Cargo.toml", "package.version").is_err());
        assert!(read("[", "Cargo.toml", "package.version").unwrap_err().contains("not valid TOML"));
    }
}
