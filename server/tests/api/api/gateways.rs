//! `/api/gateways/{id}/sync`: a console, and real gateways that follow it as processes of their own.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use adapters::builtin::fleet::{Command, Orders, OrdersText, PROTOCOL, SecretKey, SyncAnswer, SyncRequest};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::post,
};
use model::{
    Algorithm, BreakerTarget, Event, EventKind, Frame, GatewayPlan, GatewaySnapshot, GatewayState, InstancePlan, Page, PathPrefix,
    PlanState, PoolPlan, Priority, Route, UpstreamTls, ViewData,
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::wait_until;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Backend, Browser, Program, SOON, TestApp};

const TOKEN: &str = "a-token-of-the-tests-0123456789";

async fn console() -> TestApp {
    TestApp::with(&format!("gateways.token = \"{TOKEN}\"")).await
}

/// A gateway process with a data directory of its own.
struct Remote {
    dir: TempDir,
    control: String,
    token: &'static str,
    program: Program,
}

impl Remote {
    fn start(control: &str, token: &'static str) -> Self {
        Self::with(tempfile::tempdir().unwrap(), control, token)
    }

    fn with(dir: TempDir, control: &str, token: &'static str) -> Self {
        Self {
            program: Program::start(Self::command(dir.path(), control, token)),
            control: control.to_owned(),
            dir,
            token,
        }
    }

    fn command(dir: &Path, control: &str, token: &str) -> std::process::Command {
        let args = ["gateway", "--control", control, "--id", "eu-1", "--gateway-listen", "127.0.0.1:0"];
        let mut command = Program::command(dir, &args);
        command.env("EVENKEEL_GATEWAY_TOKEN", token).env("EVENKEEL_LOG", "debug");
        command
    }

    fn kill_and_start(&mut self) {
        self.program.kill();
        self.program = Program::start(Self::command(self.dir.path(), &self.control, self.token));
    }

    fn says(&self, text: &str) -> bool {
        self.program.log().contains(text)
    }

    async fn until_says(&self, text: &str) {
        wait_until(text, SOON, async || self.says(text)).await;
    }

    /// Where it serves, as soon as it does.
    async fn url(&self) -> String {
        let mut url = None;
        wait_until("the gateway listens", SOON, async || {
            let lines = self.program.log();
            let mut lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let listening = lines.rfind(|line| line["message"] == "the gateway listens");
            url = listening.and_then(|line| Some(format!("http://{}/", line["address"].as_str()?)));
            url.is_some()
        })
        .await;
        url.unwrap()
    }

    fn plan_file(&self) -> PathBuf {
        self.dir.path().join("data/gateway-plan.json")
    }
}

/// Which instance answered.
async fn served_by(url: &str) -> String {
    let answer = Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.headers()["x-served-by"].to_str().unwrap().to_owned()
}

async fn gateways(browser: &Browser) -> Vec<GatewaySnapshot> {
    let frame: Frame = browser.json("/api/fn/view?key=pools").await;
    match frame.view {
        ViewData::Pools(view) => view.gateways,
        other => panic!("not the pools: {other:?}"),
    }
}

async fn elsewhere(browser: &Browser) -> Option<GatewaySnapshot> {
    gateways(browser).await.into_iter().find(|g| g.facts.id.as_str() == "eu-1")
}

/// Returns when whatever has been reported until now would be on the page.
async fn looked(browser: &Browser) {
    let at_ms = async || browser.json::<Frame>("/api/fn/view?key=pools").await.at_ms;
    // The first may have been under way already.
    for _ in 0..2 {
        let before = at_ms().await;
        wait_until("a newer frame", SOON, async || at_ms().await > before).await;
    }
}

