//! Who has not the token, and reports that nobody would send in earnest.

use super::*;

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
