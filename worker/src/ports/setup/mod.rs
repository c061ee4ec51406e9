//! What `lockstep doctor` asks about a set-up, as contracts: reads of settings that no deployment needs. An
//! inspector must never leave anything changed, and never hand out a value that may be a secret.

mod cluster;
mod forge;
mod identity;
mod queue;
mod registry;
mod table;

pub use cluster::{ClusterInspector, ContainerSetup, ServiceSetup};
pub use forge::{
    ActionsSetup, BranchPolicy, BranchRules, EnvironmentProtection, ForgeInspector, RepositorySetup,
    WorkflowFile,
};
pub use identity::{Caller, IdentityFault, IdentityInspector, RoleTrial};
pub use queue::{QueueInspector, QueueSetup, Redrive};
pub use registry::{RegistryInspector, UploadTrial};
pub use table::{TableInspector, TableSetup};
