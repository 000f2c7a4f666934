//! Opening listeners and taking connections from them.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use pingora_core::{
    apps::{HttpServerApp, ServerApp},
    protocols::{GetSocketDigest, SocketDigest, l4::stream::Stream},
};
use std::os::fd::AsRawFd;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time,
};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::connection::Connection;
use crate::{GatewayConfig, StartError};

/// Connections that wait in the kernel; Linux cuts it to `net.core.somaxconn`.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept, mostly for want of descriptors: trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// All or none.
pub(super) fn open(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    if addresses.is_empty() {
        return Err(StartError::NothingToListenOn);
    }
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
    /// Takes connections until the gateway stops; then the port is free.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = self.accept_for_ever(&listener) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    async fn accept_for_ever(&self, listener: &TcpListener) {
        loop {
            let Ok(place) = self.places.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, client)) => {
                    let connection = Arc::new(Connection::new(client.ip(), self.config.client_header_timeout));
                    let (app, stopping) = (self.app.clone(), self.stopping.clone());
                    self.connections.spawn(async move {
                        let work = serve(stream, client, app, stopping);
                        if !connection.run(work).await {
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

async fn serve<A: HttpServerApp + Send + Sync + 'static>(
    stream: TcpStream,
    client: SocketAddr,
    app: Arc<A>,
    stopping: watch::Receiver<bool>,
) {
    // Fails only on a connection that is gone already, which the first read finds out.
    let _gone = stream.set_nodelay(true);
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    let _first = digest.peer_addr.set(Some(client.into()));
    let mut stream = Stream::from(stream);
    stream.set_socket_digest(digest);
    // Runs all requests of the connection; what it returns would be a stream to go on with, which HTTP never has.
    let _ended = ServerApp::process_new(&app, Box::new(stream), &stopping).await;
}
