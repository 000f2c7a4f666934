//! Orders that cannot be followed, from a console of the test's own.

use super::*;

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
