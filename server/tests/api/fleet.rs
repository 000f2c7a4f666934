//! The embedded default scaled up and down while it serves: real processes behind the real gateway.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use control::{
    access::{SystemAdmin, Viewer},
    ports::Workloads as _,
};
use futures::StreamExt as _;
use model::{
    EventFilter, InstanceState, ProcessObservation, ViewData, ViewKey, WorkloadId,
    scaling::{Hold, HoldKind, ScalingChange},
};
use reqwest::{Body, Client, Response};
use testkit::{build, wait_until};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::support::{SOON, TestApp, alive};

/// A load step leads to a new instance that serves within this.
const SERVES_WITHIN: Duration = Duration::from_secs(10);

/// Requests that are begun and not finished; round robin spreads them over all instances.
const LONG_REQUESTS: usize = 15;

/// Some seconds of one core, ended when its client leaves.
const LONG_SIMULATION: &str = "/simulate/progress?scenarios=200000&years=100&starting_portfolio=1000000&monthly_spending=1000";

/// One after the other they take longer than the test does from there on.
const WEBSOCKETS: usize = 8;

const SIMULATION: &str = r#"{"starting_portfolio":1000000,"monthly_spending":1000,"n_scenarios":100,"years":10}"#;

struct Fleet {
    app: TestApp,
    viewer: Viewer,
    client: Client,
}

impl Fleet {
    /// The autoscaler does nothing: here the test is the one who scales.
    async fn start(samples: u32) -> Self {
        let app = TestApp::embedded(samples).await;
        app.signed_in("ada", model::Role::SystemAdmin).await;
        let here = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let session = app.accounts().sign_in("ada", crate::support::PASSWORD, here).await.unwrap();
        let who = app.accounts().authenticate(session.token.expose(), here).await.unwrap().unwrap();
        let fleet = Self {
            app,
            viewer: who.viewer(),
            client: Client::builder().no_proxy().timeout(SOON).build().unwrap(),
        };
        fleet.pause(&who.system_admin().unwrap()).await;
        fleet
    }

    async fn pause(&self, admin: &SystemAdmin) {
        let control = self.app.running().control();
        let hold = Hold {
            kind: HoldKind::Pause,
            until_ms: control.now_ms() + 3_600_000,
        };
        let change = ScalingChange::Hold { hold: Some(hold) };
        control.change_scaling(admin, &samples(), 1, &change).await.unwrap();
    }

    async fn scale(&self, replicas: u32) {
        let supervisor = self.app.running().samples().unwrap();
        supervisor.scale(&samples(), replicas).await.unwrap();
    }

    /// Not through the port: asking it is for the control alone.
    fn states(&self) -> Vec<(String, InstanceState, Option<ProcessObservation>)> {
        let view = self
            .app
            .running()
            .control()
            .view(&self.viewer, &ViewKey::Pool(build::pool("samples")))
            .unwrap();
        let ViewData::Pool(pool) = view.view else {
            panic!("not a pool: {view:?}")
        };
        pool.instances.into_iter().map(|i| (i.id.to_string(), i.state, i.process)).collect()
    }

    async fn until_up(&self, names: &[&str]) {
        wait_until(&format!("{names:?} are up"), SOON, async || {
            let states = self.states();
            states.iter().map(|(name, ..)| name.as_str()).eq(names.iter().copied())
                && states.iter().all(|(_, state, _)| *state == InstanceState::Up)
        })
        .await;
    }

    fn pid(&self, name: &str) -> u32 {
        let states = self.states();
        states
            .into_iter()
            .find(|(found, ..)| found == name)
            .and_then(|(.., process)| process?.pid)
            .unwrap()
    }

    async fn snapshots(&self, count: u64) {
        let seq = || self.app.running().control().live_status().seq;
        let until = seq() + count;
        wait_until("snapshots have been taken", SOON, async || seq() >= until).await;
    }

    async fn summaries(&self) -> Vec<String> {
        let control = self.app.running().control();
        let page = control.events(&self.viewer, &EventFilter::default(), 100).await.unwrap();
        page.items.into_iter().map(|e| e.event.summary).collect()
    }

    /// Begun, with half of its body sent; goes on when told to.
    fn begin_long_request(
        &self,
    ) -> (
        mpsc::Sender<Result<&'static str, std::io::Error>>,
        JoinHandle<reqwest::Result<Response>>,
    ) {
        let (part, parts) = mpsc::channel(2);
        part.try_send(Ok(&SIMULATION[..20])).unwrap();
        let body = Body::wrap_stream(tokio_stream(parts));
        let request = self.client.post(format!("{}/simulations", self.app.gateway()));
        let request = request.header("content-type", "application/json").body(body);
        (part, tokio::spawn(request.send()))
    }
}

fn tokio_stream<T>(parts: mpsc::Receiver<T>) -> impl futures::Stream<Item = T> {
    futures::stream::unfold(parts, async |mut parts| Some((parts.recv().await?, parts)))
}

