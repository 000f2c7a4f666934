//! Reads a load report from a page in Prometheus' text format.
//!
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>, version 0.0.4. The metrics are named as in ORCA, alone or after
//! a name of the application's own: `cpu_utilization`, `shop_cpu_utilization`; likewise `mem_utilization`, `gpu_utilization` (shares of
//! 1) and `active_sessions`. Of several series of one metric the largest share counts, and sessions are added up.

use std::collections::HashMap;

use model::LoadReport;
use prometheus_parse::{Scrape, Value};

use super::orca;

const SESSIONS: &str = "active_sessions";

/// `None` when the page is none or holds none of these metrics.
pub(super) fn parse(page: &[u8], at_ms: i64) -> Option<LoadReport> {
    let page = std::str::from_utf8(page).ok()?;
    let scrape = Scrape::parse(page.lines().map(|line| Ok(line.to_owned()))).ok()?;
    let mut found = HashMap::<&str, f64>::new();
    for sample in &scrape.samples {
        let (Value::Gauge(value) | Value::Untyped(value)) = sample.value else {
            continue;
        };
        if !(value.is_finite() && value >= 0.0) {
            continue;
        }
        let names = ["cpu_utilization", "mem_utilization", "gpu_utilization", "gpu_simulated", SESSIONS];
        let Some(name) = names.into_iter().find(|name| is_named(&sample.metric, name)) else {
            continue;
        };
        let so_far = found.entry(name).or_default();
        *so_far = if name == SESSIONS { *so_far + value } else { so_far.max(value) };
    }
    orca::report(at_ms, |path| found.get(path.last()?).copied())
}

fn is_named(metric: &str, name: &str) -> bool {
    metric
        .strip_suffix(name)
        .is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gauges_of_these_names_are_the_report() {
        let page = b"# HELP shop_cpu_utilization Share of the limit.
# TYPE shop_cpu_utilization gauge
shop_cpu_utilization{core=\"0\"} 0.25
shop_cpu_utilization{core=\"1\"} 0.75
mem_utilization 0.5 1700000000000
# TYPE active_sessions gauge
active_sessions{kind=\"web\"} 3
active_sessions{kind=\"api\"} 4
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12
";
        let expected = LoadReport {
            at_ms: 7,
            cpu: Some(0.75),
            memory: Some(0.5),
            gpu: None,
            gpu_simulated: false,
            sessions: Some(7),
        };
        assert_eq!(parse(page, 7), Some(expected));
    }

    #[test]
    fn pages_without_them_and_nonsense_are_no_report() {
        for page in [
            b"".as_slice(),
            b"<!DOCTYPE html><p>cpu_utilization 0.5",
            b"# TYPE cpu_utilization counter\ncpu_utilization 0.5\n",
            b"xcpu_utilization 0.5\ncpu_utilization_total 1\n",
            b"cpu_utilization NaN\n",
            b"cpu_utilization -1\n",
            b"cpu_utilization\n",
            b"\xff cpu_utilization 0.5",
        ] {
            assert_eq!(parse(page, 0), None, "{:?}", String::from_utf8_lossy(page));
        }
    }

    proptest! {
        #[test]
        fn any_page_is_read_without_harm(page in "[a-z_{}\"=#, 0-9.\n+-]{0,300}") {
            parse(page.as_bytes(), 0);
        }
    }
}
