//! What a page may do in a browser, and what strangers' words may do in a page.

use axum::http::header;

use crate::support::{As, Console};

const PAGES: [&str; 8] = [
    "/",
    "/pools",
    "/pools/web",
    "/pools/web?tab=traffic",
    "/pools/web?tab=settings",
    "/events",
    "/sign-in",
    "/setup?token=abc",
];

#[tokio::test]
async fn every_inline_script_has_the_nonce_and_no_element_a_style_of_its_own() {
    let console = Console::start().await;
    for path in PAGES {
        let page = console.get(As::Admin, path).await;
        let policy = page.header(header::CONTENT_SECURITY_POLICY).to_owned();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .unwrap()
            .to_owned();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        for script in page.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        assert!(page.body.matches("<script").count() > 0, "{path} starts nothing");
        assert!(!page.has(" style=") && !page.has(" onclick=") && !page.has("javascript:"), "{path}");
    }
}

/// Pages are drawn on many threads; nothing in one may insist on the thread that made it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_are_whole_whichever_thread_finishes_them() {
    let console = std::sync::Arc::new(Console::start().await);
    let mut running = tokio::task::JoinSet::new();
    for path in PAGES.into_iter().cycle().take(10 * PAGES.len()) {
        let console = std::sync::Arc::clone(&console);
        running.spawn(async move { (path, console.get(As::Admin, path).await) });
    }
    while let Some(page) = running.join_next().await {
        let (path, page) = page.unwrap();
        assert!(
            page.body.contains("</html>"),
            "{path} ends with {:?}",
            page.body.get(page.body.len().saturating_sub(200)..)
        );
    }
}

#[tokio::test]
async fn nonces_are_never_used_twice() {
    let console = Console::start().await;
    let policy = async || {
        console
            .get(As::Viewer, "/")
            .await
            .header(header::CONTENT_SECURITY_POLICY)
            .to_owned()
    };
    assert_ne!(policy().await, policy().await);
}

#[tokio::test]
async fn words_from_the_url_stay_words() {
    let console = Console::start().await;
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        format!("/search?q={hostile}"),
        format!("/pools?q={hostile}"),
        format!("/pools/{hostile}"),
        format!("/pools/web?q={hostile}&ticked={hostile}"),
        format!("/events?q={hostile}&kind={hostile}"),
        format!("/sign-in?next={hostile}&error={hostile}"),
        format!("/setup?token={hostile}&error=name&reason={hostile}"),
    ] {
        let page = console.get(As::Admin, &path).await;
        assert!(!page.has("<script>alert"), "{path}:\n{}", page.body);
    }
}
