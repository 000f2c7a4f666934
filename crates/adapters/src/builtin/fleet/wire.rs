//! What travels between a gateway and its console, as JSON over HTTP. Unknown members are ignored on both sides; what changes the meaning
//! of a known one changes [`PROTOCOL`].

use std::{fmt, net::SocketAddr};

use gateway::GatewayStats;
use model::{BreakerTarget, PoolId};
use serde::{Deserialize, Serialize};

pub const PROTOCOL: u32 = 1;

/// Some two thousand instances with two hundred latencies each, or five hundred with a thousand. A gateway that has more to tell reports
/// without its counts.
pub const REPORT_MAX_BYTES: usize = 8 * 1024 * 1024;

/// What a gateway tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncRequest {
    pub protocol: u32,
    /// Drawn at its start: tells two processes of the same name apart.
    pub run: u64,
    /// One more with each report of the process: an older one that comes later is no news.
    pub sequence: u64,
    /// Unix time of this report by the gateway's clock, ms: what all other times in it are compared with.
    pub sent_at_ms: i64,
    /// Unix time, ms.
    pub started_at_ms: i64,
    /// "0.1.0".
    pub software: String,
    /// Where it listens; empty while it has no plan.
    pub addresses: Vec<SocketAddr>,
    /// Where it listens for TLS.
    #[serde(default)]
    pub tls_addresses: Vec<SocketAddr>,
    /// Digest of the orders it serves by.
    pub in_force: Option<String>,
    /// Orders that it could not follow; those before stay in force.
    pub refused: Option<Refusal>,
    /// What it cannot do at the moment, in sentences.
    #[serde(default)]
    pub troubles: Vec<String>,
    /// How long it has been without a console until this report, ms.
    pub away_ms: Option<u64>,
    /// It ends.
    pub leaving: bool,
    /// Commands it has carried out.
    pub done: Vec<Done>,
    /// Absent while it does not serve, and when they are too many for a report: those told before stand then. Events that a console has
    /// confirmed are left out.
    pub stats: Option<GatewayStats>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub digest: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub id: u64,
    /// Why it could not be carried out.
    pub error: Option<String>,
}

/// What a console answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncAnswer {
    pub protocol: u32,
    /// Digest of the orders that all gateways are to follow.
    #[serde(default)]
    pub wanted: Option<String>,
    /// Present when other orders than those in force are to be followed.
    pub orders: Option<OrdersText>,
    pub commands: Vec<Command>,
    /// How long to wait before the next report, ms.
    pub next_ms: u32,
}

/// [`super::Orders`] as text, so that both sides speak of the same bytes. Holds a key: never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrdersText(pub String);

impl fmt::Debug for OrdersText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrdersText({} bytes)", self.0.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Sent again until it is reported as done.
    pub id: u64,
    pub pool: PoolId,
    /// Breakers to close at once.
    pub reset: Vec<BreakerTarget>,
}
