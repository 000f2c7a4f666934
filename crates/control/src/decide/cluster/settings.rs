//! What a cluster's HPA controller was started with. The API does not tell it; these are Kubernetes' own values.

use model::scaling::Tolerance;

/// Flags of `kube-controller-manager`, named as the `ControllerSettings` of Kubernetes' documentation name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControllerSettings {
    /// `--horizontal-pod-autoscaler-tolerance`, where an HPA has none of its own.
    pub tolerance: Tolerance,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`
    pub cpu_initialization_period_s: u32,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`
    pub initial_readiness_delay_s: u32,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, where `behavior` is given without a window. Without `behavior` our engine
    /// reckons with 300 s.
    pub downscale_stabilization_s: u32,
}

impl Default for ControllerSettings {
    fn default() -> Self {
        Self {
            tolerance: Tolerance::default(),
            cpu_initialization_period_s: 300,
            initial_readiness_delay_s: 30,
            downscale_stabilization_s: 300,
        }
    }
}

impl ControllerSettings {
    /// `--horizontal-pod-autoscaler-sync-period`: how often the controller looks.
    pub const SYNC_PERIOD_S: u32 = 15;
}
