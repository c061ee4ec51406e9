//! From a commit's files to an image: what the build workflow would do, as a pure function.
//!
//! Nothing but the tree, the inputs and the knobs may decide what is in the image.

use std::collections::BTreeMap;

use oci_image::build::{ImageSpec, LayerSpec, Shape};
use sample_app::release::{self, ReleaseSpec};
use toml::Table;

use crate::knobs::{ImageShape, Knobs};
use crate::model::commits::Tree;

/// A file that makes the build of its commit fail.
pub(crate) const BROKEN: &str = "BROKEN_BUILD";
/// The file with the version.
const MANIFEST: &str = "apps/server/Cargo.toml";
/// Where the program lies in the image; its release file lies beside it.
pub(crate) const PROGRAM: &str = "/app/sample-app";

/// What a build is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) commit: &'a str,
    /// The version that the dispatcher read; the build refuses to make an image of another one.
    pub(crate) version: &'a str,
    /// Which run and attempt builds, for builds that are not reproducible.
    pub(crate) run: &'a str,
}

/// The image without its lowest layer, the program; or why there is none.
pub(crate) fn image(tree: &Tree, order: Order<'_>, knobs: &Knobs) -> Result<ImageSpec, String> {
    if let Some(why) = tree.get(BROKEN) {
        return Err(format!("the commit has a file {BROKEN}: {}", why.trim()));
    }
    let version = version(tree)?;
    if version != order.version {
        return Err(format!("{MANIFEST} says version {version}, the build was asked for {}", order.version));
    }
    let spec: ReleaseSpec = match tree.get(release::FILE_NAME) {
        Some(text) => serde_json::from_str(text)
            .map_err(|error| format!("{} is not a release description: {error}", release::FILE_NAME))?,
        None => ReleaseSpec::default(),
    };
    let file = serde_json::to_vec_pretty(&spec.release(&version, order.commit))
        .map_err(|error| format!("writing {} failed: {error}", release::FILE_NAME))?;
    let mut labels = BTreeMap::from([
        ("org.opencontainers.image.revision".to_owned(), order.commit.to_owned()),
        ("org.opencontainers.image.version".to_owned(), version),
    ]);
    if !knobs.reproducible {
        labels.insert("lockstep.sandbox.run".to_owned(), order.run.to_owned());
    }
    Ok(ImageSpec {
        layers: vec![LayerSpec::single(format!("/app/{}", release::FILE_NAME), 0o644, file)],
        entrypoint: vec![PROGRAM.to_owned(), "serve".to_owned()],
        labels,
        shape: match knobs.image_shape {
            ImageShape::Index => Shape::Index,
            ImageShape::Manifest => Shape::Manifest,
        },
        ..ImageSpec::default()
    })
}

/// The version in the server's manifest: the package's own or the workspace's.
fn version(tree: &Tree) -> Result<String, String> {
    let manifest = parse(tree, MANIFEST)?.ok_or_else(|| format!("the commit has no {MANIFEST}"))?;
    let own = manifest.get("package").and_then(|package| package.get("version"));
    if let Some(version) = own.and_then(toml::Value::as_str) {
        return Ok(version.to_owned());
    }
    let root = parse(tree, "Cargo.toml")?;
    [Some(&manifest), root.as_ref()]
        .into_iter()
        .flatten()
        .find_map(|table| table.get("workspace")?.get("package")?.get("version")?.as_str())
        .map(str::to_owned)
        .ok_or_else(|| format!("{MANIFEST} has no version, neither its own nor a workspace's"))
}

fn parse(tree: &Tree, path: &str) -> Result<Option<Table>, String> {
    let Some(text) = tree.get(path) else { return Ok(None) };
    text.parse().map(Some).map_err(|error| format!("{path} is not TOML: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order<'_> = Order { commit: "c0ffee", version: "1.2.3", run: "7/1" };

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn digest(files: &[(&str, &str)], order: Order<'_>, knobs: &Knobs) -> String {
        image(&tree(files), order, knobs).unwrap().build().unwrap().digest().to_owned()
    }

    const GOOD: [(&str, &str); 2] = [
        (MANIFEST, "[package]\nname = \"server\"\nversion = \"1.2.3\""),
        ("release.json", r#"{"behaviour":"never-ready"}"#),
    ];

    #[test]
    fn the_version_is_found_wherever_cargo_allows_it() {
        let inherited = "[package]\nversion.workspace = true";
        let workspace = "[workspace.package]\nversion = \"1.2.3\"";
        for files in [
            vec![(MANIFEST, "[package]\nversion = \"1.2.3\"")],
            vec![(MANIFEST, workspace)],
            vec![(MANIFEST, inherited), ("Cargo.toml", workspace)],
        ] {
            assert_eq!(version(&tree(&files)).unwrap(), "1.2.3");
        }
        assert!(version(&tree(&[])).unwrap_err().contains("no apps/server/Cargo.toml"));
        assert!(version(&tree(&[(MANIFEST, inherited)])).unwrap_err().contains("neither"));
        assert!(version(&tree(&[(MANIFEST, "[")])).unwrap_err().contains("not TOML"));
    }

    #[test]
    fn the_same_commit_is_the_same_image_unless_told_otherwise() {
        let knobs = Knobs::default();
        let other_run = Order { run: "8/1", ..ORDER };
        assert_eq!(digest(&GOOD, ORDER, &knobs), digest(&GOOD, other_run, &knobs));
        let varying = Knobs { reproducible: false, ..Knobs::default() };
        assert_ne!(digest(&GOOD, ORDER, &varying), digest(&GOOD, other_run, &varying));
        let other_commit = Order { commit: "decade", ..ORDER };
        assert_ne!(digest(&GOOD, ORDER, &knobs), digest(&GOOD, other_commit, &knobs));
    }

    #[test]
    fn builds_fail_with_their_reason() {
        let reason = |extra: (&str, &str), order| {
            let files: Vec<_> = GOOD.into_iter().chain([extra]).collect();
            image(&tree(&files), order, &Knobs::default()).unwrap_err()
        };
        assert!(reason((BROKEN, "on purpose"), ORDER).contains("on purpose"));
        assert!(reason(("x", ""), Order { version: "2.0.0", ..ORDER }).contains("asked for 2.0.0"));
        assert!(reason(("release.json", "{\"x\":1}"), ORDER).contains("release.json"));
    }
}
