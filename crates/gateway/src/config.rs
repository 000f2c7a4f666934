//! What a gateway is started with: addresses, threads, limits. Pools and routes are the plan, not the configuration.

use std::{
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::Duration,
};

use ipnet::IpNet;

use crate::{AccessLogConfig, AffinityKey, TlsConfig};

/// Limits and timeouts of one gateway. Every timeout on a read or write counts silence: it starts again with each byte.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayConfig {
    /// Where to listen in the clear; port 0 takes a free one, [`crate::Gateway::local_addrs`] tells which.
    pub listen: Vec<SocketAddr>,
    /// Where to listen for TLS, with which certificates.
    pub tls: Option<TlsConfig>,
    /// Worker threads; 0 counts as 1.
    pub threads: usize,
    /// Client connections served at once. The next ones wait in the kernel's queue.
    pub max_connections: usize,
    /// Largest request head in bytes, request line included; beyond it 431. Pingora itself stops at 1 MiB and 256 fields.
    pub max_request_header_bytes: usize,
    /// Longest request target (path and query) in bytes; beyond it 414.
    pub max_uri_bytes: usize,
    /// Proxies in front whose `X-Forwarded-For` is believed: the client is the right-most address in it that is not theirs.
    pub trusted_proxies: Vec<IpNet>,
    /// Tell clients who served them (`x-served-by`, `server-timing`), and give each request an id (`x-request-id`).
    pub identity_headers: bool,
    /// Which requests get a receipt.
    pub receipts: ReceiptConfig,
    /// Give each request its place in a distributed trace (`traceparent`).
    pub trace: Option<TraceConfig>,
    pub access_log: Option<AccessLogConfig>,
    /// What affinity cookies are signed with.
    pub affinity_key: AffinityKey,
    /// How long a client may take for a whole request head, however it drips; a TLS handshake before it included.
    pub client_header_timeout: Duration,
    /// How long an idle client connection is kept for its next request; whole seconds.
    pub client_keepalive: Duration,
    /// Silence of a client within a request body.
    pub client_read_timeout: Duration,
    /// How long a client may refuse to take bytes of the answer.
    pub client_write_timeout: Duration,
    /// Connecting to an instance; then another instance is tried.
    pub connect_timeout: Duration,
    /// Silence of an instance before or within its answer; before the answer it becomes 504.
    pub read_timeout: Duration,
    /// How long an instance may refuse to take bytes of the request.
    pub write_timeout: Duration,
    /// Idle connections to instances that are kept, over all pools.
    pub upstream_keepalive: usize,
    /// How long an idle connection to an instance is kept: shorter than the instance keeps it, or requests meet a closing door.
    pub upstream_idle_timeout: Duration,
    /// A tunnel (WebSocket) that is silent in both directions for this long is closed.
    pub tunnel_idle_timeout: Duration,
    /// How long a shutdown waits for requests in flight.
    pub drain: Duration,
}

/// Requests whose every step is written down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReceiptConfig {
    /// Share of all requests, 0 to 1.
    pub sample: f64,
    /// Those with the header `x-evenkeel-receipt` as well, at most ten a second.
    pub on_request: bool,
    /// The newest so many are kept, in memory; 0 switches receipts off.
    pub kept: usize,
}

impl Default for ReceiptConfig {
    fn default() -> Self {
        Self {
            sample: 0.01,
            on_request: true,
            kept: 1_000,
        }
    }
}

/// W3C Trace Context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceConfig {
    /// The share of traces begun here that is to be recorded, 0 to 1.
    pub sample: f64,
}

impl TraceConfig {
    pub const SAMPLE: f64 = 0.01;
}

impl GatewayConfig {
    pub const DEFAULT_PORT: u16 = 8080;
    /// 64 KiB: eight times what browsers send at most with sane cookies, a sixteenth of what Pingora would buffer.
    pub const MAX_REQUEST_HEADER_BYTES: usize = 64 * 1024;
    /// 8 KiB: what servers take at least (RFC 9110 §4.1 asks for 8,000 octets).
    pub const MAX_URI_BYTES: usize = 8 * 1024;
    /// Two descriptors each (client and instance) stay below the usual limit of 65,536 with room to spare.
    pub const MAX_CONNECTIONS: usize = 16_384;
    /// An hour, so that a progress bar is never interrupted.
    pub const TUNNEL_IDLE_TIMEOUT: Duration = Duration::from_secs(3600);
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, Self::DEFAULT_PORT))],
            tls: None,
            threads: thread::available_parallelism().map_or(1, usize::from),
            max_connections: Self::MAX_CONNECTIONS,
            max_request_header_bytes: Self::MAX_REQUEST_HEADER_BYTES,
            max_uri_bytes: Self::MAX_URI_BYTES,
            trusted_proxies: Vec::new(),
            identity_headers: true,
            receipts: ReceiptConfig::default(),
            trace: Some(TraceConfig {
                sample: TraceConfig::SAMPLE,
            }),
            access_log: None,
            affinity_key: AffinityKey::random(),
            client_header_timeout: Duration::from_secs(10),
            client_keepalive: Duration::from_secs(60),
            client_read_timeout: Duration::from_secs(60),
            client_write_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            upstream_keepalive: 512,
            upstream_idle_timeout: Duration::from_secs(30),
            tunnel_idle_timeout: Self::TUNNEL_IDLE_TIMEOUT,
            drain: Duration::from_secs(30),
        }
    }
}
