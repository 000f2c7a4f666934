//! What tests are made of. A dev-dependency only.
//!
//! ```text
//!  memory/      twins of the ports: MemoryStore, MemoryBalancer, MemoryWorkloads, MemoryCluster, MemoryResolver,
//!               ManualClock
//!  contract/    one suite per port; it runs over the twin here, and over every real adapter where that lives
//!  postgres     a real PostgreSQL, started and stopped by the test
//!  kubernetes/  a real Kubernetes control plane, whose machines and sensors the test plays
//!  fault_proxy/ failures on demand between a client and that control plane
//!  build        values with sensible defaults, so that a test shows only what it is about
//!  wait         conditions with a deadline, so that no test sleeps
//! ```
//!
//! It fakes nothing that can be started for real: a twin passes the same suite as what it stands for.

// Everything here is test code, which may panic with a sentence.
#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

pub mod build;
pub mod contract;
pub mod fault_proxy;
pub mod kubernetes;
mod left_out;
pub mod memory;
pub mod postgres;
mod wait;

pub use fault_proxy::FaultProxy;
pub use kubernetes::Cluster;
pub use left_out::left_out;
pub use memory::{ManualClock, MemoryBalancer, MemoryCluster, MemoryResolver, MemoryStore, MemoryWorkloads, Mode};
pub use postgres::Postgres;
pub use wait::wait_until;
