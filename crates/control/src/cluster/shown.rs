//! What one inspection gives to be shown of an object, beyond its line and its findings.

use std::sync::Arc;

use model::cluster::{ConditionRow, IngressRow, MetricRow, ObjectEvent, ObjectKind, ObjectRef, PodRow, ServiceRow, VpaRow};

use super::{ClusterBoard, Inspected, steps};
use crate::{
    decide::cluster::{Case, Space, evaluate, is_about_balancing, managed, shown},
    ports::cluster::Meta,
};

#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) metrics: Vec<MetricRow>,
    pub(crate) conditions: Vec<ConditionRow>,
    pub(crate) resource_version: String,
    pub(crate) events: Vec<ObjectEvent>,
    pub(crate) pods_total: u32,
    pub(crate) pods: Vec<PodRow>,
    pub(crate) related: Vec<ObjectRef>,
    pub(crate) budgets: Vec<(String, u32)>,
    pub(crate) vpa: Vec<VpaRow>,
    pub(crate) services: Vec<ServiceRow>,
    pub(crate) ingresses: Vec<IngressRow>,
}

impl Inspected {
    /// Of the look that the board has: its namespace is the one that was inspected.
    pub(crate) fn shown(&self, board: &ClusterBoard, object: &ObjectRef, now_ms: i64) -> Option<Arc<Shown>> {
        self.shown.get_or_init(|| make(self, board, object, now_ms).map(Arc::new)).clone()
    }
}

fn make(inspected: &Inspected, board: &ClusterBoard, object: &ObjectRef, now_ms: i64) -> Option<Shown> {
    let (name, namespace) = board.look.namespaces.get_key_value(object.namespace.as_str())?;
    let space = Space::new(&board.look, name, namespace);
    let Some(hpa) = namespace.hpas.get(object.name.as_str()).filter(|_| object.kind == ObjectKind::Hpa) else {
        let workload = namespace.workloads.get(&(object.kind, object.name.as_str().into()))?;
        let case = Case::of_workload(&space, object.kind, workload, now_ms);
        return Some(of(object, &workload.metadata, &case));
    };
    let mut memory = inspected.memory.clone();
    let evaluated = evaluate(&space, hpa, &mut memory, now_ms);
    let steps = steps(inspected, now_ms);
    let case = Case::of_hpa(&space, hpa, Some(&evaluated), &inspected.memory, &steps, now_ms);
    Some(of(object, &hpa.metadata, &case))
}

fn of(object: &ObjectRef, meta: &Meta, case: &Case<'_>) -> Shown {
    Shown {
        metrics: shown::metric_rows(case),
        conditions: shown::condition_rows(case),
        resource_version: meta.resource_version.to_string(),
        events: shown::object_events(case),
        pods_total: u32::try_from(case.pods.len()).unwrap_or(u32::MAX),
        pods: shown::pod_rows(case),
        related: shown::related(&object.cluster, case),
        budgets: shown::budgets(case),
        vpa: shown::vpa_rows(case),
        services: shown::service_rows(case),
        ingresses: shown::ingress_rows(case, is_about_balancing, managed),
    }
}
