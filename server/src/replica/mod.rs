//! Several consoles on one database: what they say to each other.
//!
//! ```text
//!  follower ── GET /api/replicas/snapshots: what the leader sees, once a second ──► leader
//!           ── POST /api/replicas/{id}/sync: what its own gateway counts ──►
//!           ── what only the leader can take (reports of gateways, signs of life): passed on as it came ──►
//! ```
//!
//! They find each other by the lease, whose row says where the leader is reached, and know each other by a secret that the database keeps.
//! Who leads is decided there and nowhere else: that one console does not hear another decides nothing.

mod follow;
mod join;
mod link;
mod report;

pub(crate) use follow::follow;
pub(crate) use join::{known_as, peers};
pub use link::Peers;
pub(crate) use link::{CLIENT, Passed};
pub(crate) use report::OwnGateway;

/// All that consoles say to each other.
pub(crate) const PREFIX: &str = "/api/replicas/";
/// Where followers ask.
pub(crate) const SNAPSHOTS: &str = "/api/replicas/snapshots";
/// Where followers tell what their gateways count.
pub(crate) const SYNC: &str = "/api/replicas/{id}/sync";
