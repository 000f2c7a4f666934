//! What Evenkeel brings itself: the gateway as a balancer, and the supervisor that runs the sample fleet.

mod balancer;
mod supervisor;

pub use balancer::{BuiltinBalancer, GATEWAY};
pub use supervisor::{Companion, StartError, Supervisor, SupervisorConfig, Timing};
