//! `/api/scalability/services…`: instances that announce themselves.

use model::{ApiError, Event, EventKind, Page, PoolView, Role, ViewData};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::wait_until;

use crate::support::{Backend, Browser, SOON, TestApp};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const LIST: &str = "/api/scalability/services";
const REGISTER: &str = "/api/scalability/services/register";

/// A pool `empty` behind `/empty`, and a registry for 127.0.0.1 on any port.
fn settings(more: &str) -> String {
    format!(
        "registry.token = \"{TOKEN}\"\nregistry.allow = [\"127.0.0.1/32\"]\n{more}\n[[routes]]\npath = \"/empty\"\npool = \"empty\"\n\
         [[pools]]\nid = \"empty\"\nhealth.interval_ms = 100\ninstances = []\n"
    )
}

/// As an instance calls: a token, no cookie, no origin.
async fn call(app: &TestApp, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Response {
    let mut request = app.visitor().bare(method, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    request.send().await.unwrap()
}

async fn register(app: &TestApp, body: &Value) -> Response {
    call(app, Method::POST, REGISTER, Some(TOKEN), Some(body)).await
}

async fn beat(app: &TestApp, id: &str, report: Option<&Value>) -> Response {
    call(app, Method::POST, &format!("{LIST}/empty/{id}/heartbeat"), Some(TOKEN), report).await
}

fn offer(id: &str, address: impl ToString) -> Value {
    json!({ "pool": "empty", "id": id, "address": address.to_string() })
}

async fn problem(answer: Response) -> (u16, String) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    assert_eq!(body["status"], status);
    (status, body["detail"].as_str().unwrap().to_owned())
}

async fn ids(app: &TestApp, query: &str) -> (Vec<String>, Option<String>) {
    let answer = call(app, Method::GET, &format!("{LIST}{query}"), Some(TOKEN), None).await;
    let page: Value = answer.json().await.unwrap();
    let name = |item: &Value| format!("{}/{}", item["pool"].as_str().unwrap(), item["id"].as_str().unwrap());
    let items = page["items"].as_array().unwrap().iter().map(name).collect();
    (items, page["next"].as_str().map(str::to_owned))
}

async fn through_gateway(app: &TestApp) -> (u16, String) {
    let answer = reqwest::get(format!("{}/empty/who", app.gateway())).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn wait_for_event(browser: &Browser, kind: EventKind) -> Event {
    let mut found = None;
    wait_until(&format!("an event {}", kind.id()), SOON, async || {
        let page: Page<Event> = browser.json("/api/fn/events?limit=100").await;
        found = page.items.into_iter().find(|e| e.event.kind == kind);
        found.is_some()
    })
    .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_token_registers_and_a_cookie_opens_the_list_alone() {
    let app = TestApp::with(&settings("")).await;
    let admin = app.admin().await;
    let viewer = app.signed_in("vic", Role::Viewer).await;
    let body = offer("e-1", "127.0.0.1:9001");
    let changes = [
        (Method::POST, REGISTER.to_owned()),
        (Method::POST, format!("{LIST}/empty/e-1/heartbeat")),
        (Method::DELETE, format!("{LIST}/empty/e-1")),
        (Method::POST, "/api/scalability/health/update".to_owned()),
    ];
    for (method, path) in &changes {
        // No page tells where it comes from, nobody shows a token.
        let (status, detail) = problem(call(&app, method.clone(), path, None, Some(&body)).await).await;
        assert!(status == 403 && detail.contains("Authorization: Bearer"), "{path}: {detail}");
        for wrong in ["", "0123456789abcdef0123456789abcdeF", "0123456789abcdef0123456789abcdef0"] {
            let answer = call(&app, method.clone(), path, Some(wrong), Some(&body)).await;
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(problem(answer).await.0, 401, "{path} {wrong}");
        }
        // An admin's cookie from our own page is no token either.
        let own = admin.bare(method.clone(), path).header("origin", app.url()).json(&body);
        assert_eq!(own.send().await.unwrap().status(), 401, "{path}");
        // A page elsewhere that knows the token is still a page elsewhere.
        let foreign = app
            .visitor()
            .bare(method.clone(), path)
            .bearer_auth(TOKEN)
            .header("origin", "https://evil.example");
        assert_eq!(foreign.json(&body).send().await.unwrap().status(), 403, "{path}");
    }
    assert_eq!(ids(&app, "?pool=empty").await.0, [""; 0], "nothing was registered");
    let read = |browser: &Browser, token: Option<&'static str>| {
        let request = browser.bare(Method::GET, LIST);
        let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        async move { request.send().await.unwrap().status() }
    };
    assert_eq!(read(&viewer, None).await, 200);
    assert_eq!(read(&app.visitor(), None).await, 401);
    assert_eq!(
        read(&viewer, Some("wrong")).await,
        401,
        "a wrong token is not made good by a cookie"
    );
    // The token opens nothing else, and a machine may know the console by another name.
    let other = app.visitor().bare(Method::GET, "/api/fn/intent?pool=web").bearer_auth(TOKEN);
    assert_eq!(other.send().await.unwrap().status(), 401);
    let named = app
        .visitor()
        .bare(Method::GET, LIST)
        .bearer_auth(TOKEN)
        .header("host", "evenkeel.svc:3000");
    assert_eq!(named.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_off_or_allows_nobody_says_which_setting_it_is() {
    let app = TestApp::with("").await;
    let (status, detail) = problem(register(&app, &offer("e-1", "127.0.0.1:9001")).await).await;
    assert!(status == 403 && detail.contains("registry.token"), "{detail}");
    let app = TestApp::with(&format!("registry.token = \"{TOKEN}\"")).await;
    let body = json!({ "pool": "web", "id": "w-9", "address": "127.0.0.1:9001" });
    let (status, detail) = problem(register(&app, &body).await).await;
    assert!(status == 422 && detail.contains("registry.allow names no network"), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_registered_serves_and_one_that_falls_silent_leaves() {
    let app = TestApp::with(&settings("registry.refresh_s = 1\nregistry.expire_s = 5")).await;
    let browser = app.admin().await;
    let backend = Backend::start().await;
    assert_eq!(through_gateway(&app).await.0, 503);

    let answer = register(&app, &offer("e-1", backend.address)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let told: Value = answer.json().await.unwrap();
    assert_eq!(
        (&told["refresh_s"], &told["expire_s"], &told["outcome"]),
        (&json!(1), &json!(5), &json!("registered"))
    );
    assert_eq!(told["address"], backend.address.to_string());
    wait_until("it serves", SOON, async || {
        beat(&app, "e-1", None).await;
        through_gateway(&app).await == (200, "hello".into())
    })
    .await;
    wait_until("the table shows it, up", SOON, async || {
        assert_eq!(beat(&app, "e-1", None).await.status(), 200);
        let page = browser.get("/pools/empty").await.text().await.unwrap();
        page.contains("badge registered") && page.contains(&backend.address.to_string())
    })
    .await;
    assert_eq!(register(&app, &offer("e-1", backend.address)).await.status(), StatusCode::OK);

    let expired = wait_for_event(&browser, EventKind::InstanceExpired).await.event;
    assert_eq!(
        (expired.instance.unwrap().as_str(), expired.cause.as_str()),
        ("e-1", "no heartbeat for 5 s")
    );
    wait_until("nobody serves", SOON, async || through_gateway(&app).await.0 == 503).await;
    let (status, detail) = problem(beat(&app, "e-1", None).await).await;
    assert!(status == 404 && detail.contains("register again"), "{detail}");
    assert_eq!(register(&app, &offer("e-1", backend.address)).await.status(), StatusCode::CREATED);
    wait_until("it serves again", SOON, async || through_gateway(&app).await.0 == 200).await;
    let gone = call(&app, Method::DELETE, &format!("{LIST}/empty/e-1"), Some(TOKEN), None).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    wait_until("nobody serves", SOON, async || through_gateway(&app).await.0 == 503).await;
    assert_eq!(
        wait_for_event(&browser, EventKind::InstanceDeregistered)
            .await
            .event
            .actor
            .to_string(),
        "registry token"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_file_wins_and_every_field_has_its_limit() {
    let app = TestApp::with(&settings("registry.max_instances = 2")).await;
    let taken = json!({ "pool": "web", "id": "web-1", "address": "127.0.0.1:9001" });
    let (status, detail) = problem(register(&app, &taken).await).await;
    assert!(
        status == 409 && detail.contains("settings file already has an instance with the id web-1"),
        "{detail}"
    );

    let with = |field: &str, value: Value| {
        let mut body = offer("e-1", "127.0.0.1:9001");
        body[field] = value;
        body
    };
    for (body, status, part) in [
        (with("pool", json!("nowhere")), 404, "nowhere"),
        (with("id", json!("<script>")), 422, "id:"),
        (with("weight", json!(0)), 422, "weight:"),
        (with("weight", json!("5")), 400, "expected u16"),
        (with("tags", json!(vec!["x"; 33])), 422, "tags:"),
        (with("metadata", json!({ "k": "\u{1b}[2J" })), 422, "metadata:"),
        (with("surprise", json!(1)), 400, "surprise"),
        (json!([]), 400, "not as expected"),
    ] {
        let (is, detail) = problem(register(&app, &body).await).await;
        assert!(is == status && detail.contains(part), "{body}: {is} {detail}");
    }
    let form = app
        .visitor()
        .bare(Method::POST, REGISTER)
        .bearer_auth(TOKEN)
        .form(&[("pool", "empty")]);
    assert_eq!(problem(form.send().await.unwrap()).await.0, 415);
    let large = with("zone", json!("x".repeat(70_000)));
    assert_eq!(problem(register(&app, &large).await).await.0, 413);

    assert_eq!(register(&app, &offer("e-1", "127.0.0.1:9001")).await.status(), 201);
    let (status, detail) = problem(register(&app, &offer("e-2", "127.0.0.1:9001")).await).await;
    assert!(
        status == 409 && detail.starts_with("e-1 is registered at 127.0.0.1:9001"),
        "{detail}"
    );
    assert_eq!(register(&app, &offer("e-2", "127.0.0.1:9002")).await.status(), 201);
    let (status, detail) = problem(register(&app, &offer("e-3", "127.0.0.1:9003")).await).await;
    assert!(status == 409 && detail.contains("registry.max_instances"), "{detail}");

    assert_eq!(
        ids(&app, "?limit=3").await,
        (
            vec!["empty/e-1".into(), "empty/e-2".into(), "web/web-1".into()],
            Some("web/web-1".into())
        )
    );
    assert_eq!(ids(&app, "?limit=3&after=web/web-1").await, (vec!["web/web-2".into()], None));
    assert_eq!(
        problem(call(&app, Method::GET, "/api/scalability/services?after=x", Some(TOKEN), None).await)
            .await
            .0,
        422
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_leads_nowhere_that_the_settings_do_not_name() {
    let app = TestApp::with(&settings("")).await;
    let victim = Backend::start_at("127.0.0.2:0").await;
    let port = victim.address.port();
    let own = app.url().replace("http://", "");
    let targets = [
        victim.address.to_string(),
        format!("0x7f.0.0.2:{port}"),
        format!("[::ffff:127.0.0.2]:{port}"),
        format!("http://127.0.0.1@127.0.0.2:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}/admin"),
        format!("http://127.0.0.1:{port}#x"),
        "169.254.169.254:80".into(),
        "0.0.0.0:9000".into(),
        "[::]:9000".into(),
        "[::1]:9000".into(),
        "127.0.0.1:22".into(),
        "file:///etc/passwd".into(),
        own,
        app.gateway().replace("http://", ""),
    ];
    for target in targets {
        let (status, detail) = problem(register(&app, &offer("e-1", &target)).await).await;
        assert!(status == 422 && detail.starts_with("address: "), "{target}: {status} {detail}");
    }
    let mut body = offer("e-1", "127.0.0.1:9001");
    body["health_url"] = json!(format!("http://{}/health", victim.address));
    let (status, detail) = problem(register(&app, &body).await).await;
    assert!(
        status == 422 && detail.starts_with("health_url: 127.0.0.2 is not in registry.allow"),
        "{detail}"
    );
    assert_eq!(victim.hits(), 0);

    // The twin: where the settings name it, the very same registration makes the gateway go there.
    let wide = TestApp::with(&settings("").replace("127.0.0.1/32", "127.0.0.0/8")).await;
    assert_eq!(register(&wide, &body).await.status(), 201);
    wait_until("the checks arrive", SOON, async || victim.hits() > 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_instance_is_there_from_the_first_request_after_a_restart() {
    let mut app = TestApp::with(&settings("")).await;
    let mut browser = app.admin().await;
    let backend = Backend::start().await;
    let mut body = offer("e-1", backend.address);
    body["tags"] = json!(["blue"]);
    assert_eq!(register(&app, &body).await.status(), 201);
    app.restart().await;
    assert_eq!(through_gateway(&app).await, (200, "hello".into()));
    assert_eq!(beat(&app, "e-1", None).await.status(), 200);
    assert_eq!(ids(&app, "?pool=empty").await.0, ["empty/e-1"]);

    // Who allows nobody any more has nobody any more.
    app.change_settings(&settings("").replace("127.0.0.1/32", "10.0.0.0/8"));
    app.restart().await;
    assert_eq!(through_gateway(&app).await.0, 503);
    let cookie = browser.cookie.take();
    browser = app.visitor();
    browser.cookie = cookie;
    let left = wait_for_event(&browser, EventKind::InstanceDeregistered).await.event;
    assert_eq!(left.cause, "127.0.0.1 is not in registry.allow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_reports_are_shown_and_absurd_ones_refused() {
    let app = TestApp::with(&settings("")).await;
    let browser = app.admin().await;
    let backend = Backend::start().await;
    assert_eq!(register(&app, &offer("e-1", backend.address)).await.status(), 201);
    wait_until("a heartbeat's report is taken", SOON, async || {
        let answer = beat(&app, "e-1", Some(&json!({ "cpu_utilization": 0.25 }))).await;
        answer.json::<Value>().await.unwrap()["load_taken"] == json!(true)
    })
    .await;
    let update = json!({ "pool": "empty", "id": "e-1", "cpu_utilization": 0.5, "named_metrics": { "active_sessions": 3 } });
    let answer = call(&app, Method::POST, "/api/scalability/health/update", Some(TOKEN), Some(&update)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    wait_until("the table shows it", SOON, async || {
        let view: model::Frame = browser.json("/api/fn/view?key=pool%3Aempty").await;
        let ViewData::Pool(view) = view.view else { return false };
        let PoolView { instances, .. } = *view;
        let load = instances.first().and_then(|i| i.load);
        load.is_some_and(|load| (load.cpu, load.sessions) == (Some(0.5), Some(3)))
    })
    .await;
    for bad in [
        json!({ "cpu_utilization": -1 }),
        json!({ "cpu_utilization": 1e6 }),
        json!({ "mem_utilization": 2 }),
    ] {
        assert_eq!(problem(beat(&app, "e-1", Some(&bad)).await).await.0, 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_may_send_an_instance_away_and_a_viewer_may_not() {
    let app = TestApp::with(&settings("")).await;
    let admin = app.admin().await;
    let viewer = app.signed_in("vic", Role::Viewer).await;
    let (first, second) = (Backend::start().await, Backend::start().await);
    assert_eq!(register(&app, &offer("e-1", first.address)).await.status(), 201);
    let form = [("pool", "empty"), ("ids", "e-1")];
    assert_eq!(viewer.call("/api/fn/deregister_instance", &form).await.status(), 403);
    assert_eq!(
        admin
            .call("/api/fn/deregister_instance", &[("pool", "web"), ("ids", "web-1")])
            .await
            .status(),
        404
    );
    let wait_for_serving = async |count: usize| {
        wait_until(&format!("{count} serve"), SOON, async || {
            let view: model::Frame = admin.json("/api/fn/view?key=pool%3Aempty").await;
            let ViewData::Pool(view) = view.view else { return false };
            view.instances.iter().filter(|i| i.state.gets_requests()).count() == count
        })
        .await;
    };
    wait_for_serving(1).await;
    let answer = admin.call("/api/fn/deregister_instance", &form).await;
    assert_eq!(answer.status(), 422);
    let refused: ApiError = answer.json().await.unwrap();
    assert!(refused.to_string().contains("only 0 of 1 would be left in service"), "{refused}");
    assert_eq!(register(&app, &offer("e-2", second.address)).await.status(), 201);
    let several = [("pool", "empty"), ("ids", "e-1,e-2")];
    assert_eq!(admin.call("/api/fn/deregister_instance", &several).await.status(), 422);
    wait_for_serving(2).await;
    assert_eq!(ids(&app, "?pool=empty").await.0, ["empty/e-1", "empty/e-2"]);
    assert_eq!(admin.call("/api/fn/deregister_instance", &form).await.status(), 200);
    assert_eq!(ids(&app, "?pool=empty").await.0, ["empty/e-2"]);
    assert_eq!(
        wait_for_event(&admin, EventKind::InstanceDeregistered)
            .await
            .event
            .actor
            .to_string(),
        "ada"
    );
}
