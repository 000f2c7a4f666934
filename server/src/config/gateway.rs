//! `[gateway]`: the built-in balancer.

use std::{net::SocketAddr, time::Duration};

use gateway::{GatewayConfig, ReceiptConfig, TraceConfig};
use model::Algorithm;
use serde::{Deserialize, Serialize};

use super::{AccessLogSettings, Key, Network, TlsSettings, error::BadValue, list::one_or_many};

/// The ids of [`Algorithm::ALL`]; a test holds them together.
pub(super) const ALGORITHMS: &str =
    "round_robin, weighted_round_robin, least_connections, least_response_time, ewma, resource_based, ip_hash, uri_hash or random_two";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "gateway.listen",
        "one or more IP addresses with ports, such as [\"127.0.0.1:8080\"]",
    ),
    Key::new(
        "gateway.tls.listen",
        "one or more IP addresses with ports, such as [\"0.0.0.0:443\"]",
    ),
    Key::new(
        "gateway.tls.certificates",
        "a list of tables with certificate and key, one to 100 where gateway.tls.listen is set",
    ),
    Key::new(
        "gateway.tls.certificates[].certificate",
        "the path of a PEM file with the certificate and its chain",
    ),
    Key::new("gateway.tls.certificates[].key", "the path of a PEM file with the private key"),
    Key::new("gateway.access_log.file", "the path of a file, or stdout"),
    Key::new("gateway.access_log.sample", "0 (failures and slow ones only) to 1 (all)"),
    Key::new("gateway.access_log.slow_ms", "0 (none is slow) to 3600000 milliseconds"),
    Key::new("gateway.access_log.query", "true or false"),
    Key::new("gateway.algorithm", ALGORITHMS),
    Key::new("gateway.threads", "0 (one per core) to 64 threads"),
    Key::new("gateway.max_connections", "1 to 65536 connections"),
    Key::new(
        "gateway.trusted_proxies",
        "a list of addresses or networks whose X-Forwarded-For is believed, such as [\"10.0.0.0/8\"]",
    ),
    Key::new("gateway.identity_headers", "true or false"),
    Key::new("gateway.trace", "true or false"),
    Key::new("gateway.trace_sample", "0 (none) to 1 (all)"),
    Key::new("gateway.max_uri_bytes", "256 to 65536 bytes"),
    Key::new("gateway.upstream_keepalive", "0 to 10000 idle connections"),
    Key::new("gateway.connect_timeout_ms", "10 to 600000 milliseconds"),
    Key::new("gateway.read_timeout_ms", "10 to 3600000 milliseconds"),
    Key::new("gateway.drain_ms", "0 to 600000 milliseconds"),
    Key::new("gateway.receipts.sample", "a share of all requests, 0 to 1"),
    Key::new("gateway.receipts.on_request", "true or false"),
    Key::new("gateway.receipts.kept", "0 to 10000 receipts"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaySettings {
    #[serde(deserialize_with = "one_or_many")]
    pub listen: Vec<SocketAddr>,
    /// The same over TLS.
    pub tls: TlsSettings,
    /// Of pools that set none; a change made in the console outlives it.
    pub algorithm: Algorithm,
    /// 0: one per core.
    pub threads: usize,
    /// Of clients; the next ones wait.
    pub max_connections: usize,
    /// Load balancers in front, whose word on who the client is counts.
    #[serde(deserialize_with = "one_or_many")]
    pub trusted_proxies: Vec<Network>,
    /// `x-served-by`, `server-timing` and `x-request-id`.
    pub identity_headers: bool,
    /// `traceparent`.
    pub trace: bool,
    /// The share of traces begun here that is to be recorded.
    pub trace_sample: f64,
    pub access_log: AccessLogSettings,
    /// Longest path and query; beyond it 414.
    pub max_uri_bytes: usize,
    /// Idle connections kept to instances.
    pub upstream_keepalive: usize,
    /// Until an instance counts as unreachable and another one is tried.
    pub connect_timeout_ms: u32,
    /// Silence of an instance that becomes 504.
    pub read_timeout_ms: u32,
    /// How long requests in flight may take to finish when the gateway stops.
    pub drain_ms: u32,
    pub receipts: ReceiptSettings,
}

/// Which requests get a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptSettings {
    /// Share of all requests.
    pub sample: f64,
    /// Those that ask with `x-evenkeel-receipt`.
    pub on_request: bool,
    /// The newest so many; 0 switches them off.
    pub kept: usize,
}

