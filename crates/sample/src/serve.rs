//! Start, serve, drain.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http::App;

/// How one instance runs. [`SampleConfig::new`] holds the defaults.
#[derive(Debug, Clone)]
pub struct SampleConfig {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who this is, in the header `x-instance` and in answers: a-z, 0-9, '-', '_', '.', at most 63 characters.
    pub instance: String,
    /// Cores allotted: as many slices of simulations are computed at once, and CPU utilisation is relative to them.
    pub workers: usize,
    /// Simulations running or waiting; more are answered 503.
    pub max_active: usize,
    /// Finished simulations that can still be asked for. One takes about 500 bytes.
    pub max_kept: usize,
    /// Open progress `WebSockets`; more are answered 503.
    pub max_websockets: usize,
    /// How long requests under way may take to finish after the stop.
    pub drain: Duration,
}

impl SampleConfig {
    pub fn new(listen: SocketAddr, instance: impl Into<String>) -> Self {
        Self {
            listen,
            instance: instance.into(),
            workers: 1,
            max_active: 64,
            max_kept: 1_000,
            max_websockets: 256,
            drain: Duration::from_secs(5),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the instance name {0:?} is not made of 1 to 63 of a-z, 0-9, '-', '_' and '.'")]
    Instance(String),
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("stopped serving: {0}")]
    Serve(io::Error),
}

/// Serves until `shutdown` resolves and what was under way has finished or `drain` has passed.
///
/// # Errors
/// A setting is not allowed, or the address cannot be listened on.
pub async fn serve(config: SampleConfig, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::Listen { address, error })?;
    serve_on(listener, config, shutdown).await
}

/// As [`serve`], on a listener that is open already; `config.listen` is not looked at.
///
/// # Errors
/// A setting is not allowed.
pub async fn serve_on(listener: TcpListener, config: SampleConfig, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    check(&config)?;
    let address = listener.local_addr().map_err(ServeError::Serve)?;
    let stop = CancellationToken::new();
    // Whichever way this function is left, the tasks it started end.
    let _stop_on_drop = stop.clone().drop_guard();
    let app = App::new(&config, stop.clone());
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let serving = axum::serve(listener, app.router()).with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut serving = std::pin::pin!(serving.into_future());
    tracing::info!(instance = config.instance, %address, "sample instance is listening");

    tokio::select! {
        result = &mut serving => return result.map_err(ServeError::Serve),
        () = shutdown => {}
    }
    stop.cancel();
    let drained = tokio::time::timeout(config.drain, async {
        let result = serving.await;
        app.stopped().await;
        result
    });
    match drained.await {
        Ok(result) => result.map_err(ServeError::Serve)?,
        Err(_elapsed) => tracing::warn!(instance = config.instance, "stopped with requests still under way"),
    }
    tracing::info!(instance = config.instance, "sample instance has stopped");
    Ok(())
}

fn check(config: &SampleConfig) -> Result<(), ServeError> {
    let name = &config.instance;
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    if !(1..=63).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(ServeError::Instance(name.chars().take(80).collect()));
    }
    [
        ("workers", config.workers),
        ("max_active", config.max_active),
        ("max_kept", config.max_kept),
    ]
    .into_iter()
    .find(|&(_, value)| value == 0)
    .map_or(Ok(()), |(setting, _)| Err(ServeError::Zero(setting)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bad_settings_and_a_taken_port_are_named() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let run = |config| serve(config, std::future::ready(()));
        for name in ["", "<b>", "Sample", "a b", &"x".repeat(64)] {
            assert!(
                matches!(run(SampleConfig::new(any, name)).await, Err(ServeError::Instance(_))),
                "{name}"
            );
        }
        let idle = SampleConfig {
            workers: 0,
            ..SampleConfig::new(any, "s")
        };
        assert_eq!(run(idle).await.unwrap_err().to_string(), "workers must be at least 1");

        let taken = std::net::TcpListener::bind(any).unwrap().local_addr().unwrap();
        let holder = std::net::TcpListener::bind(taken).unwrap();
        let error = run(SampleConfig::new(taken, "s")).await.unwrap_err().to_string();
        assert!(error.contains(&taken.to_string()), "{error}");
        drop(holder);
    }
}
