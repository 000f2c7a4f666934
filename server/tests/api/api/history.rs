//! Measured values over restarts, as a chart and as a file; the page Data and its clean-up.

use model::{ApiError, CleanUp, DataView, Role, SeriesSet};
use testkit::wait_until;

use crate::support::{ADMIN, PASSWORD, SOON, TestApp, on_both_databases};

on_both_databases!(
    what_was_measured_outlives_the_console,
    a_file_has_every_value_and_is_for_those_who_are_signed_in,
    only_a_system_admin_cleans_up
);

const LATEST: &str = "/api/fn/latest?keys=instances_total&last_ms=600000&points=600";

fn measured(set: &SeriesSet) -> Vec<i64> {
    let series = &set.series[0];
    let some = series.times_ms.iter().zip(&series.values).filter(|(_, v)| v.is_some());
    some.map(|(at, _)| *at).collect()
}

async fn what_was_measured_outlives_the_console(mut app: TestApp) {
    let browser = app.admin().await;
    wait_until("three seconds were measured", SOON, async || {
        measured(&browser.json::<SeriesSet>(LATEST).await).len() >= 3
    })
    .await;
    let before = measured(&browser.json(LATEST).await);
    app.restart().await;
    let mut again = app.visitor();
    again.post("/sign-in", &[("name", ADMIN), ("password", PASSWORD)]).await;
    let after = measured(&again.json(LATEST).await);
    assert_eq!(after[..before.len()], before, "what was there before");
    assert!(after.windows(2).all(|w| w[0] < w[1]));
}

async fn a_file_has_every_value_and_is_for_those_who_are_signed_in(app: TestApp) {
    let browser = app.admin().await;
    let path = "/api/series.csv?keys=instances_total,in_flight@web&last_ms=600000";
    wait_until("two rows are in the file", SOON, async || {
        browser.get(path).await.text().await.unwrap().lines().count() >= 3
    })
    .await;
    let answer = browser.get(path).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"evenkeel-") && disposition.ends_with("-1s.csv\""),
        "{disposition}"
    );
    let text = answer.text().await.unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "time,instances_total,in_flight@web");
    for line in &lines[1..] {
        let cells: Vec<&str> = line.split(',').collect();
        assert!(cells.len() == 3 && cells[0].ends_with('Z') && cells[1] == "2", "{line}");
    }

    assert_eq!(app.visitor().get(path).await.status(), 401);
    for (bad, field) in [
        ("keys=nope&last_ms=1000", "series"),
        ("keys=in_flight&from_ms=5", "from_ms"),
        ("keys=in_flight&from_ms=5&to_ms=4", "from_ms"),
        ("keys=in_flight&from_ms=-1&to_ms=4", "from_ms"),
    ] {
        let answer = browser.get(&format!("/api/series.csv?{bad}")).await;
        assert_eq!(answer.status(), 422, "{bad}");
        assert!(answer.text().await.unwrap().contains(field), "{bad}");
    }
}

async fn only_a_system_admin_cleans_up(app: TestApp) {
    let admin = app.admin().await;
    let viewer = app.signed_in("vic", Role::Viewer).await;
    let refused = viewer.call("/api/fn/clean_up", &[]).await;
    assert_eq!(refused.status(), 403);
    assert!(matches!(refused.json::<ApiError>().await.unwrap(), ApiError::Forbidden { .. }));
    assert_eq!(viewer.json::<DataView>("/api/fn/data").await.last, None);

    let done: CleanUp = admin.call("/api/fn/clean_up", &[]).await.json().await.unwrap();
    assert_eq!(done.by.as_deref(), Some(ADMIN));
    assert!(done.tables.iter().all(|t| t.error.is_none()), "{:?}", done.tables);
    let data: DataView = viewer.json("/api/fn/data").await;
    assert_eq!(data.last, Some(done));
    assert!(data.usage.bytes > 0 && data.usage.series > 0 && data.usage.tail_rows > 0);
    let page = viewer.get("/data").await.text().await.unwrap();
    assert!(page.contains("Measured values by 15 min") && page.contains("Rows removed") && page.contains("Needs the role"));
}
