use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, middleware::map_request, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};

/// One instance to balance; gone when dropped.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    hits: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = hits.clone();
        let count = move |request: axum::extract::Request| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { request }
        };
        let router = Router::new()
            .route("/health", get(|| async { "ok" }))
            .fallback(get(|| async { "hello" }))
            .layer(map_request(count));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, hits, task }
    }

    /// Requests it got, checks among them.
    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::Relaxed)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}
