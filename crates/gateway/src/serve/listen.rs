//! Opening listeners and taking connections from them.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use pingora_core::{
    apps::{HttpServerApp, ServerApp},
    protocols::{ALPN, Ssl as _},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time,
};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::{buffered::buffered, connection::Connection, h2::Streams, handshake::Handshakes};
use crate::{GatewayConfig, StartError};

/// Connections that wait in the kernel; Linux cuts it to `net.core.somaxconn`.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept, mostly for want of descriptors: trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// All or none.
pub(super) fn open(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    addresses
        .iter()
        .map(|&address| open_one(address).map_err(|error| StartError::listen(address, error)))
        .collect()
}

fn open_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // A port whose last connections are still fading away is free; one that somebody listens on is not.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What every connection needs.
pub(super) struct Acceptor<A> {
    pub(super) app: Arc<A>,
    pub(super) config: GatewayConfig,
    /// Places for connections.
    pub(super) places: Arc<Semaphore>,
    pub(super) connections: TaskTracker,
    pub(super) stopping: watch::Receiver<bool>,
}

impl<A: HttpServerApp + Send + Sync + 'static> Acceptor<A> {
    /// Takes connections until the gateway stops; then the port is free. With `tls` each begins with a handshake.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener, tls: Option<Arc<Handshakes>>) {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = self.accept_for_ever(&listener, tls.as_ref()) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    /// Runs all requests of the connection.
    async fn serve(&self, stream: TcpStream, client: SocketAddr, tls: Option<&Handshakes>, connection: &Arc<Connection>) {
        let stream = buffered(stream, client);
        let stopping = self.stopping.clone();
        let Some(tls) = tls else {
            // What it returns would be a stream to go on with, which HTTP never has.
            let _ended = ServerApp::process_new(&self.app, Box::new(stream), &stopping).await;
            return;
        };
        let mut stopped = self.stopping.clone();
        let shaken = tokio::select! {
            shaken = tls.shake(stream) => shaken,
            _ = stopped.wait_for(|stopping| *stopping) => None,
        };
        let Some(stream) = shaken else { return };
        if stream.selected_alpn_proto() == Some(ALPN::H2) {
            let streams = Streams {
                app: &self.app,
                connection,
                config: &self.config,
                stopping,
            };
            streams.serve(stream).await;
        } else {
            let _ended = ServerApp::process_new(&self.app, Box::new(stream), &stopping).await;
        }
    }

    async fn accept_for_ever(self: &Arc<Self>, listener: &TcpListener, tls: Option<&Arc<Handshakes>>) {
        loop {
            let Ok(place) = self.places.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, client)) => {
                    let connection = Arc::new(Connection::new(client.ip(), self.config.client_header_timeout, tls.is_some()));
                    let (acceptor, tls) = (self.clone(), tls.cloned());
                    self.connections.spawn(async move {
                        let work = acceptor.serve(stream, client, tls.as_deref(), &connection);
                        if !Box::pin(connection.clone().run(work)).await {
                            debug!(%client, "closed a connection on which nothing happened in time");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(%error, "a connection could not be taken");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
