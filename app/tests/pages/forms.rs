//! Commands as plain forms, and as the live page sends them.

use axum::http::{StatusCode, header};

use crate::support::{As, Console};

const SETTINGS: &str = "/pools/web?tab=settings";

#[tokio::test]
async fn a_plain_form_changes_the_algorithm_and_comes_back_to_its_page() {
    let console = Console::start().await;
    let form = "pool=web&expected_version=1&algorithm=least_connections";
    let answer = console.submit(As::Admin, SETTINGS, "/api/fn/change_algorithm", form).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(answer.header(header::LOCATION).ends_with(SETTINGS));
    assert_eq!(console.version(), 2);
    let page = console.get(As::Admin, SETTINGS).await;
    assert!(page.has("Version 2 is in force, set by ada"), "{}", page.body);
}

#[tokio::test]
async fn a_plain_form_that_is_refused_comes_back_with_the_field_and_the_reason() {
    let console = Console::start().await;
    let form = "pool=web&expected_version=1&ids=a&weight=0&admin=";
    let answer = console.submit(As::Admin, SETTINGS, "/api/fn/change_instances", form).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let back = answer.header(header::LOCATION).replace("http://127.0.0.1:3000", "");
    let page = console.get(As::Admin, &back).await;
    assert!(page.has("weight: 0 is not between 1 and 256"), "{}", page.body);
    assert_eq!(console.version(), 1);
}

#[tokio::test]
async fn the_live_page_gets_the_status_and_the_field() {
    let console = Console::start().await;
    let change = |form: &'static str| console.call(As::Admin, "/api/fn/change_instances", form);
    let invalid = change("pool=web&expected_version=1&ids=a&weight=0").await;
    assert_eq!(
        (invalid.status.as_u16(), invalid.has("\"field\":\"weight\"")),
        (422, true),
        "{}",
        invalid.body
    );
    let both = change("pool=web&expected_version=1&ids=a,b&admin=drain").await;
    assert_eq!(
        (both.status.as_u16(), both.has("only 0 of 2 would be left in service")),
        (422, true),
        "{}",
        both.body
    );
    let drained = change("pool=web&expected_version=1&ids=a&admin=drain").await;
    assert_eq!(
        (drained.status, drained.has("\"outcome\":\"done\"")),
        (StatusCode::OK, true),
        "{}",
        drained.body
    );
    let late = change("pool=web&expected_version=1&ids=a&weight=5").await;
    assert_eq!(
        (late.status, late.has("\"error\":\"conflict\"")),
        (StatusCode::CONFLICT, true),
        "{}",
        late.body
    );
}

#[tokio::test]
async fn a_viewer_sees_why_a_control_is_off_and_the_server_says_it_too() {
    let console = Console::start().await;
    let page = console.get(As::Viewer, SETTINGS).await;
    assert!(page.has("Needs the role system admin; you are viewer."), "{}", page.body);
    let answer = console
        .call(
            As::Viewer,
            "/api/fn/change_algorithm",
            "pool=web&expected_version=1&algorithm=round_robin",
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = console
        .call(
            As::Nobody,
            "/api/fn/change_algorithm",
            "pool=web&expected_version=1&algorithm=round_robin",
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(console.version(), 1);
}
