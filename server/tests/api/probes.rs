//! `/health`, `/ready`, `/metrics`: for machines, without a session.

use serde_json::Value;
use testkit::wait_until;

use crate::support::{SOON, TestApp, on_both_databases};

on_both_databases!(probes_answer_and_metrics_count_what_the_gateway_served);

async fn probes_answer_and_metrics_count_what_the_gateway_served(app: TestApp) {
    let visitor = app.visitor();
    assert_eq!(visitor.json::<Value>("/health").await["status"], "ok");
    wait_until("it is ready", SOON, async || visitor.get("/ready").await.status() == 200).await;
    for _ in 0..10 {
        assert_eq!(reqwest::get(app.gateway()).await.unwrap().status(), 200);
    }
    wait_until("the requests are counted", SOON, async || {
        let page = visitor.get("/metrics").await.text().await.unwrap();
        let counted = page
            .lines()
            .filter(|l| l.starts_with("evenkeel_requests_total{pool=\"web\""))
            .filter_map(|l| l.rsplit_once(' ')?.1.parse::<u64>().ok());
        counted.sum::<u64>() == 10
    })
    .await;
    // Requests may be faster than the first health check.
    wait_until("the instance is up", SOON, async || {
        let page = visitor.get("/metrics").await.text().await.unwrap();
        page.contains("evenkeel_instance_up{pool=\"web\",instance=\"web-1\"} 1")
    })
    .await;
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_holds_up_nothing() {
    let closed = "clusters = [{ id = \"away\", kubeconfig = \"/nonexistent/kubeconfig\" }]";
    let mut app = TestApp::with(closed).await;
    let visitor = app.visitor();
    wait_until("it is ready", SOON, async || visitor.get("/ready").await.status() == 200).await;
    assert_eq!(reqwest::get(app.gateway()).await.unwrap().status(), 200);
    tokio::time::timeout(SOON, app.stop()).await.unwrap();
}
