//! File lists packed into layers: a tar archive and its gzip, the same bytes for the same files every time.
//!
//! Nothing of the building machine (clock, user, umask, folder order) may reach the archive, otherwise two
//! builds of one commit would differ without anybody having asked for it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use oci_client::manifest::IMAGE_LAYER_GZIP_MEDIA_TYPE;

use crate::blob::{self, Blob};
use crate::error::Error;

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Where the file is in the image; a leading `/` makes no difference.
    pub path: String,
    /// Permission bits, for example `0o755`.
    pub mode: u32,
    /// What is in it.
    pub content: Content,
}

/// Where a file's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// The bytes of this file on the building machine, read when the layer is packed.
    File(PathBuf),
}

/// The files of one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerSpec {
    /// The files, in any order; the last one of several with the same path counts.
    pub files: Vec<FileSpec>,
}

/// A layer ready to be put into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedLayer {
    /// The compressed archive, as pushed.
    pub blob: Blob,
    /// The digest of the archive before compression, as the image's configuration lists it.
    pub diff_id: String,
}

impl LayerSpec {
    /// A layer of one file with these bytes.
    pub fn single(path: impl Into<String>, mode: u32, bytes: impl Into<Bytes>) -> Self {
        Self { files: vec![FileSpec { path: path.into(), mode, content: Content::Bytes(bytes.into()) }] }
    }

    /// Reads the files and packs them. Blocking; on an asynchronous runtime use its blocking pool.
    ///
    /// # Errors
    /// [`Error::UnsafePath`] for a path with `..` or without a name, [`Error::Io`] for a file that cannot
    /// be read.
    pub fn pack(&self) -> Result<PackedLayer, Error> {
        let mut entries: BTreeMap<PathBuf, Option<&FileSpec>> = BTreeMap::new();
        for file in &self.files {
            let path = inside(&file.path)?;
            for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
                entries.entry(folder.to_path_buf()).or_insert(None);
            }
            entries.insert(path, Some(file));
        }
        // A path sorts after its folders, so every folder is written before what is in it.
        let mut archive = tar::Builder::new(Vec::new());
        for (path, file) in entries {
            append(&mut archive, &path, file)?;
        }
        let tar = archive.into_inner().map_err(|source| Error::io("finishing a layer", source))?;
        let diff_id = blob::sha256(&tar);
        // The header's time stays 0; speed counts more than size on a loopback interface.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::fast());
        let compressed = gzip
            .write_all(&tar)
            .and_then(|()| gzip.finish())
            .map_err(|source| Error::io("compressing a layer", source))?;
        Ok(PackedLayer { blob: Blob::new(IMAGE_LAYER_GZIP_MEDIA_TYPE, compressed), diff_id })
    }
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &Path, file: Option<&FileSpec>) -> Result<(), Error> {
    let (kind, mode, bytes) = match file {
        None => (tar::EntryType::Directory, 0o755, Bytes::new()),
        Some(file) => (tar::EntryType::Regular, file.mode, read(&file.content)?),
    };
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes.len() as u64);
    archive
        .append_data(&mut header, path, bytes.as_ref())
        .map_err(|source| Error::io(format!("adding {} to a layer", path.display()), source))
}

fn read(content: &Content) -> Result<Bytes, Error> {
    match content {
        Content::Bytes(bytes) => Ok(bytes.clone()),
        Content::File(path) => std::fs::read(path)
            .map(Bytes::from)
            .map_err(|source| Error::io(format!("reading {} for a layer", path.display()), source)),
    }
}

/// The path relative to the image's root.
fn inside(path: &str) -> Result<PathBuf, Error> {
    let refused = || Error::UnsafePath { path: path.to_owned(), layer: "a layer to build".to_owned() };
    let mut relative = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => relative.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(refused()),
        }
    }
    if relative.as_os_str().is_empty() { Err(refused()) } else { Ok(relative) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(paths: &[&str]) -> LayerSpec {
        let files = paths
            .iter()
            .map(|path| FileSpec {
                path: (*path).to_owned(),
                mode: 0o644,
                content: Content::Bytes((*path).to_owned().into()),
            })
            .collect();
        LayerSpec { files }
    }

    #[test]
    fn the_same_files_in_another_order_are_the_same_layer() {
        let one = spec(&["app/b", "app/a", "etc/x"]).pack().unwrap();
        assert_eq!(one, spec(&["etc/x", "app/a", "app/b"]).pack().unwrap());
        assert_ne!(one.diff_id, spec(&["etc/y", "app/a", "app/b"]).pack().unwrap().diff_id);
    }

    #[test]
    fn a_leading_slash_makes_no_difference() {
        let file = |path: &str| LayerSpec::single(path, 0o644, "same").pack().unwrap();
        assert_eq!(file("/etc/x"), file("etc/x"));
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let layer = spec(&["a/b/c", "a/d"]).pack().unwrap();
        let tar = flate2::read::GzDecoder::new(layer.blob.bytes().as_ref());
        let mut archive = tar::Archive::new(tar);
        let names: Vec<String> =
            archive.entries().unwrap().map(|e| e.unwrap().path().unwrap().display().to_string()).collect();
        assert_eq!(names, ["a", "a/b", "a/b/c", "a/d"]);
    }

    #[test]
    fn paths_that_leave_the_root_are_refused() {
        for path in ["../x", "a/../../x", "/", ""] {
            let error = spec(&[path]).pack().unwrap_err();
            assert!(matches!(error, Error::UnsafePath { .. }), "{path}: {error}");
        }
    }

    #[test]
    fn a_missing_source_file_is_named() {
        let content = Content::File(PathBuf::from("no/such/file"));
        let spec = LayerSpec { files: vec![FileSpec { path: "x".into(), mode: 0o644, content }] };
        assert!(spec.pack().unwrap_err().to_string().contains("no/such/file"));
    }
}
