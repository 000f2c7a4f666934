//! Serving by the console's plan, with it and without it.

use super::*;

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
