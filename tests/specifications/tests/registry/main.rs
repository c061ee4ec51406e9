//! The registry adapter against Debian's docker-registry with a password: tags of images for several platforms are
//! moved byte for byte, and every refusal is named. Must never pass without that registry.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

mod images;
mod refusals;

use std::time::Duration;

use lockstep::adapters::registry::{OciRegistry, RegistryAuth, RegistrySettings};
use specifications::{DebianRegistry, Mode, PASSWORD, USER};
use tempfile::TempDir;

/// The repository that everything is in.
const NAME: &str = "acme/sample";

/// A registry with its files.
struct Stage {
    folder: TempDir,
    registry: DebianRegistry,
}

async fn stage() -> Stage {
    let folder = TempDir::new().unwrap();
    let registry = DebianRegistry::start(folder.path(), Mode::ReadAndWrite).await.unwrap();
    Stage { folder, registry }
}

fn user() -> RegistryAuth {
    RegistryAuth::Basic { user: USER.to_owned(), password: PASSWORD.into() }
}

fn settings(registry: &DebianRegistry, auth: RegistryAuth) -> RegistrySettings {
    RegistrySettings {
        repository: registry.repository(NAME),
        auth,
        anonymous_reads: false,
        plain_http: true,
        call_timeout: Duration::from_secs(20),
    }
}

fn adapter(registry: &DebianRegistry, auth: RegistryAuth) -> OciRegistry {
    OciRegistry::new(settings(registry, auth)).unwrap()
}
