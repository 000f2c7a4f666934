//! The Kubernetes pages of a console that has no cluster, and who may ask for what.

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};

use crate::support::{Answer, As, Console};

#[tokio::test]
async fn without_a_cluster_the_list_says_how_to_get_one() {
    let console = Console::start().await;
    for path in ["/clusters", "/clusters?cluster=prod&text=web&page=3"] {
        let page = console.get(As::Viewer, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for text in ["No cluster is in the settings", "[[clusters]]", "<title>Kubernetes · Evenkeel"] {
            assert!(page.has(text), "{text:?} is not on {path}:\n{}", page.body);
        }
        assert!(!page.has("Reading…"), "{path} shows a placeholder");
        assert_eq!(page.body.matches("__RESOLVED_RESOURCES[").count(), 2, "{path} is drawn once");
    }
}

#[tokio::test]
async fn an_object_that_is_not_there_or_cannot_be_is_said_with_404() {
    let console = Console::start().await;
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        "/clusters/prod/shop/hpa/web".to_owned(),
        "/clusters/prod/shop/pod/web".to_owned(),
        format!("/clusters/prod/shop/hpa/{hostile}"),
        format!("/clusters/{hostile}/{hostile}/{hostile}/{hostile}"),
    ] {
        let page = console.get(As::Viewer, &path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}:\n{}", page.body);
        assert!(page.has("See all clusters") && !page.has("<script>alert"), "{path}:\n{}", page.body);
    }
}

async fn send(console: &Console, who: As, function: &str) -> Answer {
    let body = r#"{"object":"prod:shop:deployment:web","command":{"command":"scale","resource_version":"1","replicas":3}}"#;
    let request = Request::post(format!("/api/fn/{function}"))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body));
    console.ask(who, request.unwrap()).await
}

#[tokio::test]
async fn trying_and_doing_are_for_system_admins() {
    let console = Console::start().await;
    for function in ["try_cluster_command", "cluster_command"] {
        assert_eq!(
            send(&console, As::Nobody, function).await.status,
            StatusCode::UNAUTHORIZED,
            "{function}"
        );
        assert_eq!(
            send(&console, As::Viewer, function).await.status,
            StatusCode::FORBIDDEN,
            "{function}"
        );
        // A number within a tagged command arrives as one: the answer is about the cluster, not about the request.
        let answer = send(&console, As::Admin, function).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{function}: {}", answer.body);
    }
}
