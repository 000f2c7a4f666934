//! HTTP/2: many requests on one connection, each in a task of its own and served as if it were a connection of its own.
//!
//! Pingora's own loop would do, were it not that its tasks know nothing of the connection they belong to, and that a request which its
//! client has cancelled goes on without being counted by anybody: a client that opens and cancels as fast as it can (CVE-2023-44487)
//! would start any number of them. Here a stream has one of [`MAX_STREAMS`] places until its task has ended, whatever the client did to
//! it, and who cancels most of what it asks is sent away.

use std::{future::poll_fn, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{Reason, server::Connection as H2};
use pingora_core::{
    apps::HttpServerApp,
    protocols::{
        Digest, GetSocketDigest as _, GetTimingDigest as _, Ssl as _, Stream,
        http::{
            ServerSession,
            v2::server::{H2Accept, H2Options, HttpSession, handshake},
        },
        l4::stream::Stream as Socket,
        tls::TlsStream,
    },
};
use tokio::{
    sync::{Semaphore, watch},
    time,
};
use tracing::debug;

use super::connection::Connection;
use crate::GatewayConfig;

/// Requests of one connection at a time; what browsers and servers agree on (RFC 9113 §6.5.2 advises against less).
pub(super) const MAX_STREAMS: u32 = 100;
/// Cancelled streams that h2 remembers, and that may wait to be taken: beyond, it closes the connection.
const MAX_RESETS: usize = 20;
/// How many requests a connection may cancel before it is asked whether they are most of them: a page that is left cancels a few dozen.
const MAX_CANCELLED: u32 = 100;
/// Requests that are no HTTP; Pingora's own limit.
const MAX_MALFORMED: usize = 32;
/// What a client may send ahead: 256 KiB of one request, 1 MiB of all.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What waits to be taken by a slow client, per request.
const MAX_SEND_BUFFER: usize = 128 * 1024;
/// How long a client that is sent away may take to hear why.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where streams go.
pub(super) struct Streams<'a, A> {
    pub(super) app: &'a Arc<A>,
    pub(super) connection: &'a Arc<Connection>,
    pub(super) config: &'a GatewayConfig,
    pub(super) stopping: watch::Receiver<bool>,
}

impl<A: HttpServerApp + Send + Sync + 'static> Streams<'_, A> {
    /// Runs the connection until it is closed and its last request is done.
    pub(super) async fn serve(self, stream: TlsStream<Socket>) {
        let digest = Arc::new(Digest {
            ssl_digest: stream.get_ssl_digest(),
            timing_digest: stream.get_timing_digest(),
            proxy_digest: None,
            socket_digest: stream.get_socket_digest(),
        });
        let h2 = match handshake(Box::new(stream), Some(options(self.config))).await {
            Ok(h2) => h2,
            Err(error) => return debug!(%error, "a client did not begin HTTP/2 as it promised"),
        };
        let places = Arc::new(Semaphore::new(MAX_STREAMS as usize));
        self.take(h2, &digest, &places).await;
        // The streams of a connection that is gone end by themselves.
        let _all_ended = places.acquire_many(MAX_STREAMS).await;
    }

    async fn take(&self, mut h2: H2<Stream, Bytes>, digest: &Arc<Digest>, places: &Arc<Semaphore>) {
        let mut stopping = self.stopping.clone();
        let (mut is_leaving, mut malformed, mut taken) = (false, 0, 0_u32);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stops(&mut stopping), if !is_leaving => {
                    h2.graceful_shutdown();
                    is_leaving = true;
                    continue;
                }
                accepted = HttpSession::from_h2_conn(&mut h2, digest.clone()) => accepted,
                () = is_idle(places, self.config.client_keepalive), if !is_leaving => {
                    h2.graceful_shutdown();
                    is_leaving = true;
                    continue;
                }
            };
            let session = match accepted {
                Ok(Some(H2Accept::Session(session))) => session,
                Ok(Some(H2Accept::Rejected)) => {
                    malformed += 1;
                    if malformed >= MAX_MALFORMED {
                        return send_away(h2, Reason::PROTOCOL_ERROR).await;
                    }
                    continue;
                }
                Ok(None) => return,
                Err(error) => return debug!(%error, "an HTTP/2 connection ended"),
            };
            taken = taken.saturating_add(1);
            let cancelled = self.connection.cancelled();
            if cancelled > MAX_CANCELLED && cancelled > taken / 2 {
                debug!(client = ?self.connection.address(), cancelled, taken, "sent away a client that cancels what it asks");
                return send_away(h2, Reason::ENHANCE_YOUR_CALM).await;
            }
            // While no place is free answers must still go out, or none would become free.
            let place = tokio::select! {
                biased;
                place = places.clone().acquire_owned() => place,
                _closed = poll_fn(|cx| h2.poll_closed(cx)) => return,
            };
            let stream = Arc::new(self.connection.stream());
            let busy = self
                .connection
                .begin(self.config.client_keepalive + self.config.client_header_timeout);
            let (app, stopping) = (self.app.clone(), self.stopping.clone());
            tokio::spawn(async move {
                let work = async {
                    let _never_reused = app.process_new_http(ServerSession::new_http2(session), &stopping).await;
                };
                if !stream.run(work).await {
                    debug!("cut a request whose body did not come in time");
                }
                drop((busy, place));
            });
        }
    }
}

fn options(config: &GatewayConfig) -> H2Options {
    let mut options = H2Options::new();
    options
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(config.max_request_header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_reset_streams(MAX_RESETS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(MAX_SEND_BUFFER);
    options
}

async fn stops(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone stops too.
    let _stopped = stopping.wait_for(|stopping| *stopping).await.is_ok();
}

/// Resolves when nothing was asked for that long.
async fn is_idle(places: &Semaphore, keepalive: Duration) {
    let _none_in_use = places.acquire_many(MAX_STREAMS).await;
    time::sleep(keepalive).await;
}

async fn send_away(mut h2: H2<Stream, Bytes>, reason: Reason) {
    h2.abrupt_shutdown(reason);
    let closed = pin!(poll_fn(|cx| h2.poll_closed(cx)));
    let _heard = time::timeout(FAREWELL, closed).await;
}
