//! The console over HTTP.
//!
//! ```text
//!  listen      connections: limits, timeouts, graceful end
//!    └ headers ─ journal ─ panics ─ host ─ client ─ origin ─ deadline ─ body          every request, outermost first
//!        ├ probes, metrics, site                                                      nobody asks who you are
//!        ├ api                                                                        bearer tokens
//!        ├ gateways: a token instead of a session, outside host and origin, which are about browsers
//!        ├ replicas: consoles on the same database, by a secret of theirs
//!        └ session ─ pages and server functions │ sign_in sign_out setup │ live       everybody else
//! ```
//!
//! Each middleware is a pure decision and a thin edge. A refusal is [`ProblemDetails`], whoever refuses.

mod accept;
mod api;
mod body;
mod client;
mod cookie;
mod deadline;
mod gateways;
mod headers;
mod host;
mod journal;
pub mod listen;
mod live;
mod machine;
mod metrics;
mod next;
mod origin;
mod pages;
mod panics;
mod probes;
mod problem;
mod render;
mod replicas;
mod router;
mod session;
mod setup;
mod sign_in;
mod sign_out;
mod site;
mod state;

pub use gateways::Gateways;
pub use problem::ProblemDetails;
pub use router::{mutating_routes, router};
pub use site::{Site, SiteError};
pub use state::{Console, ConsoleParts};
