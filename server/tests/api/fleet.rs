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
    EventFilter, InstanceSnapshot, InstanceState, ViewData, ViewKey, WorkloadId,
    scaling::{Hold, HoldKind, ScalingChange, ScalingPolicy},
};
use reqwest::{Body, Client, Response};
use testkit::{build, wait_until};
use tokio::{net::TcpStream, sync::mpsc, task::JoinHandle};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error as WebSocketError, Message},
};

use crate::support::{SOON, TestApp, alive};

/// The largest there is: some seconds of one core, ended when its client leaves.
const LONG_SIMULATION: &str = "/simulate/progress?scenarios=200000&years=100&starting_portfolio=1000000&monthly_spending=1000";

/// One instance computes one after the other.
const WEBSOCKETS: usize = 8;

const SIMULATION: &str = r#"{"starting_portfolio":1000000,"monthly_spending":1000,"n_scenarios":100,"years":10}"#;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Fleet {
    app: TestApp,
    viewer: Viewer,
    client: Client,
}

impl Fleet {
    /// The autoscaler does nothing: here the test is the one who scales. It has nothing to choose from before it is paused.
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
        let pause = ScalingChange::Hold { hold: Some(hold) };
        control.change_scaling(admin, &samples(), 1, &pause).await.unwrap();
        // A pause keeps to the bounds: only now is there room.
        let policy = control.scaling_intent(&self.viewer, &samples()).unwrap().plan.policy;
        let policy = Box::new(ScalingPolicy {
            max_replicas: 20,
            ..policy
        });
        let room = ScalingChange::Policy { policy };
        control.change_scaling(admin, &samples(), 2, &room).await.unwrap();
    }

    async fn scale(&self, replicas: u32) {
        let supervisor = self.app.running().samples().unwrap();
        supervisor.scale(&samples(), replicas).await.unwrap();
    }

    /// Not through the port: asking it is for the control alone.
    fn instances(&self) -> Vec<InstanceSnapshot> {
        let view = self
            .app
            .running()
            .control()
            .view(&self.viewer, &ViewKey::Pool(build::pool("samples")))
            .unwrap();
        let ViewData::Pool(pool) = view.view else {
            panic!("not a pool: {view:?}")
        };
        pool.instances
    }

    async fn until_up(&self, names: &[&str]) {
        wait_until(&format!("{names:?} are up"), SOON, async || {
            let instances = self.instances();
            instances.iter().map(|i| i.id.as_str()).eq(names.iter().copied()) && instances.iter().all(|i| i.state == InstanceState::Up)
        })
        .await;
    }

    fn pid(&self, name: &str) -> u32 {
        let instances = self.instances();
        let found = instances.into_iter().find(|i| i.id.as_str() == name);
        found.and_then(|i| i.process?.pid).unwrap()
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
    fn begin_long_request(&self) -> LongRequest {
        let (part, parts) = mpsc::channel(2);
        part.try_send(Ok(&SIMULATION[..20])).unwrap();
        let body = Body::wrap_stream(tokio_stream(parts));
        let request = self.client.post(format!("{}/simulations", self.app.gateway())).timeout(2 * SOON);
        let request = request.header("content-type", "application/json").body(body);
        LongRequest {
            part,
            answer: tokio::spawn(request.send()),
        }
    }

    /// Until there is one on each instance: one that has just come gets less than its share. Nothing else may be under way.
    async fn long_request_on_each(&self) -> Vec<LongRequest> {
        let mut long = vec![];
        wait_until("something is under way on each", SOON, async || {
            long.extend(self.instances().iter().map(|_| self.begin_long_request()));
            self.snapshots(2).await;
            self.instances().iter().all(|i| i.totals.in_flight > 0)
        })
        .await;
        long
    }

    /// Simulations that this instance computes and tells of.
    async fn follow_on(&self, name: &str) -> Vec<Socket> {
        let address = self.app.gateway().replace("http://", "ws://");
        let mut sockets = vec![];
        while sockets.len() < WEBSOCKETS {
            let (socket, answer) = connect_async(format!("{address}{LONG_SIMULATION}")).await.unwrap();
            if answer.headers()["x-instance"] == name {
                sockets.push(socket);
            }
        }
        sockets
    }
}

struct LongRequest {
    part: mpsc::Sender<Result<&'static str, std::io::Error>>,
    answer: JoinHandle<reqwest::Result<Response>>,
}

impl LongRequest {
    async fn end(self) -> Response {
        self.part.send(Ok(&SIMULATION[20..])).await.unwrap();
        drop(self.part);
        self.answer.await.unwrap().unwrap()
    }
}

/// Reads what it said up to now, and then something new: the simulation goes on, or has come to its own end. Whoever stops an instance ends
/// its simulations before their time.
async fn tells_on(socket: &mut Socket) {
    let goes_on = |message: &Option<Result<Message, WebSocketError>>| match message {
        Some(Ok(Message::Text(told))) if told.contains(r#""state":"done""#) => false,
        Some(Ok(Message::Text(told))) if !told.contains(r#""state":"cancelled""#) => true,
        cut => panic!("it was cut: {cut:?}"),
    };
    while let Ok(message) = tokio::time::timeout(Duration::from_millis(20), socket.next()).await {
        if !goes_on(&message) {
            return;
        }
    }
    goes_on(&tokio::time::timeout(SOON, socket.next()).await.unwrap());
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
        wait_until(&format!("{name} serves"), SOON, async || self.by.lock().contains(name)).await;
    }

    async fn ends_without_a_failure(self) {
        let enough = async || self.answered.load(Ordering::Relaxed) > 100;
        wait_until("there was traffic", SOON, enough).await;
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        assert_eq!(*self.failed.lock(), Vec::<String>::new());
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

    traffic.ends_without_a_failure().await;

    let long = fleet.long_request_on_each().await;
    let (fourth, fifth) = (fleet.pid("sample-4"), fleet.pid("sample-5"));
    let traffic = Traffic::start(&fleet);
    let follow = tokio::time::timeout(SOON, fleet.follow_on("sample-5"));
    let mut sockets = follow.await.expect("the fifth gets its share");

    fleet.scale(3).await;
    wait_until("both drain", SOON, async || {
        let instances = fleet.instances();
        instances.len() == 5 && instances[3..].iter().all(|i| i.state == InstanceState::Drain)
    })
    .await;
    fleet.snapshots(3).await;
    assert!(alive(fourth) && alive(fifth), "something is under way on both");

    let mut answered_by = BTreeSet::new();
    for request in long {
        let answer = request.end().await;
        assert_eq!(answer.status(), 202);
        answered_by.insert(served_by(&answer));
    }
    assert_eq!(answered_by.len(), 5, "also those that drain have answered: {answered_by:?}");
    wait_until("the fourth is gone", SOON, async || !alive(fourth)).await;
    tells_on(sockets.last_mut().unwrap()).await;
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
