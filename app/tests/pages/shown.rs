//! What is on each page before any script runs.

use axum::http::{StatusCode, header};
use model::{Counters, GatewayFacts, GatewayObservation, GatewayState, PlanState};
use testkit::{Mode, build, wait_until};

use crate::support::{As, Console};

#[tokio::test]
async fn the_overview_answers_whether_everything_is_all_right() {
    let console = Console::start().await;
    let page = console.get(As::Viewer, "/").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "Everything is all right: 2 of 2 instances are up.",
        "test bench",
        "ada may now sign in as system admin",
        "href=\"/pools/web\"",
        "<title>Overview · Evenkeel",
    ] {
        assert!(page.has(text), "{text:?} is not on the page:\n{}", page.body);
    }
}

#[tokio::test]
async fn every_page_of_the_navigation_is_whole_without_scripts() {
    let console = Console::start().await;
    for (path, text) in [
        ("/pools", "1 of 1"),
        ("/pools?q=nothing", "No pool has that in its name"),
        ("/pools/web", "127.0.0.1:9001"),
        ("/pools/web?tab=settings", "Change health check"),
        ("/pools/web?tab=traffic", "class=\"charts\""),
        ("/events", "User created"),
        ("/data", "Clean up now"),
        ("/?from=2026-11-20T18:52&to=2026-11-22T09:00", "20 Nov 18:52:00 to 22 Nov 09:00:00"),
        ("/search?q=we", "href=\"/pools/web\""),
    ] {
        let page = console.get(As::Admin, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.has(text), "{text:?} is not on {path}:\n{}", page.body);
        assert!(!page.has("Reading…"), "{path} shows a placeholder");
    }
}

#[tokio::test]
async fn several_gateways_are_a_table_and_one_is_told_how_to_get_company() {
    let gateway = |name: &str, state, plan| GatewayObservation {
        facts: GatewayFacts {
            id: name.parse().unwrap(),
            run: 1,
            is_local: name == "console",
            addresses: vec!["10.0.0.5:8080".parse().unwrap()],
            tls_addresses: vec![],
            software: "0.1.0".into(),
            state,
            started_at_ms: 0,
            heard_at_ms: build::NOW_MS - 14_000,
            away_ms: None,
            plan,
            troubles: vec![],
            connections: 3,
        },
        in_flight: 0,
        counters: Counters::default(),
    };
    let console = Console::start().await;
    assert!(
        !console.get(As::Viewer, "/pools").await.has("evenkeel gateway --control"),
        "this balancer has no parts"
    );
    let shows = async |text: &str| {
        wait_until(text, std::time::Duration::from_secs(30), async || {
            console.get(As::Viewer, "/pools").await.has(text)
        })
        .await;
    };
    let own = gateway("console", GatewayState::Up, PlanState::InForce);
    console.balancer.change(|seen| seen.gateways = vec![own.clone()]);
    shows("evenkeel gateway --control https://CONSOLE").await;
    let refused = PlanState::Refused { why: "<b>no".into() };
    console
        .balancer
        .change(|seen| seen.gateways = vec![own, gateway("eu-1", GatewayState::Stale, refused)]);
    shows("stale 14 s").await;
    let page = console.get(As::Viewer, "/pools").await;
    assert!(page.has("in force") && page.has("refused") && !page.has("<b>no"), "{}", page.body);
}

#[tokio::test]
async fn what_does_not_exist_is_said_with_404() {
    let console = Console::start().await;
    for (path, text) in [
        ("/pools/nope", "There is no pool named"),
        ("/pools/%3Cb%3E", "There is no pool named"),
        ("/nowhere", "There is no page at this address"),
    ] {
        let page = console.get(As::Viewer, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.has(text), "{path}:\n{}", page.body);
    }
}

