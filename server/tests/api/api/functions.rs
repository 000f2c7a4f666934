//! `/api/fn/…`: what the pages' forms and scripts call.

use model::{Algorithm, ApiError, Event, Page, PoolIntent, Role, change::Changed};
use testkit::wait_until;

use crate::support::{SOON, TestApp, on_both_databases};

on_both_databases!(
    a_change_is_stored_applied_and_told,
    an_older_version_is_answered_with_both_values,
    only_a_system_admin_may_change,
    a_plain_form_is_led_back_to_its_page,
    signed_out_calls_are_refused
);

async fn a_change_is_stored_applied_and_told(mut app: TestApp) {
    let browser = app.admin().await;
    let before: PoolIntent = browser.json("/api/fn/intent?pool=web").await;
    assert_eq!((before.version, before.policy.algorithm), (1, Algorithm::RoundRobin));

    let answer = browser
        .call(
            "/api/fn/change_algorithm",
            &[("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")],
        )
        .await;
    assert_eq!(answer.status(), 200);
    assert!(matches!(answer.json::<Changed>().await.unwrap(), Changed::Done { version: 2, .. }));
    wait_until("the event tells of it", SOON, async || {
        let page: Page<Event> = browser.json("/api/fn/events?limit=50").await;
        page.items.iter().any(|e| e.event.kind == model::EventKind::PolicyApplied)
    })
    .await;

    app.restart().await;
    let mut again = app.visitor();
    again
        .post(
            "/sign-in",
            &[("name", crate::support::ADMIN), ("password", crate::support::PASSWORD)],
        )
        .await;
    let after: PoolIntent = again.json("/api/fn/intent?pool=web").await;
    assert_eq!((after.version, after.policy.algorithm), (2, Algorithm::LeastConnections));
}

async fn an_older_version_is_answered_with_both_values(app: TestApp) {
    let browser = app.admin().await;
    let change = |version: &'static str, algorithm: &'static str| {
        let browser = browser.clone();
        async move {
            browser
                .call(
                    "/api/fn/change_algorithm",
                    &[("pool", "web"), ("expected_version", version), ("algorithm", algorithm)],
                )
                .await
        }
    };
    assert_eq!(change("1", "least_connections").await.status(), 200);
    let late = change("1", "weighted_round_robin").await;
    assert_eq!(late.status(), 409);
    let ApiError::Conflict { current, yours } = late.json().await.unwrap() else {
        panic!("no conflict")
    };
    assert_eq!((current.version, current.policy.algorithm), (2, Algorithm::LeastConnections));
    assert_eq!(yours.algorithm, Algorithm::WeightedRoundRobin);
}

async fn only_a_system_admin_may_change(app: TestApp) {
    let admin = app.admin().await;
    for role in [Role::Viewer, Role::CacheAdmin] {
        let browser = app.signed_in(role.id(), role).await;
        assert_eq!(browser.get("/pools/web").await.status(), 200);
        let calls: [(&str, &[(&str, &str)]); 4] = [
            (
                "/api/fn/change_algorithm",
                &[("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")],
            ),
            (
                "/api/fn/change_instances",
                &[("pool", "web"), ("expected_version", "1"), ("ids", "web-1"), ("weight", "5")],
            ),
            (
                "/api/fn/change_outlier_ejection",
                &[
                    ("pool", "web"),
                    ("expected_version", "1"),
                    ("settings[failures]", "0"),
                    ("settings[base_ms]", "1000"),
                    ("settings[max_ms]", "1000"),
                    ("settings[max_percent]", "0"),
                ],
            ),
            (
                "/api/fn/change_health_check",
                &[
                    ("pool", "web"),
                    ("expected_version", "1"),
                    ("settings[path]", "/x"),
                    ("settings[interval_ms]", "1000"),
                    ("settings[timeout_ms]", "100"),
                    ("settings[rise]", "1"),
                    ("settings[fall]", "1"),
                    ("settings[slow_start_ms]", "0"),
                ],
            ),
        ];
        for (path, form) in calls {
            let answer = browser.call(path, form).await;
            assert_eq!(answer.status(), 403, "{role} {path}");
            assert!(matches!(answer.json::<ApiError>().await.unwrap(), ApiError::Forbidden { .. }));
        }
    }
    let intent: PoolIntent = admin.json("/api/fn/intent?pool=web").await;
    assert_eq!(intent.version, 1);
}

async fn a_plain_form_is_led_back_to_its_page(app: TestApp) {
    let browser = app.admin().await;
    let form = [("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")];
    let send = |referer: String| {
        let request = browser
            .bare(reqwest::Method::POST, "/api/fn/change_algorithm")
            .header("sec-fetch-site", "same-origin");
        request.header("accept", "text/html").header("referer", referer).form(&form).send()
    };
    let own = format!("{}/pools/web?tab=settings", app.url());
    assert!(
        send(own.clone()).await.unwrap().headers()["location"]
            .to_str()
            .unwrap()
            .starts_with(&own)
    );
    let foreign = send("https://evil.example/".to_owned()).await.unwrap();
    assert!(
        foreign
            .headers()
            .get("location")
            .is_none_or(|l| !l.to_str().unwrap().contains("evil")),
        "{:?}",
        foreign.headers()
    );
}

async fn signed_out_calls_are_refused(app: TestApp) {
    app.admin().await;
    let visitor = app.visitor();
    let read = visitor.bare(reqwest::Method::GET, "/api/fn/intent?pool=web").send().await.unwrap();
    assert_eq!(
        (read.status().as_u16(), read.json::<ApiError>().await.unwrap()),
        (401, ApiError::SignedOut)
    );
    let form = [("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")];
    assert_eq!(visitor.call("/api/fn/change_algorithm", &form).await.status(), 401);
}
