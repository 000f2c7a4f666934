//! How loaded this instance is, measured from its own process and told in every answer as an ORCA load report
//! (`endpoint-load-metrics`, JSON form; cncf/xds `xds/data/orca/v3/orca_load_report.proto`).

mod meter;
mod process;

use serde::Serialize;
use std::sync::Arc;
use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::stats::Stats;

/// The last measurement. `None`: it cannot be measured here, and then it is not reported.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Load {
    /// Share of the allotted cores over the last second; above 1 when more was used than allotted.
    pub(crate) cpu: Option<f64>,
    /// Resident memory as a share of what the process may use.
    pub(crate) memory: Option<f64>,
    /// A smooth function of the load: there is no GPU.
    pub(crate) gpu_simulated: f64,
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) resident_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_utilization: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_utilization: Option<f64>,
    named_metrics: Named,
}

#[derive(Serialize)]
struct Named {
    gpu_utilization: f64,
    gpu_simulated: u8,
    active_sessions: u32,
}

impl Load {
    /// The value of the header `endpoint-load-metrics`.
    pub(crate) fn orca(&self, sessions: u32) -> String {
        let short = |share: f64| (share * 1e4).round() / 1e4;
        let report = Report {
            cpu_utilization: self.cpu.map(short),
            mem_utilization: self.memory.map(|share| (share * 1e6).round() / 1e6),
            named_metrics: Named {
                gpu_utilization: short(self.gpu_simulated),
                gpu_simulated: 1,
                active_sessions: sessions,
            },
        };
        format!("JSON {}", serde_json::to_string(&report).expect("finite numbers are JSON"))
    }
}

/// Measures until `stop`.
pub(crate) fn measure(allotted_cores: f64, stats: Arc<Stats>, stop: CancellationToken) -> watch::Receiver<Load> {
    let (sender, receiver) = watch::channel(Load::default());
    tokio::spawn(async move {
        let limit = process::memory_limit_bytes();
        if limit.is_none() {
            tracing::warn!("the memory this process may use is not known, so memory is not reported");
        }
        let mut meter = meter::Meter::new(allotted_cores, limit);
        let mut ticks = tokio::time::interval(meter::INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                at = ticks.tick() => {
                    // Reading two files of procfs never waits for a disk.
                    let load = meter.observe(at, process::read(), stats.sessions());
                    sender.send_replace(load);
                }
                () = stop.cancelled() => return,
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_the_json_form_of_orca() {
        let load = Load {
            cpu: Some(0.123_456),
            memory: Some(0.000_456_7),
            gpu_simulated: 0.25,
            ..Load::default()
        };
        assert_eq!(
            load.orca(3),
            r#"JSON {"cpu_utilization":0.1235,"mem_utilization":0.000457,"named_metrics":{"gpu_utilization":0.25,"gpu_simulated":1,"active_sessions":3}}"#
        );
    }

    #[test]
    fn what_is_not_known_is_not_reported() {
        let text = Load::default().orca(0);
        assert!(!text.contains("cpu") && !text.contains("mem"), "{text}");
    }
}
