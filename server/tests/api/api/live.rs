//! `/api/live`

use model::{ApiError, FrameId, ViewData};

use crate::support::{LiveEvents, TestApp, on_both_databases};

on_both_databases!(
    frames_come_and_a_reconnect_goes_on_where_it_stopped,
    who_may_not_listen_is_told_why,
    stopping_the_console_ends_the_streams
);

async fn frames_come_and_a_reconnect_goes_on_where_it_stopped(app: TestApp) {
    let browser = app.admin().await;
    let mut live = LiveEvents::open(&browser, "/api/live?view=pool:web", None).await;
    assert_eq!(live.block().await.unwrap(), "retry: 1000");
    let first = live.event().await.unwrap();
    let ViewData::Pool(view) = &first.frame.view else {
        panic!("not the pool: {:?}", first.frame.view)
    };
    assert_eq!(view.instances.len(), 2);
    assert_eq!(first.id, first.frame.id.to_string());
    let second = live.event().await.unwrap();
    // Mostly the very next; a reader that is late gets the newest, which brings what it missed.
    let passed = second.frame.id.seq - first.frame.id.seq;
    assert!(passed >= 1);
    assert_eq!(second.frame.tail.times_ms.len() as u64, passed);
    drop(live);

    // While nobody listened, more was measured: the next frame brings all of it.
    let mut other = LiveEvents::open(&browser, "/api/live?view=pool:web", None).await;
    while other.event().await.unwrap().frame.id.seq < second.frame.id.seq + 2 {}
    for path in [
        "/api/live?view=pool:web".to_owned(),
        format!("/api/live?view=pool:web&after={}", first.id),
    ] {
        let mut resumed = LiveEvents::open(&browser, &path, Some(&second.id)).await;
        let next = resumed.event().await.unwrap().frame;
        assert!(!next.tail.reset);
        assert_eq!(
            next.tail.times_ms.len() as u64,
            next.id.seq - second.frame.id.seq,
            "{path}: one row for each missed second"
        );
    }

    let strange = FrameId { boot: 1, seq: 7 }.to_string();
    let mut restarted = LiveEvents::open(&browser, "/api/live?view=pool:web", Some(&strange)).await;
    assert!(
        restarted.event().await.unwrap().frame.tail.reset,
        "a frame of another run says: fetch anew"
    );
}

async fn who_may_not_listen_is_told_why(app: TestApp) {
    let browser = app.admin().await;
    let get = |path: &'static str| browser.bare(reqwest::Method::GET, path).send();
    for (path, status) in [
        ("/api/live?view=nothing", 422),
        ("/api/live?view=pool:nothing", 404),
        ("/api/live?view=pools&after=x", 422),
    ] {
        let answer = get(path).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let signed_out = app
        .visitor()
        .bare(reqwest::Method::GET, "/api/live?view=overview")
        .send()
        .await
        .unwrap();
    assert_eq!(signed_out.status(), 401);
    assert_eq!(signed_out.json::<ApiError>().await.unwrap(), ApiError::SignedOut);
    let elsewhere = browser
        .bare(reqwest::Method::GET, "/api/live?view=overview")
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), 403);
}

async fn stopping_the_console_ends_the_streams(mut app: TestApp) {
    let browser = app.admin().await;
    let mut live = LiveEvents::open(&browser, "/api/live?view=overview", None).await;
    live.event().await.unwrap();
    app.stop().await;
    live.ends().await;
}
