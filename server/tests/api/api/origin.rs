//! Cross-site requests, over every route that answers to something else than GET.

use evenkeel::http::mutating_routes;
use model::PoolIntent;
use reqwest::Method;

use crate::support::{PASSWORD, TestApp, on_both_databases};

on_both_databases!(
    no_other_site_can_make_a_browser_change_anything,
    a_foreign_host_name_is_not_answered
);

/// What a page elsewhere can make a browser send with the session cookie.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[],
];

/// A form that would do its work, were it not for where it comes from.
fn working_form(path: &str) -> Vec<(&'static str, &'static str)> {
    match path {
        "/sign-in" => vec![("name", "ada"), ("password", PASSWORD)],
        "/api/fn/change_algorithm" => vec![("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")],
        "/api/fn/change_instances" => vec![("pool", "web"), ("expected_version", "1"), ("ids", "web-1"), ("weight", "7")],
        _ => vec![],
    }
}

async fn no_other_site_can_make_a_browser_change_anything(app: TestApp) {
    let browser = app.admin().await;
    let routes = mutating_routes();
    assert!(
        routes.iter().any(|(_, path)| path == "/api/fn/change_algorithm") && routes.len() >= 6,
        "{routes:?}"
    );
    for (method, path) in &routes {
        for headers in FOREIGN {
            let request = headers
                .iter()
                .fold(browser.bare(method.clone(), path), |r, (name, value)| r.header(*name, *value));
            let answer = request.form(&working_form(path)).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{method} {path} {headers:?}");
            assert!(answer.headers().get("set-cookie").is_none());
        }
    }
    let intent: PoolIntent = browser.json("/api/fn/intent?pool=web").await;
    assert_eq!(intent.version, 1, "nothing changed");
    assert_eq!(browser.get("/").await.status(), 200, "the session is still open");

    // The twin: the very same requests from one of our own pages do their work.
    for path in ["/api/fn/change_algorithm", "/sign-out"] {
        let answer = browser
            .bare(Method::POST, path)
            .header("origin", app.url())
            .header("accept", "application/json")
            .form(&working_form(path));
        assert!(answer.send().await.unwrap().status().is_success(), "{path}");
    }
    assert_eq!(browser.get("/").await.status(), 303, "now it has ended");
}

async fn a_foreign_host_name_is_not_answered(app: TestApp) {
    let browser = app.admin().await;
    for (host, status) in [("evil.example", 421), ("localhost", 200), ("127.0.0.1.evil.example:80", 421)] {
        let answer = browser
            .bare(Method::GET, "/")
            .header("host", host)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{host}");
    }
}
