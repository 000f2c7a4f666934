//! The Prediction tab without scripts: what it says before there is a forecast, and what its form does.

use std::time::Duration;

use app::{
    forms::{Fields, prediction},
    url::encode,
};
use axum::http::{StatusCode, header};
use model::scaling::{Prediction, PredictionMode};
use testkit::wait_until;

use crate::support::{As, Console};

const TAB: &str = "/scaling/web?tab=prediction";
const CHANGE: &str = "/api/fn/change_prediction";

fn body(version: u64, fields: &Fields) -> String {
    let fields = fields
        .iter()
        .map(|(key, text)| format!("&{}={}", encode(&format!("settings[{key}]")), encode(text)));
    format!("workload=web&expected_version={version}{}", fields.collect::<String>())
}

fn fields(mode: PredictionMode) -> Fields {
    prediction::fields_of(&Prediction {
        mode,
        ..Prediction::default()
    })
}

#[tokio::test]
async fn while_it_is_off_it_says_what_it_would_do_and_how_to_begin() {
    let console = Console::start_scaled().await;
    let page = console.get(As::Viewer, TAB).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "Prediction is off",
        "Begin with “forecast only”",
        "settings[mode]",
        "settings[horizon]",
        "the first with a target for each instance (cpu)",
        "You see the settings but cannot change them.",
    ] {
        assert!(page.has(text), "{text:?} is not there:\n{}", page.body);
    }
    assert!(!page.has("Reading…") && !page.has("Demand: cpu"), "{}", page.body);
}

#[tokio::test]
async fn a_plain_form_switches_it_on_and_the_page_says_what_it_waits_for() {
    let console = Console::start_scaled().await;
    let changed = console
        .submit(As::Admin, TAB, CHANGE, &body(1, &fields(PredictionMode::ForecastOnly)))
        .await;
    assert_eq!(changed.status, StatusCode::FOUND, "{}", changed.body);
    wait_until("a forecast is tried", Duration::from_secs(30), async || {
        console.get(As::Viewer, TAB).await.has("Too little history to forecast cpu.")
    })
    .await;
    let page = console.get(As::Admin, TAB).await;
    for text in [
        "Version 2 is in force, set by ada",
        "It takes 2 d of measured demand",
        "acted upon up to 25 %",
        "Demand: cpu",
    ] {
        assert!(page.has(text), "{text:?} is not there:\n{}", page.body);
    }
}

#[tokio::test]
async fn a_mistake_names_its_field_and_who_is_late_is_told() {
    let console = Console::start_scaled().await;
    let mut wrong = fields(PredictionMode::Active);
    wrong.insert("horizon".to_owned(), "3 d".to_owned());
    let refused = console.call(As::Admin, CHANGE, &body(1, &wrong)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.has("\"field\":\"horizon\"")),
        (422, true),
        "{}",
        refused.body
    );
    let back = console.submit(As::Admin, TAB, CHANGE, &body(1, &wrong)).await;
    let back = back.header(header::LOCATION).replace("http://127.0.0.1:3000", "");
    let page = console.get(As::Admin, &back).await;
    assert!(page.has("Not changed") && page.has("horizon: "), "{}", page.body);

    let right = body(1, &fields(PredictionMode::Active));
    assert_eq!(console.call(As::Viewer, CHANGE, &right).await.status, StatusCode::FORBIDDEN);
    assert_eq!(console.call(As::Nobody, CHANGE, &right).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(console.call(As::Admin, CHANGE, &right).await.status, StatusCode::OK);
    let late = console.call(As::Admin, CHANGE, &body(1, &fields(PredictionMode::Off))).await;
    assert_eq!(
        (late.status, late.has("scaling_conflict")),
        (StatusCode::CONFLICT, true),
        "{}",
        late.body
    );
}

#[tokio::test]
async fn the_measured_demand_is_of_the_last_day_and_not_for_strangers() {
    let console = Console::start_scaled().await;
    let ask = |who, workload: &'static str| {
        let request = axum::extract::Request::get(format!("/api/fn/demand?workload={workload}"))
            .header(header::ACCEPT, "application/json")
            .body(axum::body::Body::empty());
        console.ask(who, request.unwrap())
    };
    let answered = ask(As::Viewer, "web").await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    let points: Vec<(i64, Option<f64>)> = serde_json::from_str(&answered.body).unwrap();
    assert_eq!(points.len(), 288);
    assert!(points.windows(2).all(|pair| pair[1].0 - pair[0].0 == 300_000));
    assert_eq!(ask(As::Nobody, "web").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(As::Viewer, "nope").await.status, StatusCode::NOT_FOUND);
}
