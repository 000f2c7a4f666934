//! Twins of the ports that live in memory, and can be told to fail.

mod balancer;
mod clock;
mod cluster;
mod identity;
mod lease;
mod registry;
mod resolver;
mod samples;
mod scaling;
mod store;
mod workloads;

pub use balancer::MemoryBalancer;
pub use clock::ManualClock;
pub use cluster::MemoryCluster;
pub use resolver::MemoryResolver;
pub use store::MemoryStore;
pub use workloads::MemoryWorkloads;

/// How a twin behaves from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Works,
    /// Answers with this error.
    Fails(String),
    /// Never answers; a call that hangs goes on hanging after the mode has changed.
    Hangs,
    /// Takes no plan, for this reason; everything else works.
    Refuses(String),
}
