//! What Evenkeel brings itself: the gateways as a balancer, and the supervisor that runs the sample fleet.

mod balancer;
pub mod fleet;
mod supervisor;

pub use balancer::{BuiltinBalancer, GATEWAY};
pub use supervisor::{Companion, StartError, Supervisor, SupervisorConfig, Timing};
