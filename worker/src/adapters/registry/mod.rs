//! The OCI registry, through oci-client: logging in, manifests by tag and digest, and moving a tag. Wires the
//! parts up; must hold no call of its own.

mod faults;
mod manifest;
mod port;
mod session;
mod settings;
mod setup;

pub use port::OciRegistry;
pub use settings::{RegistryAuth, RegistrySettings, RegistrySetupError};
pub use setup::OciInspector;
