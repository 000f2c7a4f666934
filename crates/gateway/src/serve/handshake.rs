//! The beginning of a TLS connection.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use pingora_core::{
    listeners::tls::Acceptor,
    protocols::{l4::stream::Stream, tls::TlsStream},
};
use tracing::debug;

use crate::tls::Keyring;

/// Shakes hands with clients.
pub(super) struct Handshakes {
    acceptor: Acceptor,
    failed: Arc<AtomicU64>,
}

impl Handshakes {
    pub(super) fn new(keyring: &Keyring, failed: Arc<AtomicU64>) -> Self {
        Self {
            acceptor: Acceptor::from_server_config(keyring.server_config()),
            failed,
        }
    }

    /// `None` when it failed: what was sent is not TLS, or of a kind that nobody should use. Counts that, and being cut on the way.
    pub(super) async fn shake(&self, stream: Stream) -> Option<TlsStream<Stream>> {
        let unfinished = Unfinished(&self.failed);
        match self.acceptor.tls_handshake(stream).await {
            Ok(stream) => {
                std::mem::forget(unfinished);
                Some(stream)
            }
            Err(error) => {
                debug!(%error, "a TLS handshake failed");
                None
            }
        }
    }
}

struct Unfinished<'a>(&'a AtomicU64);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
