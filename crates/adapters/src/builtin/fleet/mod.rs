//! Gateways elsewhere that serve by this console's plan: together with the one in the console's process they are one balancer.
//!
//! ```text
//!  gateway ── POST /api/gateways/{id}/sync: what it counted, which orders are in force ──► receive ─► registry
//!          ◄── new orders (plan and affinity key), commands; held until there are any ──── orders ◄──┘  │
//!                                                                                                       ▼
//!                                                                counts, balancer::{merge, observer} ─► BalancerObservation
//! ```
//!
//! The gateway is the client, so that it may stand behind an address translation and the console behind a proxy. It needs the console
//! for changes alone: what it was told last, it keeps.

pub(super) mod counts;
mod known;
mod orders;
mod receive;
mod registry;
mod remote;
mod text;
mod times;
mod wire;

pub use orders::{Orders, SecretKey};
pub use receive::{BadReport, Report, receive};
pub use registry::{Fleet, Limits, SyncRefused};
pub(super) use registry::{Look, own_id};
pub(super) use remote::Remote;
pub use text::line;
pub use wire::{Command, Done, OrdersText, PROTOCOL, REPORT_MAX_BYTES, Refusal, SyncAnswer, SyncRequest};
