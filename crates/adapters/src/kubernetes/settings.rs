//! Which cluster, as whom, and how patiently.

use std::{path::PathBuf, time::Duration};

use control::ports::cluster::ControllerSettings;
use model::cluster::ClusterId;

/// One cluster of the settings.
#[derive(Debug, Clone)]
pub struct KubernetesConfig {
    pub id: ClusterId,
    /// Absent: the service account of the pod this runs in, else `KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Absent: the one that is current in the kubeconfig.
    pub context: Option<String>,
    /// Absent: all.
    pub namespaces: Option<Vec<String>>,
    /// Why nothing may be changed; absent where it may.
    pub read_only: Option<String>,
    pub controller: ControllerSettings,
    pub timing: Timing,
    pub bounds: Bounds,
}

impl KubernetesConfig {
    /// With everything absent.
    pub fn new(id: ClusterId) -> Self {
        Self {
            id,
            kubeconfig: None,
            context: None,
            namespaces: None,
            read_only: None,
            controller: ControllerSettings::default(),
            timing: Timing::default(),
            bounds: Bounds::default(),
        }
    }
}

/// Deadlines and intervals.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until a small question is answered.
    pub answer: Duration,
    /// Until a page of a list is read.
    pub page: Duration,
    /// The API server is asked to end a watch after so long; it is taken up again where it ended.
    pub watch_for: Duration,
    /// A watch on which nothing was heard for so long, not even a bookmark (one a minute), is taken for half-open.
    pub quiet: Duration,
    /// Between two questions whether it still answers.
    pub probe_every: Duration,
    /// Without a good answer for so long the cluster counts as away.
    pub down_after: Duration,
    /// Between two readings of the metrics APIs.
    pub figures_every: Duration,
    /// First pause after a failure; doubles, with jitter.
    pub pause_min: Duration,
    pub pause_max: Duration,
    /// Until something that is forbidden or absent is asked for again.
    pub again_after: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            page: Duration::from_secs(30),
            watch_for: Duration::from_secs(240),
            quiet: Duration::from_secs(90),
            probe_every: Duration::from_secs(5),
            down_after: Duration::from_secs(12),
            figures_every: Duration::from_secs(15),
            pause_min: Duration::from_millis(500),
            pause_max: Duration::from_secs(30),
            again_after: Duration::from_secs(120),
        }
    }
}

/// What is kept at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of one kind. What is beyond it is not kept, and the kind says so.
    pub objects: usize,
    /// One line of a watch: an object of Kubernetes has at most 1.5 MiB.
    pub line_bytes: usize,
    /// One page of a list, or one answer of a metrics API.
    pub page_bytes: usize,
    /// Objects a page.
    pub page: u32,
    /// Custom and external metrics that are asked for.
    pub questions: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            objects: 50_000,
            line_bytes: 4 << 20,
            page_bytes: 64 << 20,
            page: 500,
            questions: 2_000,
        }
    }
}
