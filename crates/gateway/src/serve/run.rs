//! The gateway's own threads, from start to drain.

use std::{io, net::SocketAddr, sync::Arc, sync::mpsc, thread, time::Duration};

use pingora_core::{apps::HttpServerApp, server::configuration::ServerConf};
use pingora_proxy::http_proxy;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    sync::{Semaphore, watch},
    time,
};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{
    handshake::Handshakes,
    listen::{Acceptor, open},
};
use crate::{
    GatewayConfig, StartError,
    plan::MAX_ATTEMPTS,
    proxy::{Proxy, Shared},
};

/// How long the threads may take to end once nothing is served any more.
const THREADS_END: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Keep serving.
    Not,
    /// Take nothing new, finish what is in flight, within the configured time.
    Drain,
    Now,
}

/// A gateway that serves.
pub(crate) struct Running {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) tls_addresses: Vec<SocketAddr>,
    /// Spawns onto the gateway's threads.
    pub(crate) runtime: Handle,
    pub(crate) connections: TaskTracker,
    pub(crate) thread: thread::JoinHandle<()>,
}

/// Returns when the ports are open.
pub(crate) fn start(shared: Arc<Shared>, stop: watch::Receiver<Stop>) -> Result<Running, StartError> {
    let (report, reported) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("gateway".to_owned())
        .spawn(move || live(&shared, stop, &report))
        .map_err(StartError::Threads)?;
    match reported.recv() {
        Ok(Ok((addresses, tls_addresses, runtime, connections))) => Ok(Running {
            addresses,
            tls_addresses,
            runtime,
            connections,
            thread,
        }),
        Ok(Err(error)) => Err(error),
        // The thread ended without a word: it panicked, and the panic is on the terminal.
        Err(_) => Err(StartError::Threads(io::Error::other("the gateway's thread ended early"))),
    }
}

type Report = Result<(Vec<SocketAddr>, Vec<SocketAddr>, Handle, TaskTracker), StartError>;

/// The gateway's thread. The runtime lives and dies here, because it must not be dropped inside another one.
fn live(shared: &Arc<Shared>, stop: watch::Receiver<Stop>, report: &mpsc::Sender<Report>) {
    let started = runtime(&shared.config).map_err(StartError::Threads).and_then(|runtime| {
        let listeners = {
            let _entered = runtime.enter();
            Listeners::open(&shared.config)?
        };
        let (addresses, tls_addresses) = (addresses(&listeners.plain)?, addresses(&listeners.tls)?);
        Ok((runtime, listeners, addresses, tls_addresses))
    });
    let (runtime, listeners, addresses, tls_addresses) = match started {
        Ok(started) => started,
        Err(error) => {
            // Nobody listening means that the starter is gone too.
            let _unheard = report.send(Err(error));
            return;
        }
    };
    let connections = TaskTracker::new();
    let _unheard = report.send(Ok((addresses, tls_addresses, runtime.handle().clone(), connections.clone())));
    runtime.block_on(serve_until(shared, listeners, connections, stop));
    runtime.shutdown_timeout(THREADS_END);
}

fn runtime(config: &GatewayConfig) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(config.threads.max(1))
        .thread_name("gateway-worker")
        .enable_all()
        .build()
}

/// Open ports.
struct Listeners {
    plain: Vec<TcpListener>,
    tls: Vec<TcpListener>,
}

impl Listeners {
    /// All or none, and at least one.
    fn open(config: &GatewayConfig) -> Result<Self, StartError> {
        let tls = config.tls.as_ref().map_or(&[][..], |tls| &tls.listen);
        if config.listen.is_empty() && tls.is_empty() {
            return Err(StartError::NothingToListenOn);
        }
        Ok(Self {
            plain: open(&config.listen)?,
            tls: open(tls)?,
        })
    }
}

fn addresses(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, StartError> {
    let addresses: Result<_, _> = listeners.iter().map(TcpListener::local_addr).collect();
    addresses.map_err(StartError::Threads)
}

async fn serve_until(shared: &Arc<Shared>, listeners: Listeners, connections: TaskTracker, mut stop: watch::Receiver<Stop>) {
    let config = &shared.config;
    let app = Arc::new(http_proxy(&Arc::new(pingora_conf(config)), Proxy::new(shared.clone())));
    let (stopping, stopping_seen) = watch::channel(false);
    let acceptor = Arc::new(Acceptor {
        app: app.clone(),
        config: config.clone(),
        places: Arc::new(Semaphore::new(config.max_connections.clamp(1, Semaphore::MAX_PERMITS))),
        connections: connections.clone(),
        stopping: stopping_seen,
    });
    for listener in listeners.plain {
        tokio::spawn(acceptor.clone().accept(listener, None));
    }
    let handshakes = shared.keyring.as_ref();
    let handshakes = handshakes.map(|keyring| Arc::new(Handshakes::new(keyring, shared.handshakes_failed.clone())));
    for listener in listeners.tls {
        tokio::spawn(acceptor.clone().accept(listener, handshakes.clone()));
    }

    // Serving. A handle that is gone without a word counts as `Now`.
    let how = stop.wait_for(|stop| *stop != Stop::Not).await.map_or(Stop::Now, |stop| *stop);

    // Draining: no new connections, idle ones are closed, busy ones finish their request.
    stopping.send_replace(true);
    app.http_cleanup().await;
    connections.close();
    if how == Stop::Drain {
        info!(connections = connections.len(), "gateway drains");
        tokio::select! {
            drained = time::timeout(config.drain, connections.wait()) => {
                if drained.is_err() {
                    warn!(connections = connections.len(), "gateway stops with requests in flight: the drain time is over");
                }
            }
            _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
        }
    }
}

fn pingora_conf(config: &GatewayConfig) -> ServerConf {
    let threads = config.threads.max(1);
    ServerConf {
        threads,
        // Per thread, in Pingora's count.
        upstream_keepalive_pool_size: config.upstream_keepalive.div_ceil(threads),
        max_retries: MAX_ATTEMPTS,
        ..ServerConf::default()
    }
}
