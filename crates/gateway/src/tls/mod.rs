//! TLS on both sides, on rustls with ring.
//!
//! ```text
//!  certificate files ─► files ─► certificate ─► sni::Resolver ◄─ handshakes of clients
//!        ▲ every few seconds, and when asked         │
//!        └──────────────── keyring ──────────────────┘ swaps what is good, keeps what it has when the new is bad
//!
//!  ca file ─► upstream ─► Pingora's peers · upgrades and checks (wire)
//! ```
//!
//! Pingora can be given a `ServerConfig`, so its listeners' own reading of files, which panics and is done once, is not used.

mod certificate;
mod files;
mod keyring;
mod sni;
mod upstream;
mod wire;

pub(crate) use certificate::Certificate;
pub use files::CertificateError;
pub(crate) use keyring::{Keyring, keep};
pub(crate) use upstream::{Upstream, failure_in_words};
pub(crate) use wire::Wire;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::crypto::{CryptoProvider, ring};

/// TLS for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// Where to listen for TLS; port 0 takes a free one, [`crate::Gateway::tls_addrs`] tells which.
    pub listen: Vec<SocketAddr>,
    /// Chosen by the name a client asks for; the first is for those that ask for none of them.
    pub certificates: Vec<CertificateFiles>,
    /// How often the files are looked at.
    pub look_every: Duration,
}

impl TlsConfig {
    /// Two small files per certificate are read: nothing, and soon enough for who waits for it.
    pub const LOOK_EVERY: Duration = Duration::from_secs(5);
    /// Certificates of one gateway.
    pub const CERTIFICATES_MAX: usize = 100;
}

/// A certificate with its chain, and its key: two PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
