use serde_json::Value;

use crate::support::{Instance, long_plan, start, until};

async fn report(instance: &Instance) -> Value {
    let answer = instance.get("/health").await;
    let text = answer.headers()["endpoint-load-metrics"].to_str().unwrap();
    serde_json::from_str(text.strip_prefix("JSON ").expect("the JSON form")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_load_report_is_complete_and_moves_with_the_load() {
    let instance = start().await;
    until("two measurements were made", async || {
        report(&instance).await["cpu_utilization"].is_f64()
    })
    .await;
    let idle = report(&instance).await;
    assert_eq!(idle["named_metrics"]["active_sessions"], 0);
    assert_eq!(idle["named_metrics"]["gpu_simulated"], 1);
    let memory = idle["mem_utilization"].as_f64().unwrap();
    assert!(memory > 0.0 && memory < 1.0, "{idle}");

    instance.post("/simulations", &long_plan()).await;
    until("one session is active", async || {
        report(&instance).await["named_metrics"]["active_sessions"] == 1
    })
    .await;
    until("the processor is seen to work", async || {
        report(&instance).await["cpu_utilization"].as_f64() > Some(0.5)
    })
    .await;
    let gpu = |report: &Value| report["named_metrics"]["gpu_utilization"].as_f64().unwrap();
    let then = gpu(&idle);
    until("the simulated GPU follows", async || gpu(&report(&instance).await) > then + 0.02).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_prometheus_text() {
    let instance = start().await;
    instance.get("/simulate?scenarios=100").await;
    assert!((instance.metric("sample_simulations_total{outcome=\"done\"}").await - 1.0).abs() < f64::EPSILON);
    assert!((instance.metric("sample_scenarios_total").await - 100.0).abs() < f64::EPSILON);
    assert!(instance.metric("sample_http_responses_total{class=\"2xx\"}").await >= 2.0);
    until("the process was measured", async || {
        let page = instance.get("/metrics").await.text().await.unwrap();
        page.contains("\nprocess_resident_memory_bytes ")
    })
    .await;
    let page = instance.get("/metrics").await.text().await.unwrap();
    for line in page.lines() {
        let is_comment = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
        assert!(
            is_comment || line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok()),
            "{line}"
        );
    }
}
