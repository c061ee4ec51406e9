//! The registry as the [`Registry`] port. Must never report a tag as moved that it has not read back.

use async_trait::async_trait;
use lockstep_events::ImageDigest;

use super::faults::fault;
use super::session::Session;
use super::settings::{Place, RegistrySettings, RegistrySetupError};
use crate::faults::{Fault, FaultKind};
use crate::ports::{Answer, ImageContents, Registry};

const RESOLVE: &str = "resolve a tag";
const CONTENTS: &str = "read a manifest";
const POINT: &str = "point a tag";

/// One image repository.
pub struct OciRegistry {
    place: Place,
    repository: String,
    reader: Session,
    writer: Session,
}

impl OciRegistry {
    /// A registry adapter for one repository. Nothing is sent yet.
    ///
    /// # Errors
    /// [`RegistrySetupError`]: the repository's name or the HTTP client's configuration is unusable.
    pub fn new(settings: RegistrySettings) -> Result<Self, RegistrySetupError> {
        let place = Place::parse(&settings.repository)?;
        Ok(Self {
            repository: place.repository(),
            place,
            reader: Session::reader(&settings)?,
            writer: Session::writer(&settings)?,
        })
    }

    /// What the tag names now, by a login of its own.
    async fn read_back(&self, tag: &str) -> Answer<Option<ImageDigest>> {
        let reference = self.place.tag(tag);
        self.reader.log_in(POINT, &reference).await?;
        self.reader.digest(POINT, &reference).await
    }

    /// A refusal to put is no failure when the tag already names what it should: immutable tags are refused
    /// also to the same bytes (Amazon ECR: `ImageAlreadyExistsException`), and another worker may have been
    /// here first.
    async fn settle(&self, tag: &str, digest: &ImageDigest, refused: Fault) -> Answer<()> {
        if !matches!(refused.kind, FaultKind::Refused | FaultKind::Denied) {
            return Err(refused);
        }
        match self.read_back(tag).await {
            Ok(Some(named)) if named == *digest => Ok(()),
            Ok(Some(named)) => {
                let words = format!(
                    "tag {tag} names {named} and could not be pointed at {digest}: {}",
                    refused.message
                );
                Err(fault(POINT, refused.kind, &words))
            }
            Ok(None) | Err(_) => Err(refused),
        }
    }
}

#[async_trait]
impl Registry for OciRegistry {
    fn repository(&self) -> &str {
        &self.repository
    }

    async fn resolve(&self, tag: &str) -> Answer<Option<ImageDigest>> {
        check_tag(RESOLVE, tag)?;
        let reference = self.place.tag(tag);
        self.reader.log_in(RESOLVE, &reference).await?;
        self.reader.digest(RESOLVE, &reference).await
    }

    async fn contents(&self, digest: &ImageDigest) -> Answer<Option<ImageContents>> {
        let reference = self.place.digest(digest.as_str());
        self.reader.log_in(CONTENTS, &reference).await?;
        let Some((_bytes, manifest)) = self.reader.manifest(CONTENTS, &reference).await? else {
            return Ok(None);
        };
        let runnable = std::iter::once(digest.clone()).chain(manifest.children).collect();
        Ok(Some(ImageContents { digest: digest.clone(), runnable }))
    }

    async fn point(&self, tag: &str, digest: &ImageDigest) -> Answer<()> {
        check_tag(POINT, tag)?;
        let source = self.place.digest(digest.as_str());
        self.reader.log_in(POINT, &source).await?;
        let Some((bytes, manifest)) = self.reader.manifest(POINT, &source).await? else {
            let words = format!("{} does not have {digest}, so tag {tag} cannot name it", self.repository);
            return Err(fault(POINT, FaultKind::NotFound, &words));
        };
        let target = self.place.tag(tag);
        // Without this the put would go out anonymously.
        self.writer.log_in(POINT, &target).await?;
        if let Err(refused) = self.writer.put(POINT, &target, bytes, &manifest).await {
            return self.settle(tag, digest, refused).await;
        }
        match self.read_back(tag).await? {
            Some(named) if named == *digest => Ok(()),
            Some(named) => {
                let words = format!(
                    "tag {tag} names {named} right after it was pointed at {digest}: somebody else moves it"
                );
                Err(fault(POINT, FaultKind::Refused, &words))
            }
            // A registry may be slow to show what it took.
            None => {
                let words = format!("tag {tag} is not to be seen after it was pointed at {digest}");
                Err(fault(POINT, FaultKind::Unavailable, &words))
            }
        }
    }
}

/// OCI Distribution Specification, "Pulling manifests": a tag that does not match would change the request.
fn check_tag(operation: &'static str, tag: &str) -> Answer<()> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = (1..=128).contains(&tag.len())
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-');
    if fits {
        return Ok(());
    }
    let words = format!(
        "{tag:?} cannot be an image tag: expected at most 128 letters, digits, `_`, `.` and `-`, \
         none of the last two first"
    );
    Err(fault(operation, FaultKind::Refused, &words))
}
