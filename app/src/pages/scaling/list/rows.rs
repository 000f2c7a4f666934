//! Which workloads, in which order. Pure.

use std::cmp::Ordering;

use model::{
    WorkloadId,
    scaling::{ScalingState, ScalingView, WorkloadRow},
};

use crate::url::{Column, Sort};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadColumn {
    State,
    Name,
    Namespace,
    Reference,
    Min,
    Max,
    Replicas,
    Ready,
    Age,
}

impl Column for WorkloadColumn {
    const DEFAULT: Self = Self::Name;

    fn all() -> &'static [Self] {
        &[
            Self::State,
            Self::Name,
            Self::Namespace,
            Self::Reference,
            Self::Min,
            Self::Max,
            Self::Replicas,
            Self::Ready,
            Self::Age,
        ]
    }

    fn id(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Namespace => "namespace",
            Self::Reference => "reference",
            Self::Min => "min",
            Self::Max => "max",
            Self::Replicas => "replicas",
            Self::Ready => "ready",
            Self::Age => "age",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Replicas | Self::Ready | Self::Age)
    }
}

fn compare(a: &WorkloadRow, b: &WorkloadRow, column: WorkloadColumn) -> Ordering {
    match column {
        // The worst first: states are ordered so.
        WorkloadColumn::State => a.state.cmp(&b.state),
        WorkloadColumn::Name => a.workload.cmp(&b.workload),
        WorkloadColumn::Namespace => a.namespace.cmp(&b.namespace),
        WorkloadColumn::Reference => a.reference.cmp(&b.reference),
        WorkloadColumn::Min => a.bounds.min_replicas.cmp(&b.bounds.min_replicas),
        WorkloadColumn::Max => a.bounds.max_replicas.cmp(&b.bounds.max_replicas),
        WorkloadColumn::Replicas => a.replicas.cmp(&b.replicas),
        WorkloadColumn::Ready => a.ready.cmp(&b.ready),
        // The oldest is known since the smallest time.
        WorkloadColumn::Age => b.since_ms.cmp(&a.since_ms),
    }
}

/// The workloads whose name, namespace or reference has `text` in it, sorted; equal ones by name, so that rows do not jump.
pub fn order(workloads: &[WorkloadRow], text: &str, sort: Sort<WorkloadColumn>) -> Vec<WorkloadId> {
    let text = text.to_lowercase();
    let has = |name: &str| name.to_lowercase().contains(&text);
    let passes = |w: &&WorkloadRow| has(w.workload.as_str()) || w.namespace.as_deref().is_some_and(has) || has(&w.reference);
    let mut shown: Vec<&WorkloadRow> = workloads.iter().filter(passes).collect();
    shown.sort_by(|a, b| sort.apply(compare(a, b, sort.column)).then_with(|| a.workload.cmp(&b.workload)));
    shown.into_iter().map(|w| w.workload.clone()).collect()
}

/// Whether any source has such a thing.
pub fn has_namespaces(view: &ScalingView) -> bool {
    view.workloads.iter().any(|row| row.namespace.is_some())
}

/// As many are asked for as may be. One whose minimum is its maximum is meant to be there.
pub fn is_at_max(row: &WorkloadRow) -> bool {
    let bounds = &row.bounds;
    row.state == ScalingState::AtMax || (row.desired >= bounds.max_replicas && bounds.min_replicas < bounds.max_replicas)
}

#[cfg(test)]
mod tests {
    use model::scaling::ScheduledBounds;

    use super::*;

    fn row(name: &str, desired: u32, state: ScalingState) -> WorkloadRow {
        WorkloadRow {
            workload: name.parse().unwrap(),
            namespace: (name == "shop").then(|| "Europe".to_owned()),
            reference: format!("supervisor/{name}"),
            pool: name.parse().unwrap(),
            targets: Vec::new(),
            bounds: ScheduledBounds {
                min_replicas: 2,
                max_replicas: 10,
                rules: Vec::new(),
            },
            desired,
            replicas: desired,
            ready: desired,
            since_ms: i64::from(desired),
            state,
            hold: None,
        }
    }

    fn names(text: &str, column: WorkloadColumn, descending: bool) -> Vec<String> {
        let rows = [
            row("web", 3, ScalingState::Steady),
            row("shop", 10, ScalingState::AtMax),
            row("batch", 3, ScalingState::Held),
        ];
        let sort = Sort { column, descending };
        order(&rows, text, sort).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_worst_comes_first_and_equals_keep_their_place() {
        assert_eq!(names("", WorkloadColumn::State, false), ["shop", "batch", "web"]);
        assert_eq!(names("", WorkloadColumn::Replicas, true), ["shop", "batch", "web"]);
        assert_eq!(names("", WorkloadColumn::Age, true), ["batch", "web", "shop"]);
    }

    #[test]
    fn the_filter_looks_into_name_namespace_and_reference() {
        assert_eq!(names("europe", WorkloadColumn::Name, false), ["shop"]);
        assert_eq!(names("SUPERVISOR/b", WorkloadColumn::Name, false), ["batch"]);
        assert_eq!(names("nothing", WorkloadColumn::Name, false), Vec::<String>::new());
    }

    #[test]
    fn one_at_its_maximum_is_marked_unless_it_is_meant_to_be_there() {
        let mut full = row("web", 10, ScalingState::Steady);
        assert!(is_at_max(&full) && !is_at_max(&row("web", 9, ScalingState::Steady)));
        full.bounds.min_replicas = 10;
        assert!(!is_at_max(&full));
        assert!(is_at_max(&row("web", 3, ScalingState::AtMax)));
    }

    #[test]
    fn every_column_has_an_address_of_its_own() {
        let mut ids: Vec<_> = WorkloadColumn::all().iter().map(|c| c.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), WorkloadColumn::all().len());
    }
}
