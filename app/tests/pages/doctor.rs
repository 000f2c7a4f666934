//! The doctor: the page, and what its server function takes and answers.

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};
use model::{
    ApiError, Severity,
    cluster::{DoctorAnswer, FindingCode},
};

use crate::support::{Answer, As, Console};

async fn examine(console: &Console, who: As, yaml: &str) -> Answer {
    let request = Request::post("/api/fn/doctor")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(format!("{{\"yaml\":{}}}", json(yaml))));
    console.ask(who, request.unwrap()).await
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[tokio::test]
async fn the_page_says_what_is_looked_for_and_where_else_it_is_said() {
    let console = Console::start().await;
    let page = console.get(As::Viewer, "/doctor").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "<title>Doctor · Evenkeel",
        "What is looked for",
        "evenkeel doctor FILE",
        "Fill in an example",
        "href=\"/doctor\"",
    ] {
        assert!(page.has(text), "{text:?} is not on the page:\n{}", page.body);
    }
    assert!(!page.has("Reading…"));
    let page = console.get(As::Nobody, "/doctor").await;
    assert!(page.has("You are signed out") && !page.has("Fill in an example"), "{}", page.body);
}

#[tokio::test]
async fn a_viewer_may_ask_and_somebody_signed_out_may_not() {
    let console = Console::start().await;
    let yaml = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: \
                Deployment, name: web}\n  minReplica: 2 # two\n  maxReplicas: 9\n";
    let answer = examine(&console, As::Viewer, yaml).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let told: DoctorAnswer = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(told.worst, Some(Severity::Critical));
    assert_eq!(told.documents[0].findings[0].code, FindingCode::UnknownField);
    assert_eq!(told.fixed, Some(yaml.replace("minReplica:", "minReplicas:")));
    assert_eq!(examine(&console, As::Nobody, yaml).await.status, StatusCode::UNAUTHORIZED);

    let large = examine(&console, As::Viewer, &"x".repeat(DoctorAnswer::INPUT_MAX_BYTES + 1)).await;
    assert_eq!(large.status, StatusCode::UNPROCESSABLE_ENTITY);
    let ApiError::Invalid { field, .. } = serde_json::from_str(&large.body).unwrap() else {
        panic!("{}", large.body)
    };
    assert_eq!(field, "yaml");
}