impl Default for ReceiptSettings {
    fn default() -> Self {
        let ReceiptConfig { sample, on_request, kept } = ReceiptConfig::default();
        Self { sample, on_request, kept }
    }
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            tls: TlsSettings::default(),
            algorithm: Algorithm::RoundRobin,
            threads: 0,
            max_connections: GatewayConfig::MAX_CONNECTIONS,
            trusted_proxies: Vec::new(),
            identity_headers: true,
            trace: true,
            trace_sample: TraceConfig::SAMPLE,
            access_log: AccessLogSettings::default(),
            max_uri_bytes: GatewayConfig::MAX_URI_BYTES,
            upstream_keepalive: 512,
            connect_timeout_ms: 2_000,
            read_timeout_ms: 60_000,
            drain_ms: 30_000,
            receipts: ReceiptSettings::default(),
        }
    }
}

impl GatewaySettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        if self.listen.is_empty() && self.tls.listen.is_empty() {
            return Err(BadValue::new("gateway.listen", "it is empty"));
        }
        let all: Vec<_> = self.listen.iter().chain(&self.tls.listen).collect();
        if let Some((at, twice)) = all.iter().enumerate().find(|(at, a)| a.port() != 0 && all[..*at].contains(a)) {
            let key = if at < self.listen.len() {
                "gateway.listen"
            } else {
                "gateway.tls.listen"
            };
            return Err(BadValue::new(key, format!("it has {twice} twice")));
        }
        self.tls.check()?;
        self.access_log.check()?;
        BadValue::within("gateway.trace_sample", self.trace_sample, 0.0..=1.0)?;
        BadValue::within("gateway.threads", self.threads, 0..=64)?;
        BadValue::within("gateway.max_connections", self.max_connections, 1..=65_536)?;
        BadValue::within("gateway.max_uri_bytes", self.max_uri_bytes, 256..=65_536)?;
        BadValue::within("gateway.upstream_keepalive", self.upstream_keepalive, 0..=10_000)?;
        BadValue::within("gateway.connect_timeout_ms", self.connect_timeout_ms, 10..=600_000)?;
        BadValue::within("gateway.read_timeout_ms", self.read_timeout_ms, 10..=3_600_000)?;
        BadValue::within("gateway.drain_ms", self.drain_ms, 0..=600_000)?;
        BadValue::within("gateway.receipts.sample", self.receipts.sample, 0.0..=1.0)?;
        BadValue::within("gateway.receipts.kept", self.receipts.kept, 0..=10_000)
    }
}

impl From<&GatewaySettings> for GatewayConfig {
    fn from(settings: &GatewaySettings) -> Self {
        let ms = |ms: u32| Duration::from_millis(ms.into());
        let defaults = Self::default();
        Self {
            listen: settings.listen.clone(),
            tls: (&settings.tls).into(),
            trace: settings.trace.then_some(TraceConfig {
                sample: settings.trace_sample,
            }),
            access_log: (&settings.access_log).into(),
            threads: if settings.threads == 0 {
                defaults.threads
            } else {
                settings.threads
            },
            max_connections: settings.max_connections,
            trusted_proxies: settings.trusted_proxies.iter().map(|network| network.net()).collect(),
            identity_headers: settings.identity_headers,
            max_uri_bytes: settings.max_uri_bytes,
            upstream_keepalive: settings.upstream_keepalive,
            connect_timeout: ms(settings.connect_timeout_ms),
            read_timeout: ms(settings.read_timeout_ms),
            drain: ms(settings.drain_ms),
            receipts: ReceiptConfig {
                sample: settings.receipts.sample,
                on_request: settings.receipts.on_request,
                kept: settings.receipts.kept,
            },
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowed_algorithms_are_all_of_them() {
        let listed: Vec<_> = ALGORITHMS.split([',', ' ']).filter(|word| !matches!(*word, "" | "or")).collect();
        assert_eq!(listed, Algorithm::ALL.map(Algorithm::id));
    }
}
