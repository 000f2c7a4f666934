//! A real service to balance, and the traffic that goes to it.
//!
//! ```text
//!  traffic ──(open loop, Poisson, daily wave)──► balancer ──► http ──► jobs ──► engine ──► montecarlo (pure)
//!                                                              │        bounded   blocking threads, bounded
//!                                                              └── load: own CPU and memory, as an ORCA header on every answer
//! ```
//!
//! It knows nothing of the rest of Evenkeel: an instance is an ordinary HTTP service, and stays one when copied elsewhere. It keeps
//! nothing on disk, and nothing in memory without a bound.

mod engine;
mod http;
mod jobs;
mod load;
pub mod montecarlo;
mod parent;
mod request;
mod serve;
mod stats;
pub mod traffic;

pub use parent::{OrphanError, die_with_parent};
pub use serve::{SampleConfig, ServeError, serve, serve_on};
