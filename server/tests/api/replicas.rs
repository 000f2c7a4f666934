//! Several consoles, as processes, on one PostgreSQL database.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use control::ports::{Journal as _, Samples as _};
use model::{Algorithm, Event, EventFilter, EventKind, Frame, PoolIntent, SourceState, ViewData};
use reqwest::Method;
use serde_json::{Value, json};
use store::{DatabaseUrl, Store, StoreConfig};
use tempfile::TempDir;
use testkit::{Postgres, wait_until};

use crate::support::{ADMIN, Backend, Browser, LiveEvents, PASSWORD, Program, SOON};

const TOKEN: &str = "a-token-of-the-tests-0123456789";
struct Replica {
    program: Program,
    browser: Browser,
    dir: TempDir,
}

impl Replica {
    async fn leads(&self) -> bool {
        self.metric("evenkeel_leader").await.as_deref() == Some("1")
    }

    /// `None` also where it does not answer in time: one that is stopped never does.
    async fn metric(&self, name: &str) -> Option<String> {
        let asked = tokio::time::timeout(Duration::from_secs(2), self.browser.bare(Method::GET, "/metrics").send());
        let page = asked.await.ok()?.ok()?.text().await.ok()?;
        page.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    }

    /// Where its own gateway listens.
    fn gateway(&self) -> String {
        let log = self.program.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line = lines.find(|line| line["message"] == "the gateway listens").unwrap();
        line["address"].as_str().unwrap().to_owned()
    }

    fn name(&self) -> String {
        self.browser.base().trim_start_matches("http://").to_owned()
    }

    /// As an instance calls: a token, no cookie, no origin.
    async fn machine(&self, path: &str, body: Value) -> u16 {
        let request = Browser::new(self.browser.base()).bare(Method::POST, path);
        request.bearer_auth(TOKEN).json(&body).send().await.unwrap().status().as_u16()
    }
}

/// Consoles with one pool of two backends.
struct Fleet {
    url: String,
    store: Store,
    backends: Vec<Option<Backend>>,
    replicas: Vec<Replica>,
    cookie: Option<String>,
}

impl Fleet {
    async fn start(url: String, count: usize) -> Self {
        let backends = vec![Some(Backend::start().await), Some(Backend::start().await)];
        let config = StoreConfig {
            max_connections: 2,
            min_connections: 0,
            ..StoreConfig::new(DatabaseUrl::Postgres { url: url.clone() })
        };
        let store = Store::open(&config).await.unwrap();
        let mut fleet = Self {
            url,
            store,
            backends,
            replicas: Vec::new(),
            cookie: None,
        };
        for _ in 0..count {
            fleet.add().await;
        }
        fleet
    }

    async fn shared(count: usize) -> Self {
        let url = tokio::task::spawn_blocking(|| Postgres::shared().database()).await.unwrap();
        Self::start(url, count).await
    }

    async fn add(&mut self) {
        let dir = tempfile::tempdir().unwrap();
        let backend = |n: usize| self.backends[n].as_ref().unwrap().address;
        let toml = format!(
            "console.listen = \"127.0.0.1:0\"\ngateway.listen = \"127.0.0.1:0\"\ngateway.threads = 1\ngateways.token = \"{TOKEN}\"\n\
             registry.token = \"{TOKEN}\"\nregistry.allow = [\"127.0.0.1/32\"]\nregistry.refresh_s = 1\nregistry.expire_s = 4\n\
             database.url = {:?}\ndatabase.pool_min = 1\ndatabase.pool_max = 4\n[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\n\
             health.interval_ms = 100\ninstances = [{{ id = \"web-1\", address = \"{}\" }}, {{ id = \"web-2\", address = \"{}\" }}]\n",
            self.url,
            backend(0),
            backend(1)
        );
        fs::write(dir.path().join("evenkeel.toml"), toml).unwrap();
        let program = Program::start(Program::command(dir.path(), &[]));
        let browser = match &self.cookie {
            None => {
                let link = program.says("/setup?token=");
                let (console, token) = link.split_once("/setup?token=").unwrap();
                let mut browser = Browser::new(console);
                browser
                    .post("/setup", &[("token", token), ("name", ADMIN), ("password", PASSWORD)])
                    .await;
                self.cookie.clone_from(&browser.cookie);
                browser
            }
            Some(cookie) => {
                let line = program.says("The console is at ");
                let mut browser = Browser::new(line.trim_start_matches("The console is at "));
                // Signed in at the first console, and so at all.
                browser.cookie = Some(cookie.clone());
                browser
            }
        };
        self.replicas.push(Replica { program, browser, dir });
    }

