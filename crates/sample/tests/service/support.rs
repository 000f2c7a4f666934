use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::{Client, Response};
use sample::{SampleConfig, ServeError, serve_on};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Longer than anything here takes on a busy machine; reached only by a failure.
const DEADLINE: Duration = Duration::from_mins(1);

/// A running instance. It stops when dropped.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServeError>>,
}

pub(crate) async fn start() -> Instance {
    start_with(|_| {}).await
}

pub(crate) async fn start_with(change: impl FnOnce(&mut SampleConfig)) -> Instance {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    start_on(listener, change)
}

pub(crate) fn start_on(listener: TcpListener, change: impl FnOnce(&mut SampleConfig)) -> Instance {
    let address = listener.local_addr().unwrap();
    let mut config = SampleConfig::new(address, "sample-7");
    change(&mut config);
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve_on(listener, config, async {
        stopped.await.ok();
    }));
    Instance {
        address,
        client: Client::builder().no_proxy().build().unwrap(),
        stop: Some(stop),
        served,
    }
}

impl Instance {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(self.url(path)).json(body).send().await.unwrap()
    }

    /// The value of one line of `/metrics`.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let page = self.get("/metrics").await.text().await.unwrap();
        let found = page.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{line} is not in {page}")).parse().unwrap()
    }

    pub(crate) async fn stop(mut self) -> Result<(), ServeError> {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.await.unwrap()
    }
}

pub(crate) fn plan(n_scenarios: u32, years: u32) -> Value {
    json!({"starting_portfolio": 1_000_000, "monthly_spending": 1_000, "n_scenarios": n_scenarios, "years": years, "seed": 42})
}

/// Some seconds of one core: long enough to look at while it runs.
pub(crate) fn long_plan() -> Value {
    plan(200_000, 100)
}

/// Asks until the answer is yes.
pub(crate) async fn until(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !asked().await {
        assert!(begun.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        tokio::task::yield_now().await;
    }
}
