//! Layers laid over each other in a folder, in order, with whiteouts, as the OCI image specification says
//! ("Image Layer Filesystem Changeset").
//!
//! It must never write outside the folder, whatever a layer's file names and links say.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use oci_client::manifest::{
    IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE, IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE,
    IMAGE_LAYER_MEDIA_TYPE,
};
use sha2::{Digest as _, Sha256};

use crate::blob;
use crate::error::Error;

/// The prefix of a whiteout: a file saying that the name after it is removed.
const WHITEOUT: &str = ".wh.";
/// A file saying that nothing of the lower layers is left in its folder.
const OPAQUE: &str = ".wh..wh..opq";

/// A layer as pulled, its compressed bytes already verified.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) digest: String,
    pub(crate) diff_id: String,
    pub(crate) compression: Compression,
    pub(crate) bytes: Vec<u8>,
}

/// How a layer is compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compression {
    None,
    Gzip,
}

impl Compression {
    /// Reads it off the media type; `None` for what cannot be unpacked here.
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            IMAGE_LAYER_MEDIA_TYPE | IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE => Some(Self::None),
            IMAGE_LAYER_GZIP_MEDIA_TYPE | IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE => Some(Self::Gzip),
            _ => None,
        }
    }
}

/// Unpacks into a folder beside `root` and renames it to `root` when it is complete.
pub(crate) fn into_new_folder(layers: &[Layer], root: &Path) -> Result<(), Error> {
    if std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::NotEmpty(root.to_path_buf()));
    }
    let mut partial = root.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    remove(&partial)?;
    let result = unpack_all(layers, &partial).and_then(|()| {
        std::fs::rename(&partial, root).map_err(|source| {
            Error::io(format!("renaming {} to {}", partial.display(), root.display()), source)
        })
    });
    if result.is_err() {
        // The first error is the one to report.
        let _ = remove(&partial);
    }
    result
}

fn unpack_all(layers: &[Layer], root: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(root)
        .map_err(|source| Error::io(format!("creating {}", root.display()), source))?;
    layers.iter().try_for_each(|layer| unpack_layer(layer, root))
}

fn unpack_layer(layer: &Layer, root: &Path) -> Result<(), Error> {
    // The whole archive is decompressed and checked before any of it is written.
    let tar = decompress(layer)?;
    let actual = blob::finish(Sha256::new_with_prefix(&tar));
    if actual != layer.diff_id {
        return Err(Error::Digest {
            what: format!("the archive in layer {}", layer.digest),
            expected: layer.diff_id.clone(),
            actual,
        });
    }
    let failed = |source| Error::io(format!("unpacking layer {}", layer.digest), source);
    let mut archive = tar::Archive::new(tar.as_slice());
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.into_owned();
        let unsafe_path =
            || Error::UnsafePath { path: path.display().to_string(), layer: layer.digest.clone() };
        if path.components().any(|part| matches!(part, Component::ParentDir)) {
            return Err(unsafe_path());
        }
        if apply_whiteout(root, &path, &unsafe_path)? {
            continue;
        }
        // `unpack_in` refuses to follow links out of the folder.
        if !entry.unpack_in(root).map_err(failed)? {
            return Err(unsafe_path());
        }
    }
    Ok(())
}

fn decompress(layer: &Layer) -> Result<Vec<u8>, Error> {
    let mut tar = Vec::new();
    let read = match layer.compression {
        Compression::None => layer.bytes.as_slice().read_to_end(&mut tar),
        Compression::Gzip => GzDecoder::new(layer.bytes.as_slice()).read_to_end(&mut tar),
    };
    read.map_err(|source| Error::io(format!("decompressing layer {}", layer.digest), source))?;
    Ok(tar)
}