#[tokio::test]
async fn a_registered_instance_is_marked_and_only_an_admin_may_send_it_away() {
    let console = Console::start().await;
    let page = console.get(As::Admin, "/pools/web").await;
    assert!(
        !page.has("formaction=\"/api/fn/deregister_instance\"") && !page.has("badge registered"),
        "those of the settings are not marked"
    );
    console.register("c").await;
    wait_until("it is in the table", std::time::Duration::from_secs(30), async || {
        console.get(As::Admin, "/pools/web").await.has("badge registered")
    })
    .await;
    let page = console.get(As::Admin, "/pools/web").await;
    assert!(
        page.has("tags: blue") && page.has("formaction=\"/api/fn/deregister_instance\""),
        "{}",
        page.body
    );
    assert!(!console.get(As::Viewer, "/pools/web").await.has("deregister_instance"));
    let form = "pool=web&expected_version=1&ids=c";
    let answer = console.submit(As::Viewer, "/pools/web", "/api/fn/deregister_instance", form).await;
    assert!(answer.header(header::LOCATION).contains("/pools/web"));
    assert!(
        console.get(As::Admin, "/pools/web").await.has("badge registered"),
        "a viewer changed nothing"
    );
    console.submit(As::Admin, "/pools/web", "/api/fn/deregister_instance", form).await;
    wait_until("it is gone", std::time::Duration::from_secs(30), async || {
        !console.get(As::Admin, "/pools/web").await.has("badge registered")
    })
    .await;
}

#[tokio::test]
async fn an_empty_pool_says_how_to_register() {
    let console = Console::start_empty().await;
    let page = console.get(As::Viewer, "/pools/web").await;
    for text in [
        "This pool has no instances",
        "curl -X POST http://console/register",
        "Copy the command",
    ] {
        assert!(page.has(text), "{text:?} is not on the page:\n{}", page.body);
    }
}

#[tokio::test]
async fn a_silent_source_is_said_with_its_reason_and_the_last_values_stay() {
    let console = Console::start().await;
    console.balancer.set_mode(Mode::Fails("connection refused".into()));
    wait_until("the page says so", std::time::Duration::from_secs(30), async || {
        console.get(As::Viewer, "/pools/web").await.has("has not answered for")
    })
    .await;
    let page = console.get(As::Viewer, "/pools/web").await;
    assert!(page.has("connection refused") && page.has("127.0.0.1:9001"));
}

#[tokio::test]
async fn the_first_byte_has_the_colours_that_were_chosen() {
    let console = Console::start().await;
    let request = axum::extract::Request::get("/").header(header::COOKIE, "a=b; theme=dark; nav=narrow");
    let page = console.ask(As::Viewer, request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(page.has("data-theme=\"dark\"") && page.has("data-nav=\"narrow\""));
    assert!(console.get(As::Viewer, "/?theme=light").await.has("data-theme=\"light\""));
}

#[tokio::test]
async fn signing_in_keeps_the_way_back_and_says_what_went_wrong() {
    let console = Console::start().await;
    let page = console
        .get(As::Nobody, "/sign-in?error=throttled&retry=30&next=%2Fpools%3Fq%3Da")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("Try again in 30 s.") && page.has("value=\"/pools?q=a\"") && page.has("autocomplete=\"current-password\""));
    let page = console.get(As::Nobody, "/setup?token=abc&error=name&reason=is+taken").await;
    assert!(page.has("is taken") && page.has("value=\"abc\"") && page.has("autocomplete=\"new-password\""));
}

/// A body that is drawn several times makes its resources several times, and the browser takes up the first while the page shows the last.
#[tokio::test]
async fn a_page_is_drawn_once() {
    let console = Console::start().await;
    for (path, resources) in [
        ("/", 3),
        ("/pools", 2),
        ("/pools/web", 2),
        ("/pools/web?tab=settings", 3),
        ("/events", 2),
    ] {
        let page = console.get(As::Admin, path).await;
        assert_eq!(page.body.matches("__RESOLVED_RESOURCES[").count(), resources, "{path}");
    }
}
