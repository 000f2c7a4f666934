//! Replicas that go up and down and up again, as the Overview tab tells of them.

use std::time::Duration;

use axum::http::StatusCode;
use testkit::wait_until;

use crate::support::{As, Console};

#[tokio::test]
async fn the_overview_says_that_it_flaps_why_and_where_to_look() {
    let console = Console::start_scaled().await;
    let page = console.get(As::Viewer, "/scaling/web").await;
    assert!(!page.has("It flaps"), "{}", page.body);
    for (version, to, told) in [
        (1_usize, 3, "2 → 3"),
        (2, 2, "3 → 2"),
        (3, 3, "2 → 3"),
        (4, 2, "3 → 2"),
        (5, 3, "2 → 3"),
    ] {
        // Changes are told apart by their time.
        console.clock.advance(10_000);
        let form = format!("workload=web&expected_version={version}&to=pin&replicas={to}&minutes=5");
        let held = console.call(As::Admin, "/api/fn/hold_scaling", &form).await;
        assert_eq!(held.status, StatusCode::OK, "{}", held.body);
        wait_until("it is scaled", Duration::from_secs(30), async || {
            let page = console.get(As::Viewer, "/scaling/web?tab=history").await;
            page.body.matches(told).count() >= version.div_ceil(2)
        })
        .await;
    }
    let page = console.get(As::Viewer, "/scaling/web").await;
    for text in [
        "It flaps: 4 changes turned back an earlier one",
        "from 2 to 3 replicas and back",
        "Likely cause: no metric led to it: look for an operator",
        "/scaling/web?tab=policy",
    ] {
        assert!(page.has(text), "{text:?} is not there:\n{}", page.body);
    }
}