    /// The one that leads, among all but `without`.
    async fn leader(&self, without: Option<usize>) -> Option<usize> {
        for (n, replica) in self.replicas.iter().enumerate() {
            if Some(n) != without && replica.leads().await {
                return Some(n);
            }
        }
        None
    }

    async fn until_led(&self, without: Option<usize>) -> usize {
        let mut leader = None;
        wait_until("a console leads", SOON, async || {
            leader = self.leader(without).await;
            leader.is_some()
        })
        .await;
        leader.unwrap()
    }

    async fn events(&self) -> Vec<Event> {
        self.store.read(&EventFilter::default(), 1_000).await.unwrap().items
    }

    async fn told(&self, kind: EventKind, instance: Option<&str>) -> usize {
        let events = self.events().await;
        let of = |e: &&Event| e.event.kind == kind && instance.is_none_or(|id| e.event.instance.as_ref().is_some_and(|i| i.as_str() == id));
        events.iter().filter(of).count()
    }

    /// What was observed is in the journal once, whoever observed it.
    async fn nothing_is_doubled(&self) {
        let events = self.events().await;
        let observed = events.iter().map(|e| &e.event);
        let observed = observed.filter(|e| !matches!(e.kind, EventKind::ConsoleStarted | EventKind::ConsoleStopped));
        let mut seen = BTreeSet::new();
        for event in observed {
            let name = format!("{:?} {:?} {} {}", event.kind, event.instance, event.summary, event.cause);
            assert!(seen.insert(name), "told twice: {event:?}");
        }
    }

