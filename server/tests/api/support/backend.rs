use std::net::SocketAddr;

use axum::{Router, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};

/// One instance to balance; gone when dropped.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/health", get(|| async { "ok" }))
            .fallback(get(|| async { "hello" }));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, task }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}
