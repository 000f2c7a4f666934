use std::time::Duration;

/// How a cluster of one's own is made; what is `None` is as the program has it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub hpa_sync: Option<Duration>,
    pub downscale_stabilization: Option<Duration>,
    pub tolerance: Option<f64>,
    pub cpu_initialization_period: Option<Duration>,
    pub initial_readiness_delay: Option<Duration>,
    pub ready_after: Option<Duration>,
    pub stop_after: Option<Duration>,
    /// `HPAScaleToZero=true`
    pub feature_gates: Option<String>,
}

impl Options {
    pub(super) fn flags(&self) -> Vec<String> {
        let time = |name: &str, value: Option<Duration>| value.map(|value| format!("--{name}={}ms", value.as_millis()));
        [
            time("hpa-sync", self.hpa_sync),
            time("downscale-stabilization", self.downscale_stabilization),
            self.tolerance.map(|tolerance| format!("--tolerance={tolerance}")),
            time("cpu-initialization-period", self.cpu_initialization_period),
            time("initial-readiness-delay", self.initial_readiness_delay),
            time("ready-after", self.ready_after),
            time("stop-after", self.stop_after),
            self.feature_gates.as_ref().map(|gates| format!("--feature-gates={gates}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
