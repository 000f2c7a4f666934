//! What was made of each cluster's look, for those who show it.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use model::{
    Metric, SeriesKey, SourceState, SourceStatus,
    cluster::{Attribution, ClusterId, ClusterStatus, Finding, ObjectKind, ObjectRef, ObjectRow},
    scaling::{DecisionSpan, ScalingEvent, ScalingPolicy},
};

use super::Shown;
use crate::{
    decide::cluster::Memory,
    ports::cluster::{Cluster, ClusterLook},
};

/// Objects whose replicas are kept over time, of all clusters; a second of each is seven values.
pub(crate) const MEASURED_MAX: usize = 250;

/// One object as it was looked at last.
#[derive(Debug, Clone)]
pub(crate) struct Inspected {
    pub(crate) row: ObjectRow,
    /// Worst first.
    pub(crate) findings: Arc<[Finding]>,
    /// The HPA in our engine's terms.
    pub(crate) policy: Option<Arc<ScalingPolicy>>,
    /// The line of the ledger that is being written.
    pub(crate) last: Option<DecisionSpan>,
    /// What our engine remembers of the HPA.
    pub(crate) memory: Memory,
    /// Changes of the replicas that were seen, newest first.
    pub(crate) changes: Vec<ScalingEvent>,
    /// Who set the replicas as they are now.
    pub(crate) set_by: Option<Attribution>,
    /// Made when somebody asks for it first, and gone with what it was made from. Nothing where the object cannot be shown.
    pub(super) shown: OnceLock<Option<Arc<Shown>>>,
}

impl Inspected {
    /// Changes that are shown; older ones are in the ledger.
    pub(crate) const CHANGES_MAX: usize = 20;

    /// What history keeps of it.
    fn values(&self) -> impl Iterator<Item = (Metric, Option<f32>)> {
        let row = &self.row;
        let count = |n: u32| Some(n as f32);
        // A target per pod is measured in cores and bytes, which are not kept.
        let percent = |name: &str| {
            let chip = row.targets.iter().find(|chip| chip.name == name && chip.target.ends_with('%'));
            #[expect(clippy::cast_possible_truncation, reason = "a chart needs no more than 24 bits")]
            chip.and_then(|chip| chip.current_value).map(|value| value as f32)
        };
        [
            (Metric::ReplicasDesired, count(row.desired)),
            (Metric::Replicas, count(row.replicas)),
            (Metric::ReplicasReady, count(row.ready)),
            (Metric::ReplicasMin, row.min_replicas.and_then(count)),
            (Metric::ReplicasMax, row.max_replicas.and_then(count)),
            (Metric::CpuPercent, percent("cpu")),
            (Metric::MemoryPercent, percent("memory")),
        ]
        .into_iter()
    }
}

/// One cluster: the look, and what was made of it.
#[derive(Debug, Clone)]
pub(crate) struct ClusterBoard {
    pub(crate) status: ClusterStatus,
    pub(crate) look: ClusterLook,
    pub(crate) objects: BTreeMap<ObjectRef, Arc<Inspected>>,
}

/// By cluster. Written by the inspect loop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board(pub(crate) BTreeMap<ClusterId, Arc<ClusterBoard>>);

impl Board {
    pub(crate) fn get(&self, object: &ObjectRef) -> Option<(&Arc<ClusterBoard>, &Arc<Inspected>)> {
        let board = self.0.get(&object.cluster)?;
        Some((board, board.objects.get(object)?))
    }

    /// The HPAs that history has room for, by name: the same ones whether their clusters answer or not.
    fn measured(&self) -> impl Iterator<Item = (&ClusterBoard, &ObjectRef, &Inspected)> {
        let all = self.0.values().flat_map(|board| {
            let hpas = board.objects.iter().filter(|(object, _)| object.kind == ObjectKind::Hpa);
            hpas.map(move |(object, inspected)| (&**board, object, &**inspected))
        });
        all.take(MEASURED_MAX)
    }

    pub(crate) fn is_measured(&self, object: &ObjectRef) -> bool {
        self.measured().any(|(_, measured, _)| measured == object)
    }

    /// What history keeps. What a cluster that is down last said is not measured again.
    pub(crate) fn values(&self) -> Vec<(SeriesKey, Option<f32>)> {
        self.measured()
            .filter(|(board, ..)| board.status.source.state == SourceState::Up)
            .flat_map(|(_, object, inspected)| {
                let id = object.workload();
                inspected
                    .values()
                    .map(move |(metric, value)| (SeriesKey::workload(metric, &id), value))
            })
            .collect()
    }
}

impl ClusterBoard {
    pub(crate) fn new(cluster: &dyn Cluster, look: ClusterLook, objects: BTreeMap<ObjectRef, Arc<Inspected>>) -> Self {
        let count = |of: fn(&crate::ports::cluster::NamespaceObjects) -> usize| {
            let sum: usize = look.namespaces.values().map(|namespace| of(namespace)).sum();
            u32::try_from(sum).unwrap_or(u32::MAX)
        };
        let status = ClusterStatus {
            id: cluster.id().clone(),
            source: status(cluster, &look),
            version: look.version.as_deref().map(str::to_owned),
            kinds: look.kinds.to_vec(),
            hpas: count(|n| n.hpas.len()),
            workloads: count(|n| n.workloads.len()),
            pods: count(|n| n.pods.len()),
            read_only: cluster.read_only(),
        };
        Self { status, look, objects }
    }
}

/// How the cluster answers, for the source strip.
pub(crate) fn source_of(cluster: &dyn Cluster) -> SourceStatus {
    status(cluster, &cluster.look())
}

fn status(cluster: &dyn Cluster, look: &ClusterLook) -> SourceStatus {
    SourceStatus {
        id: cluster.id().source().clone(),
        what: cluster.describe(),
        state: look.state.clone(),
        answered_at_ms: look.answered_at_ms,
        took_us: look.took_us,
    }
}
