//! Which repository, and which manifest of it, a path of the registry protocol is about
//! (OCI Distribution Spec 1.1, "Endpoints"). Must not judge whether either exists or is well formed.

/// A path below `/v2/{repository}/`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The repository's name, slashes included.
    pub(super) repository: String,
    /// The tag or digest, when the path names a manifest.
    pub(super) manifest: Option<String>,
}

impl Place {
    /// Reads a request's path; nothing for `/v2/` itself and the catalog, which belong to no repository.
    pub(super) fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/v2/")?;
        // A repository may itself be called "blobs": the last of these segments decides.
        let segments = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];
        let (at, segment) =
            segments.iter().filter_map(|segment| Some((rest.rfind(segment)?, *segment))).max()?;
        let tail = &rest[at + segment.len()..];
        Some(Self {
            repository: rest[..at].to_owned(),
            manifest: (segment == "/manifests/").then(|| tail.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    fn place(repository: &str, manifest: Option<&str>) -> Option<Place> {
        Some(Place { repository: repository.to_owned(), manifest: manifest.map(str::to_owned) })
    }

    #[test]
    fn repositories_may_have_slashes_and_awkward_names() {
        assert_eq!(Place::of("/v2/org/app/manifests/1.0.0"), place("org/app", Some("1.0.0")));
        assert_eq!(Place::of("/v2/app/blobs/uploads/42"), place("app", None));
        assert_eq!(Place::of("/v2/org/blobs/manifests/latest"), place("org/blobs", Some("latest")));
        assert_eq!(Place::of("/v2/org/manifests/blobs/sha256:00"), place("org/manifests", None));
        assert_eq!(Place::of("/v2/app/tags/list"), place("app", None));
    }

    #[test]
    fn the_base_and_the_catalog_belong_to_no_repository() {
        assert_eq!(Place::of("/v2/"), None);
        assert_eq!(Place::of("/v2/_catalog"), None);
    }
}
