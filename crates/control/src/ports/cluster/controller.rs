use model::scaling::{ScalingPolicy, Tolerance};

/// What a cluster's HPA controller was started with: flags of `kube-controller-manager`, which no API tells. By default those of Kubernetes
/// 1.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControllerSettings {
    /// `--horizontal-pod-autoscaler-tolerance`, where an HPA has none of its own.
    pub tolerance: Tolerance,
    /// `--horizontal-pod-autoscaler-sync-period`: how often the controller looks.
    pub sync_period_s: u32,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, where an HPA has no window of its own.
    pub downscale_stabilization_s: u32,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`
    pub cpu_initialization_period_s: u32,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`
    pub initial_readiness_delay_s: u32,
}

impl Default for ControllerSettings {
    fn default() -> Self {
        Self {
            tolerance: Tolerance::default(),
            sync_period_s: 15,
            downscale_stabilization_s: ScalingPolicy::DOWNSCALE_STABILIZATION_S,
            cpu_initialization_period_s: 300,
            initial_readiness_delay_s: 30,
        }
    }
}