    /// Takes a backend down, which whoever leads has to tell.
    async fn take_down(&mut self, n: usize) {
        self.backends[n] = None;
        let id = format!("web-{}", n + 1);
        wait_until("it is told", SOON, async || {
            self.told(EventKind::InstanceDown, Some(&id)).await == 1
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_serve_pages_and_live_data_and_what_is_changed_on_one_counts_for_all() {
    let fleet = Fleet::shared(2).await;
    let leader = fleet.until_led(None).await;
    let (leader, follower) = (&fleet.replicas[leader], &fleet.replicas[1 - leader]);
    assert!(!follower.leads().await);
    let page = follower.browser.get("/").await;
    assert_eq!(page.status(), 200);
    let text = page.text().await.unwrap();
    assert!(text.contains(&format!("follower of {}", leader.name())), "the account menu says so");

    // Its live stream shows the leader's numbers, and says where they are from.
    let mut live = LiveEvents::open(&follower.browser, "/api/live?view=overview", None).await;
    let says = format!("leading console {}", leader.name());
    loop {
        let Frame { view, .. } = live.event().await.expect("the stream goes on").frame;
        let ViewData::Overview(view) = view else {
            panic!("not an overview")
        };
        let source = view.sources.iter().find(|source| source.what == says);
        if source.is_some_and(|source| source.state == SourceState::Up) && view.instances_up == 2 {
            break;
        }
    }
    assert_eq!(follower.browser.get("/ready").await.status(), 200);

    let form = [("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")];
    assert_eq!(follower.browser.call("/api/fn/change_algorithm", &form).await.status(), 200);
    let changed = Instant::now();
    wait_until("the leader goes by it", SOON, async || {
        let intent: PoolIntent = leader.browser.json("/api/fn/intent?pool=web").await;
        (intent.version, intent.policy.algorithm) == (2, Algorithm::LeastConnections)
    })
    .await;
    println!("a change made on a follower is known to the leader after {:?}", changed.elapsed());
    wait_until("it is told", SOON, async || fleet.told(EventKind::PolicyApplied, None).await >= 2).await;

    // What only the leader can take reaches it through the follower: an instance that registers and is heard of stays.
    let extra = Backend::start().await;
    let offer = json!({ "pool": "web", "id": "web-3", "address": extra.address.to_string() });
    let registered = follower.machine("/api/scalability/services/register", offer).await;
    assert_eq!(registered, 201);
    let beat = async || {
        let path = "/api/scalability/services/web/web-3/heartbeat";
        follower.machine(path, json!({})).await
    };
    let since = Instant::now();
    wait_until("it outlives what is granted without a sign of life", SOON, async || {
        assert_eq!(beat().await, 200);
        since.elapsed() > Duration::from_secs(6)
    })
    .await;
    assert_eq!(fleet.told(EventKind::InstanceExpired, None).await, 0);
    wait_until("both show all three, while it is heard of", SOON, async || {
        assert_eq!(beat().await, 200);
        let mut up = Vec::new();
        for replica in &fleet.replicas {
            let view: ViewData = replica.browser.json("/api/fn/view?key=overview").await;
            let ViewData::Overview(view) = view else {
                panic!("not an overview")
            };
            up.push(view.instances_up);
        }
        up == [3, 3]
    })
    .await;
    wait_until("it leaves when it is not heard of", SOON, async || {
        fleet.told(EventKind::InstanceExpired, None).await == 1
    })
    .await;
    // What its own gateway serves is counted by the leader, as that of one of several.
    let gateway = follower.gateway();
    for _ in 0..20 {
        assert_eq!(reqwest::get(format!("http://{gateway}/")).await.unwrap().status(), 200);
    }
    for replica in &fleet.replicas {
        let of_follower = format!(
            "evenkeel_gateway_requests_total{{gateway=\"{}\"}}",
            follower.name().replace(':', "-")
        );
        wait_until("both show it", SOON, async || {
            replica.metric(&of_follower).await.as_deref() == Some("20")
        })
        .await;
    }

    // So does the reset of a breaker, with who asked for it and from where.
    let reset = follower
        .browser
        .call("/api/fn/reset_breakers", &[("pool", "web"), ("targets", "*")])
        .await;
    assert_eq!(reset.status(), 200, "{}", reset.text().await.unwrap());
    assert_eq!(fleet.told(EventKind::BreakerReset, None).await, 1);
    let audited = fleet.store.audit(None, 1).await.unwrap().items.remove(0).entry;
    assert_eq!(
        (audited.action.as_str(), audited.who.as_str(), audited.from.as_str()),
        ("breaker.reset", ADMIN, "127.0.0.1")
    );

    // Nobody else learns what the leader tells its followers.
    let address = format!("{}/api/replicas/snapshots", leader.browser.base());
    for proof in [None, Some("0".repeat(64))] {
        let mut request = reqwest::Client::new().get(&address);
        if let Some(proof) = proof {
            request = request.header("x-evenkeel-replica", proof);
        }
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    fleet.nothing_is_doubled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_is_killed_another_leads_and_acts() {
    let mut fleet = Fleet::shared(3).await;
    // A gateway elsewhere that knows one of the followers alone.
    let first = fleet.until_led(None).await;
    let dir = tempfile::tempdir().unwrap();
    let control = fleet.replicas[(first + 1) % 3].browser.base().to_owned();
    let args = ["gateway", "--control", &control, "--id", "eu-1", "--gateway-listen", "127.0.0.1:0"];
    let mut command = Program::command(dir.path(), &args);
    command.env("EVENKEEL_GATEWAY_TOKEN", TOKEN);
    let _gateway = Program::start(command);
    let is_heard = async |fleet: &Fleet, n: usize| {
        let up = fleet.replicas[n].metric("evenkeel_gateway_up{gateway=\"eu-1\"}").await;
        up.as_deref() == Some("1")
    };
    wait_until("the leader hears it", SOON, async || is_heard(&fleet, first).await).await;
    for (n, how) in ["KILL", "TERM"].into_iter().enumerate() {
        let leader = fleet.until_led(None).await;
        let measured = fleet.store.newest_ms().await.unwrap();
        let mut gone = fleet.replicas.remove(leader);
        let since = Instant::now();
        if how == "KILL" {
            gone.program.kill();
        } else {
            gone.program.signal("TERM");
        }
        let next = fleet.until_led(None).await;
        let took = since.elapsed();
        // How soon that may be is a matter of constants, which `control::decide::lead` looks at; here the machine counts too.
        println!("SIG{how}: another console leads after {took:?}");
        if how == "KILL" {
            wait_until("the next leader hears the gateway", SOON, async || is_heard(&fleet, next).await).await;
            assert_eq!(fleet.told(EventKind::GatewayLost, None).await, 0, "no gateway was lost");
        }
        fleet.take_down(n).await;
        wait_until("measured values go on", SOON, async || {
            fleet.store.newest_ms().await.unwrap() > measured
        })
        .await;
        wait_until("it is told who leads", SOON, async || {
            fleet.told(EventKind::LeaderChanged, None).await == n + 2
        })
        .await;
        fleet.nothing_is_doubled().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_stood_still_wakes_up_as_a_follower_and_nothing_is_doubled() {
    let mut fleet = Fleet::shared(2).await;
    let old = fleet.until_led(None).await;
    let new = 1 - old;
    fleet.replicas[old].program.signal("STOP");
    let since = Instant::now();
    assert_eq!(fleet.until_led(Some(old)).await, new);
    let took = since.elapsed();
    println!("SIGSTOP: another console leads after {took:?}");
    fleet.take_down(0).await;

    // It wakes up with everything it had in hand.
    fleet.replicas[old].program.signal("CONT");
    let name = fleet.replicas[new].name();
    wait_until("it follows", SOON, async || {
        let view = tokio::time::timeout(
            Duration::from_secs(5),
            fleet.replicas[old].browser.json("/api/fn/view?key=overview"),
        )
        .await;
        let Ok(ViewData::Overview(view)) = view else { return false };
        let followed = view.sources.iter().find(|source| source.what == format!("leading console {name}"));
        followed.is_some_and(|source| source.state == SourceState::Up) && view.instances_up == 1
    })
    .await;
    wait_until("the other one still leads", SOON, async || {
        !fleet.replicas[old].leads().await && fleet.replicas[new].leads().await
    })
    .await;
    fleet.take_down(1).await;
    assert_eq!(fleet.told(EventKind::LeaderChanged, None).await, 2, "each of the two once");
    fleet.nothing_is_doubled().await;

    // And back again: what it follows now ends.
    fleet.replicas[new].program.kill();
    let since = Instant::now();
    assert_eq!(fleet.until_led(Some(new)).await, old);
    println!("SIGKILL of two: the other console leads after {:?}", since.elapsed());
    fleet.backends[0] = Some(Backend::start_at(&address_of(&fleet, 0)).await);
    wait_until("it is told", SOON, async || {
        fleet.told(EventKind::InstanceUp, Some("web-1")).await == 1
    })
    .await;
    fleet.nothing_is_doubled().await;
}

fn address_of(fleet: &Fleet, n: usize) -> String {
    let dir = &fleet.replicas[0].dir;
    let toml = fs::read_to_string(dir.path().join("evenkeel.toml")).unwrap();
    toml.split("address = \"").nth(n + 1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nobody_leads() {
    let (mut postgres, url) = tokio::task::spawn_blocking(|| {
        let postgres = Postgres::start();
        let url = postgres.database();
        (postgres, url)
    })
    .await
    .unwrap();
    let fleet = Fleet::start(url, 2).await;
    fleet.until_led(None).await;
    let mut postgres = tokio::task::spawn_blocking(move || {
        postgres.stop();
        postgres
    })
    .await
    .unwrap();
    let since = Instant::now();
    wait_until("nobody leads", SOON, async || fleet.leader(None).await.is_none()).await;
    println!("without the database nobody acts after {:?}", since.elapsed());
    for replica in &fleet.replicas {
        wait_until("it serves all the same", SOON, async || {
            replica.metric("evenkeel_sources_down").await.is_some()
        })
        .await;
    }
    let _running = tokio::task::spawn_blocking(move || {
        postgres.start_again();
        postgres
    })
    .await
    .unwrap();
    fleet.until_led(None).await;
}