fn samples() -> WorkloadId {
    WorkloadId::new("samples").unwrap()
}

fn served_by(answer: &Response) -> String {
    answer.headers()["x-instance"].to_str().unwrap().to_owned()
}

/// Asks without a pause until it is dropped; what it was answered.
struct Traffic {
    answered: Arc<AtomicU32>,
    failed: Arc<parking_lot::Mutex<Vec<String>>>,
    by: Arc<parking_lot::Mutex<BTreeSet<String>>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Traffic {
    fn start(fleet: &Fleet) -> Self {
        let mut traffic = Self {
            answered: Arc::default(),
            failed: Arc::default(),
            by: Arc::default(),
            stop: Arc::default(),
            tasks: vec![],
        };
        for _ in 0..4 {
            let (client, url) = (fleet.client.clone(), fleet.app.gateway());
            let (answered, failed, by, stop) = (
                traffic.answered.clone(),
                traffic.failed.clone(),
                traffic.by.clone(),
                traffic.stop.clone(),
            );
            traffic.tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    match client.get(&url).send().await {
                        Ok(answer) if answer.status() == 200 => {
                            answered.fetch_add(1, Ordering::Relaxed);
                            by.lock().insert(served_by(&answer));
                        }
                        Ok(answer) => failed.lock().push(answer.status().to_string()),
                        Err(error) => failed.lock().push(format!("{error:?}")),
                    }
                    // Some hundred a second leave the processor to the others.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }));
        }
        traffic
    }

    async fn until_served_by(&self, name: &str) {
        self.by.lock().clear();
        wait_until(&format!("{name} serves"), SERVES_WITHIN, async || self.by.lock().contains(name)).await;
    }

    async fn ends_without_a_failure(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        assert_eq!(*self.failed.lock(), Vec::<String>::new());
        assert!(self.answered.load(Ordering::Relaxed) > 100);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scaling_up_and_down_under_traffic_fails_no_request_and_ends_none_that_is_under_way() {
    let fleet = Fleet::start(3).await;
    fleet.until_up(&["sample-1", "sample-2", "sample-3"]).await;
    let traffic = Traffic::start(&fleet);

    fleet.scale(5).await;
    traffic.until_served_by("sample-5").await;
    traffic.until_served_by("sample-4").await;
    fleet.until_up(&["sample-1", "sample-2", "sample-3", "sample-4", "sample-5"]).await;

    let mut sockets = vec![];
    while sockets.len() < WEBSOCKETS {
        let address = fleet.app.gateway().replace("http://", "ws://");
        let (socket, answer) = connect_async(format!("{address}{LONG_SIMULATION}")).await.unwrap();
        if answer.headers()["x-instance"] == "sample-5" {
            sockets.push(socket);
        }
    }
    let long: Vec<_> = (0..LONG_REQUESTS).map(|_| fleet.begin_long_request()).collect();
    fleet.snapshots(2).await;
    let (fourth, fifth) = (fleet.pid("sample-4"), fleet.pid("sample-5"));

    fleet.scale(3).await;
    wait_until("both drain", SOON, async || {
        let states = fleet.states();
        states[3..].iter().all(|(_, state, _)| *state == InstanceState::Drain)
    })
    .await;
    fleet.snapshots(3).await;
    assert!(alive(fourth) && alive(fifth), "something is under way on both");

    let mut answered_by = BTreeSet::new();
    for (part, answer) in long {
        part.send(Ok(&SIMULATION[20..])).await.unwrap();
        drop(part);
        let answer = answer.await.unwrap().unwrap();
        assert_eq!(answer.status(), 202);
        answered_by.insert(served_by(&answer));
    }
    assert_eq!(answered_by.len(), 5, "also those that drain have answered: {answered_by:?}");
    wait_until("the fourth is gone", SOON, async || !alive(fourth)).await;
    assert!(alive(fifth), "its WebSockets are open");
    let last = sockets.last_mut().unwrap();
    // What was said up to now, and then something new.
    while let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(20), last.next()).await {
        assert!(matches!(message, Ok(Message::Text(_))), "{message:?}");
    }
    let news = tokio::time::timeout(SOON, last.next()).await.unwrap();
    assert!(matches!(news, Some(Ok(Message::Text(_)))), "it goes on telling: {news:?}");
    drop(sockets);
    wait_until("the fifth is gone", SOON, async || !alive(fifth)).await;
    fleet.until_up(&["sample-1", "sample-2", "sample-3"]).await;
    traffic.ends_without_a_failure().await;

    let told = fleet.summaries().await;
    for expected in [
        "sample-5 has joined pool samples",
        "sample-5 of pool samples is to go",
        "sample-5 has left pool samples",
    ] {
        assert!(told.iter().any(|summary| summary == expected), "{expected}: {told:?}");
    }
    assert!(
        !told.iter().any(|summary| summary.contains("is down")),
        "going is no failure: {told:?}"
    );
    let mut fleet = fleet;
    fleet.app.stop().await;
}
