//! Commits of the sample application: what a developer would push, in the variants that show what Lockstep
//! does about each.

use std::collections::BTreeMap;

use github_sim::CommitSpec;
use serde_json::json;

/// How a commit's application behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// As it should.
    Good,
    /// Exits at start.
    CrashesAtStart,
    /// Runs, and exits after this many milliseconds without ever having been ready.
    CrashesAfter(u64),
    /// Starts, but never answers ready.
    NeverReady,
    /// Takes this many milliseconds until it is ready.
    Slow(u64),
    /// Has a migration that works on an empty database only.
    BrokenMigration,
    /// Its build fails.
    BrokenBuild,
}

/// The commit of a version that behaves so, on the branch.
#[must_use]
pub fn commit(branch: &str, version: &str, variant: Variant, message: &str) -> CommitSpec {
    let mut migrations = vec![json!({
        "id": "0001-settings",
        "sql": "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    })];
    if variant == Variant::BrokenMigration {
        // SQLite adds a NOT NULL column without a default to an empty table only.
        migrations.push(json!({
            "id": "0002-owner",
            "sql": "ALTER TABLE settings ADD COLUMN owner TEXT NOT NULL",
        }));
    }
    let seed = if variant == Variant::BrokenMigration {
        "INSERT INTO settings (name, value, owner) VALUES ('theme', 'light', 'nobody')"
    } else {
        "INSERT INTO settings (name, value) VALUES ('theme', 'light')"
    };
    let (behaviour, slow_start_ms) = match variant {
        Variant::CrashesAtStart => ("crash-at-start", 0),
        Variant::CrashesAfter(milliseconds) => ("crash-after-start", milliseconds),
        Variant::NeverReady => ("never-ready", 0),
        Variant::Slow(milliseconds) => ("slow-start", milliseconds),
        Variant::Good | Variant::BrokenMigration | Variant::BrokenBuild => ("ok", 0),
    };
    let release = json!({
        "behaviour": behaviour,
        "slow_start_ms": slow_start_ms,
        "migrations": migrations,
        "seed": [seed],
    });
    let manifest = format!("[package]\nname = \"server\"\nversion = \"{version}\"\n");
    let broken = (variant == Variant::BrokenBuild).then(|| "on purpose".to_owned());
    let changes = BTreeMap::from([
        ("apps/server/Cargo.toml".to_owned(), Some(manifest)),
        ("release.json".to_owned(), Some(format!("{release:#}\n"))),
        ("BROKEN_BUILD".to_owned(), broken),
        ("CHANGES.md".to_owned(), Some(format!("{message}\n"))),
    ]);
    CommitSpec {
        branch: branch.to_owned(),
        changes,
        message: message.to_owned(),
        author: "octocat".to_owned(),
    }
}
