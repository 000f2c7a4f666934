//! A well-behaved instance that tests can slow down, make ill, and kill.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get, post},
    serve::Listener,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::Semaphore,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{ClosedPort, DEADLINE};

/// Bytes of `/large`: more than the kernel buffers of two connections hold.
const LARGE: usize = 64 * 1024 * 1024;

pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    /// Of its own, so that dropping it ends every connection at once, as killing a process does.
    runtime: Option<Runtime>,
    /// After the kill.
    closed: Option<ClosedPort>,
}

pub(crate) struct Shared {
    id: String,
    pub(crate) healthy: AtomicBool,
    pub(crate) hits: AtomicUsize,
    /// `/who` answers 500, at once.
    pub(crate) failing: AtomicBool,
    /// What its load report says of the processor, percent.
    pub(crate) cpu: AtomicUsize,
    /// `/gate` answers when there is a permit.
    pub(crate) gate: Semaphore,
}

impl Upstream {
    pub(crate) fn start(id: &str) -> Self {
        Self::start_at(id, ([127, 0, 0, 1], 0).into())
    }

    pub(crate) fn start_at(id: &str, address: SocketAddr) -> Self {
        Self::start_with(id, address, None)
    }

    pub(crate) fn start_tls(id: &str, config: Arc<ServerConfig>) -> Self {
        Self::start_with(id, ([127, 0, 0, 1], 0).into(), Some(config.into()))
    }

    fn start_with(id: &str, address: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = Arc::new(Shared {
            id: id.to_owned(),
            healthy: AtomicBool::new(true),
            hits: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            cpu: AtomicUsize::new(50),
            gate: Semaphore::new(0),
        });
        let app = router(shared.clone());
        let (ready, is_ready) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            match tls {
                Some(tls) => axum::serve(TlsListener { listener, tls }, app).await.unwrap(),
                None => axum::serve(listener, app).await.unwrap(),
            }
        });
        Self {
            address: is_ready.recv().unwrap(),
            shared,
            runtime: Some(runtime),
            closed: None,
        }
    }

    pub(crate) fn hits(&self) -> usize {
        self.shared.hits.load(Ordering::Relaxed)
    }

    pub(crate) fn set_healthy(&self, healthy: bool) {
        self.shared.healthy.store(healthy, Ordering::Relaxed);
    }

    /// Its connections break, its port refuses.
    pub(crate) fn kill(&mut self) {
        self.end();
        let started = Instant::now();
        while self.closed.is_none() {
            assert!(started.elapsed() < DEADLINE, "the listener does not go away");
            self.closed = ClosedPort::at(self.address).ok();
        }
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.end();
    }
}

struct TlsListener {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    /// Whoever fails to shake hands is not taken.
    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, client) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, client);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(|| async { "app_cpu_utilization 0.25\nactive_sessions 9\n" }))
        .route("/who", any(who))
        .route("/gate", any(gate))
        .route("/headers", get(headers))
        .route("/hop-by-hop", get(hop_by_hop))
        .route("/size", post(size))
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/fail", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/ws", get(upgrade))
        .with_state(shared)
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let cpu = shared.cpu.load(Ordering::Relaxed) as f32 / 100.0;
    let report = format!(r#"JSON {{"cpu_utilization":{cpu},"named_metrics":{{"active_sessions":4}}}}"#);
    let status = if shared.healthy.load(Ordering::Relaxed) {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [("endpoint-load-metrics", report)]).into_response()
}

async fn who(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    shared.hits.fetch_add(1, Ordering::Relaxed);
    let status = if shared.failing.load(Ordering::Relaxed) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    (status, shared.id.clone())
}

async fn gate(State(shared): State<Arc<Shared>>) -> String {
    shared.hits.fetch_add(1, Ordering::Relaxed);
    shared.gate.acquire().await.unwrap().forget();
    shared.id.clone()
}

async fn headers(headers: HeaderMap) -> Json<Vec<(String, String)>> {
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Json(pairs.collect())
}

async fn hop_by_hop() -> impl IntoResponse {
    [
        ("keep-alive", "timeout=5"),
        ("connection", "x-internal"),
        ("x-internal", "1"),
        ("x-served-by", "forged"),
    ]
}

async fn size(body: Bytes) -> String {
    body.len().to_string()
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
