//! pending
mod release;
pub use release::HealthyRelease;
