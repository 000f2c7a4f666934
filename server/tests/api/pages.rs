//! `/`, `/pools`, … and whatever is no page.

use reqwest::{Method, Response};

use crate::support::{TestApp, on_both_databases};

on_both_databases!(
    every_page_renders_with_a_policy_that_allows_no_inline_code,
    what_is_not_there_is_404
);

const PAGES: &[&str] = &[
    "/",
    "/pools",
    "/pools/web",
    "/pools/web?tab=traffic",
    "/pools/web?tab=settings",
    "/events",
    "/search?q=web",
];

/// On every answer, whoever gives it.
fn assert_secure(path: &str, answer: &Response) {
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .unwrap_or_else(|| panic!("{path}: no {name}"))
            .to_str()
            .unwrap()
    };
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
    assert!(header("permissions-policy").contains("camera=()"), "{path}");
    assert!(!header("x-request-id").is_empty(), "{path}");
    let policy = header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
        "{path}: {policy}"
    );
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{path}: {policy}"
    );
    if answer.status() == 200 && header("content-type").starts_with("text/html") {
        assert_eq!(header("cache-control"), "no-store", "{path}");
    }
}

async fn every_page_renders_with_a_policy_that_allows_no_inline_code(app: TestApp) {
    let browser = app.admin().await;
    let mut nonces = std::collections::BTreeSet::new();
    for path in PAGES {
        let answer = browser.get(path).await;
        let status = answer.status();
        assert_secure(path, &answer);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
        let page = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {page}");
        assert!(page.contains("<html") && page.contains("</html>"), "{path}: {page}");
        assert!(!page.contains(" style=\""), "{path} has an inline style");
        for script in page.split("<script").skip(1) {
            let tag = script.split_once('>').unwrap().0;
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")) || tag.contains("application/json"),
                "{path}: <script{tag}>"
            );
        }
        assert!(nonces.insert(nonce), "{path}: the nonce was used before");
    }
    let signed_out = app.visitor();
    assert_eq!(signed_out.get("/sign-in").await.status(), 200);
    for path in [
        "/",
        "/sign-in",
        "/setup",
        "/health",
        "/ready",
        "/metrics",
        "/favicon.svg",
        "/pkg/nothing.js",
        "/api/live",
        "/api/nothing",
        "/nothing",
        "/../etc/passwd",
    ] {
        assert_secure(path, &signed_out.get(path).await);
    }
}

async fn what_is_not_there_is_404(app: TestApp) {
    let browser = app.admin().await;
    let page = browser.get("/nothing").await;
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("Not found"));
    assert_eq!(browser.get("/pools/nothing").await.status(), 404);
    let api = browser.get("/api/nothing").await;
    assert_eq!(
        (api.status().as_u16(), api.headers()["content-type"].to_str().unwrap()),
        (404, "application/problem+json")
    );
    let method = browser
        .bare(Method::DELETE, "/sign-in")
        .header("origin", app.url())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (method.status().as_u16(), method.headers()["content-type"].to_str().unwrap()),
        (405, "application/problem+json")
    );
    let large = browser.call("/api/fn/change_algorithm", &[("pool", &"x".repeat(100_000))]).await;
    assert_eq!(large.status(), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_tls_cookies_are_bound_to_the_host_and_proxies_are_believed() {
    let app = TestApp::with("console.public_url = \"https://ops.example.com\"\nconsole.trusted_proxies = [\"127.0.0.1\"]").await;
    let token = app.setup_token().unwrap();
    let answer = app
        .visitor()
        .bare(Method::POST, "/setup")
        .header("host", "ops.example.com")
        .header("origin", "https://ops.example.com")
        .header("x-forwarded-for", "1.1.1.1, 198.51.100.7")
        .form(&[("token", token.as_str()), ("name", "ada"), ("password", crate::support::PASSWORD)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-evenkeel_session=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert!(
        answer.headers()["strict-transport-security"]
            .to_str()
            .unwrap()
            .starts_with("max-age=")
    );
    let foreign = app
        .visitor()
        .bare(Method::POST, "/sign-in")
        .header("host", "ops.example.com")
        .header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}