/// Removes what a whiteout entry names; `false` if the entry is none.
fn apply_whiteout(root: &Path, path: &Path, unsafe_path: &dyn Fn() -> Error) -> Result<bool, Error> {
    let Some(name) = path.file_name().and_then(OsStr::to_str).filter(|name| name.starts_with(WHITEOUT))
    else {
        return Ok(false);
    };
    let relative: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    let folder = root.join(relative.parent().unwrap_or_else(|| Path::new("")));
    let Ok(real) = folder.canonicalize() else {
        return Ok(true); // nothing there to remove
    };
    let inside = root
        .canonicalize()
        .map_err(|source| Error::io(format!("resolving {}", root.display()), source))
        .map(|root| real.starts_with(root))?;
    if !inside {
        return Err(unsafe_path());
    }
    if name == OPAQUE {
        let entries = std::fs::read_dir(&real)
            .map_err(|source| Error::io(format!("reading {}", real.display()), source))?;
        for entry in entries {
            let entry = entry.map_err(|source| Error::io(format!("reading {}", real.display()), source))?;
            remove(&entry.path())?;
        }
    } else {
        let target = &name[WHITEOUT.len()..];
        if matches!(target, "" | "." | "..") {
            return Err(unsafe_path());
        }
        remove(&real.join(target))?;
    }
    Ok(true)
}

/// Removes a file, link or folder; it is fine if there is none.
fn remove(path: &Path) -> Result<(), Error> {
    let result = match std::fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
    };
    result.map_err(|source| Error::io(format!("removing {}", path.display()), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer from raw entries, so that hostile names can be written that a builder would refuse.
    fn layer(entries: &[(&str, tar::EntryType, &str)]) -> Layer {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let body = if *kind == tar::EntryType::Symlink {
                header.set_link_name_literal(content).unwrap();
                ""
            } else {
                *content
            };
            header.set_size(body.len() as u64);
            header.set_cksum();
            archive.append(&header, body.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap();
        let digest = blob::sha256(&bytes);
        Layer { diff_id: digest.clone(), digest, compression: Compression::None, bytes }
    }

    fn file<'a>(name: &'a str, content: &'a str) -> (&'a str, tar::EntryType, &'a str) {
        (name, tar::EntryType::Regular, content)
    }

    #[test]
    fn paths_and_links_out_of_the_root_are_refused_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        let hostile = [
            layer(&[file("../outside/x", "bad")]),
            layer(&[file("a/../../outside/x", "bad")]),
            layer(&[("link", tar::EntryType::Symlink, "../outside"), file("link/x", "bad")]),
            layer(&[("link", tar::EntryType::Symlink, "../outside"), file("link/.wh.keep", "")]),
        ];
        std::fs::write(outside.join("keep"), "kept").unwrap();
        for bad in hostile {
            let root = folder.path().join("root");
            into_new_folder(&[bad], &root).unwrap_err();
            assert!(!root.exists());
            assert!(!outside.join("x").exists());
            assert_eq!(std::fs::read_to_string(outside.join("keep")).unwrap(), "kept");
        }
    }

    #[test]
    fn an_absolute_path_stays_inside_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        into_new_folder(&[layer(&[file("/etc/x", "1")])], &root).unwrap();
        assert_eq!(std::fs::read_to_string(root.join("etc/x")).unwrap(), "1");
    }

    #[test]
    fn upper_layers_replace_and_remove() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let lower = layer(&[file("a/one", "1"), file("a/two", "2"), file("b/three", "3"), file("c", "4")]);
        let upper =
            layer(&[file("a/.wh.one", ""), file("b/.wh..wh..opq", ""), file("b/new", "5"), file("c", "6")]);
        into_new_folder(&[lower, upper], &root).unwrap();
        assert!(!root.join("a/one").exists());
        assert!(root.join("a/two").exists());
        assert!(!root.join("b/three").exists());
        assert_eq!(std::fs::read_to_string(root.join("b/new")).unwrap(), "5");
        assert_eq!(std::fs::read_to_string(root.join("c")).unwrap(), "6");
    }

    #[test]
    fn an_archive_that_is_not_the_promised_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let mut other = layer(&[file("x", "1")]);
        other.diff_id = blob::sha256(b"something else");
        let error = into_new_folder(&[other], &root).unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{error}");
        assert!(!root.exists());
    }

    #[test]
    fn a_folder_in_use_is_refused_and_a_crashed_attempt_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(folder.path().join("root.partial/old")).unwrap();
        into_new_folder(&[layer(&[file("x", "1")])], &root).unwrap();
        assert!(!root.join("old").exists());
        let error = into_new_folder(&[layer(&[file("x", "1")])], &root).unwrap_err();
        assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    }
}
