//! The page's own files, in the binary: style, script, icon. Each is served under a name with its hash, and tags name the
//! whole hash, so that a browser may keep it for ever and runs nothing else. Must never refer to another host.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::marks;

/// A file that pages refer to.
pub(super) struct Asset {
    /// Its path on this server.
    pub(super) path: String,
    /// What the tag's `integrity` says.
    pub(super) integrity: String,
    /// Its media type.
    pub(super) kind: &'static str,
    /// Its content.
    pub(super) content: &'static str,
}

/// All of them.
pub(super) struct Assets {
    /// The style sheet.
    pub(super) style: Asset,
    /// The script.
    pub(super) script: Asset,
    /// The icon.
    pub(super) icon: Asset,
}

impl Assets {
    /// Names them.
    pub(super) fn new() -> Self {
        Self {
            style: asset("page", "css", "text/css; charset=utf-8", include_str!("assets/page.css")),
            script: asset("page", "js", "text/javascript; charset=utf-8", include_str!("assets/page.js")),
            icon: asset("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")),
        }
    }

    /// The one with this path.
    pub(super) fn at(&self, path: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.icon].into_iter().find(|asset| asset.path == path)
    }
}

fn asset(stem: &str, ending: &str, kind: &'static str, content: &'static str) -> Asset {
    let hash = Sha256::digest(content);
    Asset {
        path: format!("/assets/{stem}-{}.{ending}", marks::short(&hash)),
        integrity: format!("sha256-{}", STANDARD.encode(hash)),
        kind,
        content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_under_its_hash_alone_and_names_no_other_host() {
        let assets = Assets::new();
        assert_eq!(assets.at(&assets.style.path).unwrap().content, assets.style.content);
        assert!(assets.at("/assets/page.css").is_none());
        for asset in [&assets.style, &assets.script] {
            assert!(!asset.content.contains("://"), "{}", asset.path);
        }
    }
}
