//! Real OCI images for the stand-ins: built from files, pushed, pulled and unpacked over the real registry
//! protocol, without Docker.
//!
//! The GitHub stand-in builds and pushes with it, the ECS stand-in pulls and unpacks with it. It must never
//! be linked into the product: the worker only moves tags and never looks inside an image.
//!
//! Plain HTTP is spoken to loopback registries only; every other registry is reached through HTTPS.

pub mod build;
pub mod error;
pub mod layer;
pub mod unpack;

mod blob;
mod extract;
mod platform;
mod push;
mod registry;

pub use blob::Blob;
pub use error::Error;
pub use oci_client::secrets::RegistryAuth;
pub use push::{Pushed, push};
