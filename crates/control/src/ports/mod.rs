//! What the brain asks of the world. Each trait is small and object-safe, has a memory twin in `testkit`, and one contract suite that
//! runs over twin and real adapter alike.

mod balancer;
mod clock;
pub mod cluster;
mod identity;
mod journal;
mod lease;
mod policies;
mod registry;
mod resolver;
/// The rules of roll-ups, which every store of samples keeps.
pub mod rollup {
    pub use crate::decide::rollup::{Bucket, LineBuilder, fold};
}
mod samples;
mod scaling;
mod upkeep;
mod workloads;

pub use balancer::{ApplyError, Balancer, BalancerCapabilities, SourceError};
pub use clock::{Clock, SystemClock};
pub use identity::{CreateUserError, Identity, NewSession, NewUser, PasswordHash, RedeemError, SessionRecord, TokenHash};
pub use journal::{AuditEntry, AuditRecord, Journal, PAGE_MAX};
pub use lease::{Alone, Candidate, Fence, FenceCell, Holding, Lease};
pub use policies::{Policies, PutError, PutPolicy};
pub use registry::Registry;
pub use resolver::{Resolver, SystemResolver};
pub use samples::{Compacted, Line, Oldest, RANGE_KEYS_MAX, RangeQuery, Recorded, SampleRow, Samples};
pub use scaling::{ChangeRecord, PutScaling, PutScalingError, ScalingLedger, ScalingPolicies};
pub use upkeep::{KeptTable, Upkeep};
pub use workloads::{ScaleError, Workloads};

/// The store could not do it. Nothing was acknowledged, nothing was half written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Busy or unreachable: the same call may work later.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// Full, read-only or broken: somebody has to look.
    #[error("the database cannot be written: {0}")]
    Unwritable(String),
    /// A stored value that this version cannot read.
    #[error("the database holds a value this version cannot read: {0}")]
    Corrupt(String),
    /// The write was the leader's to make, and another console leads by now.
    #[error("this console does not lead: nothing was written")]
    Deposed,
}
