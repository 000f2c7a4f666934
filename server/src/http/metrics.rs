//! `/metrics`: Prometheus text (exposition format 0.0.4) of what the newest snapshot holds, and of the console itself.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use control::LiveStatus;
use gateway::GatewayStats;
use model::{GatewaySnapshot, GatewayState, InstanceState, PoolSnapshot, ProcessState, WorkloadSnapshot};

use super::{Console, live::STREAMS_MAX};

pub(super) async fn metrics(State(console): State<Console>) -> impl IntoResponse {
    let streams = STREAMS_MAX - console.streams().available_permits();
    let mut page = render(&console.control().live_status(), streams);
    page.family("evenkeel_leader", "gauge", "1 while this console acts for all on its database.");
    page.line("evenkeel_leader", "", u8::from(console.control().fence().is_some()));
    if let Some(gateway) = console.gateway() {
        page.gateway(&gateway.observe());
    }
    let text = page.0;
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        )],
        text,
    )
}

/// Names stand in labels unescaped: `model::id` admits nothing that would need it.
fn render(status: &LiveStatus, streams: usize) -> Page {
    let mut page = Page(String::new());
    page.family("evenkeel_info", "gauge", "The running version.");
    page.line("evenkeel_info", &format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
    page.family("evenkeel_snapshot_age_seconds", "gauge", "Age of the newest snapshot.");
    #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds fits a float's 53 bits")]
    page.line("evenkeel_snapshot_age_seconds", "", status.age_ms as f64 / 1_000.0);
    page.family("evenkeel_live_streams", "gauge", "Browsers that listen to live data.");
    page.line("evenkeel_live_streams", "", streams);
    page.family("evenkeel_sources_down", "gauge", "Sources that do not answer.");
    page.line("evenkeel_sources_down", "", status.sources_down.len());
    let pools = &status.snapshot.pools;
    page.family("evenkeel_requests_total", "counter", "Finished requests, by instance.");
    page.each_instance(pools, |page, labels, instance| {
        page.line("evenkeel_requests_total", labels, instance.totals.requests);
    });
    page.family("evenkeel_in_flight", "gauge", "Requests in flight, by instance.");
    page.each_instance(pools, |page, labels, instance| {
        page.line("evenkeel_in_flight", labels, instance.totals.in_flight);
    });
    page.family("evenkeel_instance_up", "gauge", "1 when the instance passes its health checks.");
    page.each_instance(pools, |page, labels, instance| {
        let up = matches!(instance.state, InstanceState::Up | InstanceState::GoingDown);
        page.line("evenkeel_instance_up", labels, u8::from(up));
    });
    page.family(
        "evenkeel_unserved_total",
        "counter",
        "Refused because no instance was left, by pool.",
    );
    for pool in pools {
        page.line("evenkeel_unserved_total", &format!("pool=\"{}\"", pool.id), pool.unserved);
    }
    page.family(
        "evenkeel_latency_seconds",
        "gauge",
        "Latency over the last seconds, by pool and quantile.",
    );
    for pool in pools {
        let Some(latency) = pool.totals.latency else { continue };
        for (quantile, ms) in [("0.5", latency.p50_ms), ("0.95", latency.p95_ms), ("0.99", latency.p99_ms)] {
            page.line(
                "evenkeel_latency_seconds",
                &format!("pool=\"{}\",quantile=\"{quantile}\"", pool.id),
                ms / 1_000.0,
            );
        }
    }
    page.workloads(&status.snapshot.workloads);
    page.gateways(&status.snapshot.gateways);
    page
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }

    fn workloads(&mut self, workloads: &[WorkloadSnapshot]) {
        // What a source that is down last said is not measured again.
        let known = || workloads.iter().filter(|w| w.is_fresh).map(|w| &w.observed);
        self.family("evenkeel_replicas_desired", "gauge", "Replicas asked for, by workload.");
        for workload in known() {
            let labels = format!("workload=\"{}\"", workload.workload);
            self.line("evenkeel_replicas_desired", &labels, workload.desired);
        }
        self.family("evenkeel_replicas_ready", "gauge", "Replicas that serve, by workload.");
        for workload in known() {
            let labels = format!("workload=\"{}\"", workload.workload);
            let ready = workload.processes.iter().filter(|p| p.state == ProcessState::Running).count();
            self.line("evenkeel_replicas_ready", &labels, ready);
        }
    }

    fn gateways(&mut self, gateways: &[GatewaySnapshot]) {
        self.family(
            "evenkeel_gateway_up",
            "gauge",
            "1 when the gateway reports; one that is silent may serve all the same.",
        );
        for GatewaySnapshot { facts, .. } in gateways {
            let up = u8::from(facts.state == GatewayState::Up);
            self.line("evenkeel_gateway_up", &format!("gateway=\"{}\"", facts.id), up);
        }
        self.family("evenkeel_gateway_requests_total", "counter", "Finished requests, by gateway.");
        for gateway in gateways {
            let labels = format!("gateway=\"{}\"", gateway.facts.id);
            self.line("evenkeel_gateway_requests_total", &labels, gateway.totals.requests);
        }
    }

    fn gateway(&mut self, stats: &GatewayStats) {
        self.family("evenkeel_gateway_connections", "gauge", "Client connections open.");
        self.line("evenkeel_gateway_connections", "", stats.connections);
        self.family(
            "evenkeel_tls_handshakes_failed_total",
            "counter",
            "TLS handshakes of clients that failed.",
        );
        self.line("evenkeel_tls_handshakes_failed_total", "", stats.handshakes_failed);
        self.family(
            "evenkeel_access_log_dropped_total",
            "counter",
            "Lines that the access log had no room for.",
        );
        self.line("evenkeel_access_log_dropped_total", "", stats.access_log_dropped);
        self.family(
            "evenkeel_certificate_expires_seconds",
            "gauge",
            "When a certificate ends, as Unix time, by its place in the settings.",
        );
        for (at, certificate) in stats.certificates.iter().enumerate() {
            let labels = format!("certificate=\"{at}\"");
            self.line("evenkeel_certificate_expires_seconds", &labels, certificate.not_after_ms / 1_000);
        }
    }

    fn each_instance(&mut self, pools: &[PoolSnapshot], mut each: impl FnMut(&mut Self, &str, &model::InstanceSnapshot)) {
        for pool in pools {
            for instance in &pool.instances {
                each(self, &format!("pool=\"{}\",instance=\"{}\"", pool.id, instance.id), instance);
            }
        }
    }
}
