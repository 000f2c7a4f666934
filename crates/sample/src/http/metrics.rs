//! `GET /metrics` in the Prometheus text format 0.0.4.

use std::{fmt::Write, sync::atomic::Ordering::Relaxed};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::App;

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let stats = &app.0.stats;
    let load = *app.0.load.borrow();
    let mut page = Page::default();
    page.family("sample_simulations_total", "counter", "Simulations by how they ended.");
    for (outcome, count) in [
        ("done", &stats.done),
        ("failed", &stats.failed),
        ("cancelled", &stats.cancelled),
        ("refused", &stats.refused),
    ] {
        page.sample(
            "sample_simulations_total",
            &format!("{{outcome=\"{outcome}\"}}"),
            count.load(Relaxed),
        );
    }
    page.single(
        "sample_scenarios_total",
        "counter",
        "Scenarios of finished simulations.",
        stats.scenarios.load(Relaxed),
    );
    page.single(
        "sample_simulations_running",
        "gauge",
        "Simulations being computed.",
        stats.simulating.get(),
    );
    page.single(
        "sample_simulations_kept",
        "gauge",
        "Simulations that can be asked for.",
        app.0.jobs.len(),
    );
    page.single(
        "sample_websockets_open",
        "gauge",
        "Open progress connections.",
        stats.websockets.get(),
    );
    page.family("sample_http_responses_total", "counter", "Responses by class of status.");
    for (class, count) in (1..).zip(&stats.answers) {
        page.sample(
            "sample_http_responses_total",
            &format!("{{class=\"{class}xx\"}}"),
            count.load(Relaxed),
        );
    }
    if let Some(cpu) = load.cpu {
        page.single("sample_cpu_utilization", "gauge", "Share of the allotted cores, last second.", cpu);
    }
    page.single(
        "sample_gpu_utilization_simulated",
        "gauge",
        "A function of the load: there is no GPU.",
        load.gpu_simulated,
    );
    if let Some(seconds) = load.cpu_seconds {
        page.single("process_cpu_seconds_total", "counter", "CPU time used.", seconds);
    }
    if let Some(bytes) = load.resident_bytes {
        page.single("process_resident_memory_bytes", "gauge", "Resident memory.", bytes);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0).into_response()
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        self.line(format_args!("{name}{labels} {value}"));
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes any text");
    }
}
