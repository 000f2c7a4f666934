//! One suite per port. What passes it may stand in for the others; the twin and every real adapter run it alike.
//!
//! A suite expects a store with nothing in it, and leaves its traces behind.

mod identity;
mod journal;
mod lease;
mod policies;
mod registry;
mod samples;
mod scaling;
mod workloads;

pub use identity::{first_admin_race, identity};
pub use journal::journal;
pub use lease::lease;
pub use policies::{concurrent_changes, policies};
pub use registry::registry;
pub use samples::samples;
pub use scaling::{scaling_ledger, scaling_policies};
pub use workloads::{workloads, workloads_of_others};