/// Requests of all instances.
async fn requests(browser: &Browser) -> u64 {
    let page = browser.get("/metrics").await.text().await.unwrap();
    let counts = page.lines().filter(|line| line.starts_with("evenkeel_requests_total{"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

async fn told(browser: &Browser, kind: EventKind) -> Option<Event> {
    let page: Page<Event> = browser.json(&format!("/api/fn/events?limit=100&kind={}", kind.id())).await;
    page.items.into_iter().find(|e| e.event.kind == kind)
}

async fn until_told(browser: &Browser, kind: EventKind) -> Event {
    let mut event = None;
    wait_until(kind.label(), SOON, async || {
        event = told(browser, kind).await;
        event.is_some()
    })
    .await;
    event.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_elsewhere_serves_by_the_consoles_plan_and_follows_its_changes() {
    let app = console().await;
    let browser = app.admin().await;
    let mut remote = Remote::start(&app.url(), TOKEN);
    let url = remote.url().await;
    let mut instances = BTreeSet::new();
    for _ in 0..4 {
        instances.insert(served_by(&url).await);
    }
    assert_eq!(instances.len(), 2, "in turns: {instances:?}");
    until_told(&browser, EventKind::GatewayJoined).await;

    // A share for each, and every request in the totals.
    for _ in 0..4 {
        served_by(&app.gateway()).await;
    }
    wait_until("all eight requests are counted", SOON, async || {
        let seen = gateways(&browser).await;
        let counted: u64 = seen.iter().map(|g| g.totals.requests).sum();
        counted == 8 && requests(&browser).await == 8 && seen.len() == 2 && seen.iter().all(|g| g.facts.plan == PlanState::InForce)
    })
    .await;

    // An affinity cookie of one gateway counts on the other.
    let form = [
        ("pool", "web"),
        ("expected_version", "1"),
        ("settings[kind]", "cookie"),
        ("settings[cookie]", "EVENKEEL_SESSION"),
        ("settings[ttl_s]", "3600"),
    ];
    assert_eq!(browser.call("/api/fn/change_affinity", &form).await.status(), 200);
    let client = Client::builder().no_proxy().build().unwrap();
    let mut cookie = None;
    wait_until("a cookie is set", SOON, async || {
        let answer = client.get(app.gateway()).send().await.unwrap();
        let set = answer
            .headers()
            .get("set-cookie")
            .map(|c| c.to_str().unwrap().split(';').next().unwrap().to_owned());
        cookie = set.map(|set| (set, answer.headers()["x-served-by"].clone()));
        cookie.is_some()
    })
    .await;
    let (cookie, instance) = cookie.unwrap();
    wait_until("the other gateway follows, too", SOON, async || {
        elsewhere(&browser).await.is_some_and(|g| g.facts.plan == PlanState::InForce)
            && client.get(&url).send().await.unwrap().headers().contains_key("set-cookie")
    })
    .await;
    for _ in 0..6 {
        let answer = client.get(&url).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.headers()["x-served-by"], instance);
        assert!(!answer.headers().contains_key("set-cookie"), "it is believed");
    }

    // Asked to end, it says so, and what it served last.
    let counted = || async {
        looked(&browser).await;
        requests(&browser).await
    };
    let before = counted().await;
    for _ in 0..5 {
        served_by(&url).await;
    }
    assert_eq!(remote.program.terminate(), Some(0));
    until_told(&browser, EventKind::GatewayLost).await;
    wait_until("it is gone", SOON, async || elsewhere(&browser).await.is_none()).await;
    assert_eq!(counted().await, before + 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_console_a_gateway_serves_and_starts_by_the_plan_it_keeps() {
    let mut app = console().await;
    let browser = app.admin().await;
    let mut remote = Remote::start(&app.url(), TOKEN);
    served_by(&remote.url().await).await;
    let form = [("pool", "web"), ("expected_version", "1"), ("algorithm", "ip_hash")];
    assert_eq!(browser.call("/api/fn/change_algorithm", &form).await.status(), 200);
    wait_until("the change is kept", SOON, async || {
        fs::read_to_string(remote.plan_file()).is_ok_and(|text| text.contains("ip_hash"))
    })
    .await;
    let key = {
        let kept: Value = serde_json::from_str(&fs::read_to_string(remote.plan_file()).unwrap()).unwrap();
        let orders: Value = serde_json::from_str(kept["orders"].as_str().unwrap()).unwrap();
        orders["affinity_key"].as_str().unwrap().to_owned()
    };
    assert_eq!(fs::metadata(remote.plan_file()).unwrap().permissions().mode() & 0o777, 0o600);

    app.leave().await;
    remote.until_says("the console is away").await;
    let one = served_by(&remote.url().await).await;
    remote.kill_and_start();
    remote.until_says("serving by the kept plan").await;
    let url = remote.url().await;
    for _ in 0..6 {
        assert_eq!(served_by(&url).await, one, "by the address of the client, as was ordered last");
    }
    remote.until_says("the console is away").await;

    app.start().await.unwrap();
    let back = until_told(&browser, EventKind::GatewayBack).await.event;
    assert!(
        back.summary.contains("eu-1") && back.cause.contains("by the plan it keeps"),
        "{back:?}"
    );
    wait_until("what it served alone is counted", SOON, async || {
        let seen = elsewhere(&browser).await;
        seen.is_some_and(|g| g.totals.requests == 6 && g.facts.plan == PlanState::InForce && g.facts.state == GatewayState::Up)
    })
    .await;
    remote.until_says("the console is back").await;
    assert_eq!(remote.program.terminate(), Some(0));
    for secret in [TOKEN, key.as_str()] {
        assert!(!remote.says(secret), "{secret} was logged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_file_that_cannot_be_believed_is_asked_for_again() {
    let mut app = console().await;
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(
        dir.path().join("data/gateway-plan.json"),
        "{\"format\":1,\"digest\":\"00\",\"orders\":\"{}\"}",
    )
    .unwrap();
    let mut remote = Remote::with(dir, &app.url(), TOKEN);
    remote.until_says("the kept plan cannot be used").await;
    served_by(&remote.url().await).await;
    wait_until("it is kept again", SOON, async || {
        fs::read_to_string(remote.plan_file()).is_ok_and(|text| text.contains("round_robin"))
    })
    .await;

    // Neither a plan nor a console: it waits, and serves as soon as it can.
    app.leave().await;
    fs::write(remote.plan_file(), "{").unwrap();
    remote.kill_and_start();
    remote.until_says("waiting for the console").await;
    assert!(!remote.says("the gateway listens"));
    app.start().await.unwrap();
    served_by(&remote.url().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_the_token_learns_and_changes_nothing() {
    let app = console().await;
    let browser = app.admin().await;
    let remote = Remote::start(&app.url(), "another-token-0123456789");
    remote.until_says("the console answered 401").await;
    assert!(!remote.says("the gateway listens") && !remote.says("another-token-0123456789"));
    looked(&browser).await;
    assert_eq!(elsewhere(&browser).await, None);
    for (name, token, status, word) in [
        ("eu-1", "", 401, "gateways.token"),
        ("eu-1", "a-token-of-the-tests-012345678", 401, "gateways.token"),
        ("%3Cb%3E", TOKEN, 422, "a name is made of"),
        ("..%2Fx", TOKEN, 422, "a name is made of"),
        ("console", TOKEN, 409, "another --id"),
    ] {
        let (answered, detail) = post_report(&app, name, token, report(1).to_string()).await;
        assert_eq!(answered.as_u16(), status, "{name}: {detail}");
        assert!(detail.contains(word), "{detail}");
    }
    // Nor does the session of an admin help.
    let answer = browser.call("/api/gateways/eu-1/sync", &[]).await;
    assert_eq!(answer.status(), 401);

    let off = TestApp::sqlite().await;
    let (status, detail) = post_report(&off, "eu-1", TOKEN, report(1).to_string()).await;
    assert_eq!((status, detail.contains("gateways.token")), (StatusCode::FORBIDDEN, true));
    let pools = off.admin().await.get("/pools").await.text().await.unwrap();
    assert!(
        pools.contains("gateways.token") && !pools.contains("evenkeel gateway --control"),
        "{pools}"
    );
    let pools = browser.get("/pools").await.text().await.unwrap();
    assert!(pools.contains("evenkeel gateway --control"), "{pools}");
}

async fn post_report(app: &TestApp, name: &str, token: &str, body: String) -> (StatusCode, String) {
    let request = Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/gateways/{name}/sync", app.url()));
    let answer = request
        .bearer_auth(token)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let json: Value = answer.json().await.unwrap();
    (status, json["detail"].as_str().unwrap_or_default().to_owned())
}

fn report(run: u64) -> Value {
    json!({
        "protocol": PROTOCOL, "run": run, "sequence": 1, "sent_at_ms": 0, "started_at_ms": 0, "software": "<b>0.1.0</b>", "addresses": ["127.0.0.1:9"], "in_force": null,
        "refused": null, "away_ms": null, "leaving": false, "done": [],
        "stats": { "unrouted": 0, "connections": 0, "pools": [], "events": [] }
    })
}

/// One pool with one instance that no console has planned, and this histogram.
fn pool(name: &str, histogram: &Value) -> Value {
    let counters =
        json!({ "requests": 9, "status_2xx": 9, "status_3xx": 0, "status_4xx": 0, "status_5xx": 0, "failed": 0, "bytes_sent": 0 });
    let breaker =
        json!({ "state": "open", "since_ms": 0, "until_ms": null, "requests": 0, "failures": 0, "opened": 0, "cause": "<script>" });
    let instance = json!({
        "id": "web-1", "address": "127.0.0.1:9", "weight": 1, "admin": "ready", "health": "down", "health_since_ms": 0, "ejected_until_ms": null,
        "breaker": breaker, "pinned": null, "in_flight": 0, "counters": counters, "histogram": histogram, "last_check": null, "load": null
    });
    json!({
        "pool": name, "version": 1, "algorithm": "round_robin", "in_flight": 0, "counters": counters, "unserved": 0,
        "refusals": { "rate": 0, "body": 0, "in_flight": 0, "shed": 0, "breaker": 0 }, "retries": { "sent": 0, "over_budget": 0 },
        "breaker": breaker, "is_panicking": false, "degraded": null, "histogram": histogram, "instances": [instance]
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_reports_are_refused_and_harm_nothing() {
    let app = console().await;
    let browser = app.admin().await;
    let with = |pools: Value| {
        let mut report = report(1);
        report["stats"]["pools"] = pools;
        report.to_string()
    };
    let nan = with(json!([pool("web", &json!([1, 1]))])).replace("\"pinned\":null", "\"pinned\":NaN");
    let bomb = with(json!([pool("web", &json!(vec![1; 100_000]))]));
    let huge = with(json!([pool("web", &json!([u64::MAX, 1]))]));
    let refused = [
        // Little more than allowed: of what follows a refusal the connection would know nothing.
        ("x".repeat((8 << 20) + 1), 413, "more than 8388608 bytes"),
        (nan, 422, "cannot be read"),
        (bomb, 422, "more latencies than a histogram has"),
        (huge, 422, "out of range"),
        (with(json!(vec![pool("web", &json!([])); 300])), 422, "pools: 300"),
        ("[".repeat(100_000), 422, "cannot be read"),
        (String::new(), 422, "cannot be read"),
    ];
    for (body, status, word) in refused {
        let start: String = body.chars().take(40).collect();
        let (answered, detail) = post_report(&app, "eu-1", TOKEN, body).await;
        assert_eq!(answered.as_u16(), status, "{start}: {detail}");
        assert!(detail.contains(word), "{detail}");
    }
    looked(&browser).await;
    assert_eq!(elsewhere(&browser).await, None);

    // What is only nobody's business is taken and not shown: a pool that is not planned, an instance at another address.
    let (answered, detail) = post_report(
        &app,
        "eu-1",
        TOKEN,
        with(json!([pool("other", &json!([])), pool("web", &json!([]))])),
    )
    .await;
    assert_eq!(answered, 200, "{detail}");
    wait_until("it is seen", SOON, async || elsewhere(&browser).await.is_some()).await;
    looked(&browser).await;
    let page = browser.get("/metrics").await.text().await.unwrap();
    assert!(page.contains("evenkeel_gateway_up{gateway=\"eu-1\"}"), "{page}");
    assert!(
        !page.contains("other") && page.contains("evenkeel_requests_total{pool=\"web\",instance=\"web-1\"} 0"),
        "{page}"
    );
    let shown = browser.get("/pools").await.text().await.unwrap();
    assert!(
        shown.contains("&lt;b>0.1.0") || shown.contains("&lt;b&gt;0.1.0"),
        "the version is escaped"
    );
    assert!(!shown.contains("<b>0.1.0"));
}

/// A console that sends what it is told to, and shows what it was sent.
struct Script {
    url: String,
    reports: mpsc::UnboundedReceiver<SyncRequest>,
    answers: mpsc::UnboundedSender<SyncAnswer>,
    ends: Arc<Ends>,
}

struct Ends {
    told: mpsc::UnboundedSender<SyncRequest>,
    next: tokio::sync::Mutex<mpsc::UnboundedReceiver<SyncAnswer>>,
    /// Answers 422 to whoever tells counts.
    refuses_counts: AtomicBool,
}

impl Script {
    async fn start() -> Self {
        let (told, reports) = mpsc::unbounded_channel();
        let (answers, next) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ends = Arc::new(Ends {
            told,
            next: tokio::sync::Mutex::new(next),
            refuses_counts: AtomicBool::new(false),
        });
        let router = Router::new()
            .route("/api/gateways/eu-1/sync", post(Self::sync))
            .with_state(ends.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            reports,
            answers,
            ends,
        }
    }

    async fn sync(State(ends): State<Arc<Ends>>, Json(report): Json<SyncRequest>) -> Response {
        if report.stats.is_some() && ends.refuses_counts.load(Ordering::Relaxed) {
            let problem = json!({ "status": 422, "detail": "report: pools: 300 is more than 256" });
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response();
        }
        ends.told.send(report).unwrap();
        let answer = ends.next.lock().await.recv().await.unwrap();
        Json(answer).into_response()
    }

    /// Answers each report with nothing until one is as it should be.
    async fn until(&mut self, what: impl Fn(&SyncRequest) -> bool) -> SyncRequest {
        loop {
            let report = self.report().await;
            if what(&report) {
                return report;
            }
            self.answer(None, vec![]);
        }
    }

    fn answer(&self, orders: Option<OrdersText>, commands: Vec<Command>) {
        let answer = SyncAnswer {
            protocol: PROTOCOL,
            wanted: None,
            orders,
            commands,
            next_ms: 0,
        };
        self.answers.send(answer).unwrap();
    }

    async fn report(&mut self) -> SyncRequest {
        tokio::time::timeout(SOON, self.reports.recv()).await.expect("it reports").unwrap()
    }
}

fn orders(pools: Vec<PoolPlan>) -> OrdersText {
    let everything = Route {
        host: None,
        path: PathPrefix::new("/").unwrap(),
        pool: pools[0].pool.clone(),
        priority: Priority::Normal,
        reuse: model::ReusePolicy::default(),
    };
    let plan = GatewayPlan {
        routes: vec![everything],
        pools,
    };
    Orders {
        plan,
        affinity_key: SecretKey([7; 32]),
    }
    .text()
}

/// A pool with one instance.
fn web(backend: &Backend) -> PoolPlan {
    let instance = InstancePlan {
        id: "a".parse().unwrap(),
        address: backend.address,
        weight: model::Weight::ONE,
        admin: model::AdminState::Ready,
        breaker: model::BreakerHold::Auto,
        check: None,
    };
    PoolPlan::new("web".parse().unwrap(), 1, Algorithm::RoundRobin, vec![instance])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_this_machine_would_not_do_is_done_as_soon_as_it_can() {
    let (backend, files) = (Backend::start().await, tempfile::tempdir().unwrap());
    let ca = files.path().join("ca.pem");
    let mut pool = web(&backend);
    pool.tls = UpstreamTls {
        on: true,
        ca: Some(ca.display().to_string()),
        ..UpstreamTls::default()
    };
    let orders = orders(vec![pool]);
    let mut script = Script::start().await;
    let mut remote = Remote::start(&script.url, TOKEN);
    // Where the plan is kept, something is in the way.
    fs::create_dir_all(remote.plan_file().join("in-the-way")).unwrap();
    script.report().await;
    script.answer(Some(orders.clone()), vec![]);
    let refused = script.report().await;
    assert!(refused.refused.unwrap().why.contains("ca.pem") && refused.in_force.is_none());

    let authority = rcgen::generate_simple_self_signed(vec!["instances.test".to_owned()]).unwrap();
    fs::write(&ca, authority.cert.pem()).unwrap();
    remote.program.signal("HUP");
    script.answer(None, vec![]);
    let serving = script.until(|report| report.in_force == Some(orders.digest())).await;
    assert_eq!(serving.refused, None);
    assert!(serving.troubles[0].contains("could not keep the plan"), "{:?}", serving.troubles);

    fs::remove_dir_all(remote.plan_file()).unwrap();
    remote.program.signal("HUP");
    script.answer(None, vec![]);
    script.until(|report| report.troubles.is_empty()).await;
    assert!(fs::metadata(remote.plan_file()).unwrap().is_file());

    // Nor is a kept plan given up because it could not be followed at the start.
    fs::remove_file(&ca).unwrap();
    remote.kill_and_start();
    script.answer(None, vec![]);
    let refused = script.until(|report| report.refused.is_some()).await;
    assert_eq!(refused.refused.unwrap().digest, orders.digest());
    fs::write(&ca, authority.cert.pem()).unwrap();
    remote.program.signal("HUP");
    script.answer(None, vec![]);
    script.until(|report| report.in_force == Some(orders.digest())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_takes_no_counts_is_still_obeyed() {
    let backend = Backend::start().await;
    let (first, second) = (
        orders(vec![web(&backend)]),
        orders(vec![PoolPlan {
            version: 2,
            ..web(&backend)
        }]),
    );
    let mut script = Script::start().await;
    let remote = Remote::start(&script.url, TOKEN);
    script.report().await;
    script.answer(Some(first.clone()), vec![]);
    let counting = script.until(|report| report.in_force == Some(first.digest())).await;
    assert!(counting.stats.is_some() && counting.troubles.is_empty());

    script.ends.refuses_counts.store(true, Ordering::Relaxed);
    script.answer(Some(second.clone()), vec![]);
    let without = script.report().await;
    assert_eq!((without.in_force, without.stats), (Some(second.digest()), None));
    assert!(
        without.troubles[0].contains("pools: 300 is more than 256"),
        "{:?}",
        without.troubles
    );
    script.answer(Some(first.clone()), vec![]);
    let next = script.report().await;
    assert_eq!((next.in_force, next.stats), (Some(first.digest()), None));
    let said = remote.program.log().matches("does not take what this gateway counted").count();
    assert_eq!(said, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_cannot_be_followed_are_reported_and_those_before_stay() {
    let backend = Backend::start().await;
    let web = web(&backend);
    let good = orders(vec![web.clone()]);
    let mut script = Script::start().await;
    let mut remote = Remote::start(&script.url, TOKEN);
    assert_eq!(script.report().await.in_force, None);
    script.answer(Some(good.clone()), vec![]);
    assert_eq!(script.report().await.in_force, Some(good.digest()));
    let url = remote.url().await;
    assert_eq!(served_by(&url).await, "a");

    let newer = OrdersText(good.0.replace("round_robin", "by_magic"));
    for (bad, why) in [
        (orders(vec![web.clone(), web]), "pool web is named twice"),
        (newer, "does not understand the orders"),
    ] {
        script.answer(Some(bad.clone()), vec![]);
        let report = script.report().await;
        let refused = report.refused.expect("it refuses");
        assert!(refused.why.contains(why) && refused.digest == bad.digest(), "{refused:?}");
        assert_eq!(report.in_force, Some(good.digest()));
        assert_eq!(served_by(&url).await, "a");
    }

    // A command is carried out and confirmed until the console knows.
    let command = |id, pool: &str| Command {
        id,
        pool: pool.parse().unwrap(),
        reset: vec![BreakerTarget::Pool],
    };
    script.answer(None, vec![command(1, "web"), command(2, "nope")]);
    let done = script.report().await.done;
    assert_eq!(
        (done.len(), done[0].error.as_deref(), done[1].error.as_deref()),
        (2, None, Some("there is no pool nope"))
    );
    script.answer(None, vec![]);
    assert_eq!(script.report().await.done, []);

    // The kept plan is the one that works.
    remote.kill_and_start();
    assert_eq!(served_by(&remote.url().await).await, "a");
}
