//! An OCI registry of manifests in memory (OCI Distribution Specification, "Pulling manifests", "Pushing
//! manifests"): no blobs, since a worker only moves tags. Keeps a log of what every push changed. Must never
//! change a manifest's bytes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A tag that was put: where it pointed before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Put {
    pub(crate) tag: String,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
}

/// Everything in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    manifests: BTreeMap<String, (Bytes, String)>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) puts: Vec<Put>,
    /// Which version an image is, by each of its digests.
    versions: BTreeMap<String, String>,
}

/// One image repository.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Contents>);

impl Registry {
    pub(crate) fn restore(contents: &Contents) -> Self {
        Self(Mutex::new(contents.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn contents(&self) -> Contents {
        self.lock().clone()
    }

    /// What the build of a commit pushes: an index with one manifest. The same commit gives the same digests.
    pub(crate) fn build(&self, tag: &str, commit: &str, version: &str) {
        let config = digest(format!("{commit} {version}").as_bytes());
        let manifest = document(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
        }));
        let inner = digest(&manifest);
        let index = document(&json!({
            "schemaVersion": 2, "mediaType": INDEX,
            "manifests": [{
                "mediaType": MANIFEST, "digest": inner, "size": manifest.len(),
                "platform": { "architecture": "amd64", "os": "linux" },
            }],
        }));
        let outer = digest(&index);
        let mut contents = self.lock();
        for (name, bytes, kind) in [(&inner, manifest, MANIFEST), (&outer, index, INDEX)] {
            contents.versions.insert(name.clone(), version.to_owned());
            contents.manifests.insert(name.clone(), (bytes, kind.to_owned()));
        }
        contents.tags.insert(tag.to_owned(), outer);
    }

    /// The version of the image with this digest, and the digest of its manifest.
    pub(crate) fn image(&self, digest: &str) -> Option<(String, String)> {
        let contents = self.lock();
        let version = contents.versions.get(digest)?.clone();
        let (bytes, _) = contents.manifests.get(digest)?;
        let document: Value = serde_json::from_slice(bytes).ok()?;
        let inner = document["manifests"][0]["digest"].as_str().unwrap_or(digest);
        Some((version, inner.to_owned()))
    }

    /// Answers a request.
    pub(crate) fn answer(
        &self,
        method: &Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Response<Full<Bytes>> {
        let Some((_, reference)) = path.split_once("/manifests/") else {
            return reply(StatusCode::OK, &[], Bytes::from_static(b"{}"));
        };
        let mut contents = self.lock();
        if method == Method::PUT {
            let named = digest(&body);
            contents.manifests.insert(named.clone(), (body, kind.to_owned()));
            if !reference.starts_with("sha256:") {
                let from = contents.tags.insert(reference.to_owned(), named.clone());
                contents.puts.push(Put { tag: reference.to_owned(), from, to: named.clone() });
            }
            let headers = [("docker-content-digest", named.as_str()), ("location", path)];
            return reply(StatusCode::CREATED, &headers, Bytes::new());
        }
        let named = contents.tags.get(reference).map_or(reference, String::as_str);
        match contents.manifests.get(named) {
            Some((bytes, kind)) => {
                let body = if method == Method::HEAD { Bytes::new() } else { bytes.clone() };
                let length = bytes.len().to_string();
                let mut headers =
                    vec![("docker-content-digest", named), (header::CONTENT_TYPE.as_str(), kind.as_str())];
                if method == Method::HEAD {
                    headers.push((header::CONTENT_LENGTH.as_str(), length.as_str()));
                }
                reply(StatusCode::OK, &headers, body)
            }
            None => {
                let error =
                    json!({ "errors": [{ "code": "MANIFEST_UNKNOWN", "message": "manifest unknown" }] });
                let body = if method == Method::HEAD { Bytes::new() } else { document(&error) };
                reply(StatusCode::NOT_FOUND, &[(header::CONTENT_TYPE.as_str(), "application/json")], body)
            }
        }
    }
}

fn document(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn reply(status: StatusCode, headers: &[(&str, &str)], body: Bytes) -> Response<Full<Bytes>> {
    let mut response =
        Response::builder().status(status).header("docker-distribution-api-version", "registry/2.0");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body)).expect("headers of digests and media types are valid")
}
