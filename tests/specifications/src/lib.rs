//! Debian's docker-registry, run as its users run it, for the tests of the registry adapter. The other specifications
//! (GitHub's, ECS's, the AWS CLI) are looked at by the Python programs in `wire/`; `check.sh` runs all of it. Must never
//! stand in for anything: what answers here is somebody else's program.

mod debian;
mod manifests;
mod pushing;

pub use debian::{DebianRegistry, Mode, PASSWORD, StartError, USER};
pub use manifests::{Blob, digest_of, index, manifest};
pub use pushing::{Pusher, Stored};
