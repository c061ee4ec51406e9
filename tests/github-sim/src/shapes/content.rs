//! Files and folders, as the contents API shows them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::repository::merge;
use super::view::View;
use crate::model::ids::object_hash;

/// GitHub breaks the base64 text after this many characters.
const LINE: usize = 60;

impl View<'_> {
    /// A file with its content.
    pub(crate) fn file_content(&self, path: &str, text: &str, reference: &str) -> Value {
        let mut value = self.file_entry(path, text, reference);
        merge(&mut value, json!({ "encoding": "base64", "content": wrapped(text) }));
        value
    }

    /// A file as it stands in the list of its folder.
    pub(crate) fn file_entry(&self, path: &str, text: &str, reference: &str) -> Value {
        let sha = object_hash("blob", text.as_bytes());
        let mut value = self.entry(path, "file", &sha, reference);
        let raw = format!("{}/raw/{reference}/{path}", self.web());
        merge(&mut value, json!({ "size": text.len(), "download_url": raw }));
        value
    }

    /// A folder as it stands in the list of its parent.
    pub(crate) fn folder_entry(&self, path: &str, tree_sha: &str, reference: &str) -> Value {
        let mut value = self.entry(path, "dir", tree_sha, reference);
        merge(&mut value, json!({ "size": 0, "download_url": null }));
        value
    }

    fn entry(&self, path: &str, kind: &str, sha: &str, reference: &str) -> Value {
        let (api, web) = (self.api(), self.web());
        let (objects, pages) = if kind == "dir" { ("trees", "tree") } else { ("blobs", "blob") };
        let own = format!("{api}/contents/{path}?ref={reference}");
        let git = format!("{api}/git/{objects}/{sha}");
        let html = format!("{web}/{pages}/{reference}/{path}");
        json!({
            "type": kind,
            "name": path.rsplit('/').next(),
            "path": path,
            "sha": sha,
            "url": own,
            "git_url": git,
            "html_url": html,
            "_links": { "self": own, "git": git, "html": html },
        })
    }
}

fn wrapped(text: &str) -> String {
    let encoded = BASE64_STANDARD.encode(text);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for (position, character) in encoded.chars().enumerate() {
        lines.push(character);
        if (position + 1) % LINE == 0 {
            lines.push('\n');
        }
    }
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}
