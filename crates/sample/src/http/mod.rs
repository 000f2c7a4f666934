//! The doors of one instance.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | who this is: a page for people, JSON otherwise |
//! | `POST /simulations` | 202 and the simulation's id; 200 and the result with `?wait=true` |
//! | `GET /simulations/{id}` | state, progress, result |
//! | WebSocket `/simulations/{id}/progress` | the same, as it changes, until it is final |
//! | `GET /simulate?scenarios=&years=&seed=` | a small simulation, answered at once; the same URL gives the same answer on every instance |
//! | WebSocket `/simulate/progress?…` | runs one and tells its progress on the same connection; ends when the client leaves |
//! | `GET /health`, `GET /metrics` | for balancers; for Prometheus |
//!
//! Simulations live in the instance that took them. Behind a balancer without affinity use the two `/simulate` doors, which need one
//! request only. Every answer carries the headers `x-instance` and `endpoint-load-metrics`; every error is `application/problem+json`.

mod about;
mod metrics;
mod problem;
mod progress;
mod simulations;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, StatusCode},
    response::Response,
    routing::{get, post},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::problem::Problem;
use crate::{
    engine::Engine,
    jobs::Jobs,
    load::{self, Load},
    serve::SampleConfig,
    stats::Stats,
};

/// A request body has five numbers.
const BODY_MAX_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    instance: HeaderValue,
    jobs: Arc<Jobs>,
    stats: Arc<Stats>,
    load: watch::Receiver<Load>,
    max_websockets: u32,
    sockets: TaskTracker,
    stop: CancellationToken,
}

impl App {
    /// `config.instance` has been checked. Everything it starts ends with `stop`.
    pub(crate) fn new(config: &SampleConfig, stop: CancellationToken) -> Self {
        let stats = Arc::new(Stats::default());
        Self(Arc::new(Inner {
            instance: HeaderValue::from_str(&config.instance).expect("a checked name is ASCII"),
            jobs: Jobs::new(
                Engine::new(config.workers),
                Arc::clone(&stats),
                config.max_active,
                config.max_kept,
                stop.clone(),
            ),
            load: load::measure(config.workers as f64, Arc::clone(&stats), stop.clone()),
            stats,
            max_websockets: u32::try_from(config.max_websockets).unwrap_or(u32::MAX),
            sockets: TaskTracker::new(),
            stop,
        }))
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/", get(about::about))
            .route("/health", get(about::health))
            .route("/metrics", get(metrics::metrics))
            .route("/simulate", get(simulations::quick))
            .route("/simulate/progress", get(progress::run_and_follow))
            .route("/simulations", post(simulations::start))
            .route("/simulations/{id}", get(simulations::show))
            .route("/simulations/{id}/progress", get(progress::follow))
            .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path") })
            .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method") })
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .layer(axum::middleware::map_response_with_state(self.clone(), sign))
            .with_state(self.clone())
    }

    /// Once `stop` was cancelled: until simulations and `WebSockets` have ended.
    pub(crate) async fn stopped(&self) {
        self.0.sockets.close();
        self.0.jobs.stopped().await;
        self.0.sockets.wait().await;
    }

    fn instance(&self) -> &str {
        self.0.instance.to_str().expect("a checked name is ASCII")
    }
}

/// Says on every answer who gave it and how loaded it is.
async fn sign(State(app): State<App>, mut response: Response) -> Response {
    app.0.stats.count_answer(response.status().as_u16());
    let report = app.0.load.borrow().orca(app.0.stats.sessions());
    let headers = response.headers_mut();
    headers.insert("x-instance", app.0.instance.clone());
    headers.insert(
        "endpoint-load-metrics",
        HeaderValue::try_from(report).expect("JSON numbers are ASCII"),
    );
    response
}
