//! The Kubernetes pages.

use model::cluster::{ClustersView, ObjectKind, ObjectOrder, ObjectQuery, ObjectRef, ObjectRow, ObjectView};

use super::Facts;
use crate::{
    cluster::Shown,
    decide::cluster::{Subject, refusals},
};

/// Namespaces that can be chosen from.
const NAMESPACES_MAX: usize = 1_000;

/// One page of what passes the query.
pub(super) fn list(query: &ObjectQuery, facts: Facts<'_>) -> ClustersView {
    let boards = || {
        facts
            .board
            .0
            .values()
            .filter(|b| query.cluster.as_ref().is_none_or(|c| *c == b.status.id))
    };
    let mut namespaces: Vec<String> = boards().flat_map(|b| b.look.namespaces.keys().map(ToString::to_string)).collect();
    namespaces.sort();
    namespaces.dedup();
    namespaces.truncate(NAMESPACES_MAX);
    let mut found: Vec<&ObjectRow> = boards()
        .flat_map(|board| board.objects.values().map(|inspected| &inspected.row))
        .filter(|row| passes(query, row))
        .collect();
    match query.order {
        ObjectOrder::Worst => found.sort_by(|a, b| (a.state, &a.object).cmp(&(b.state, &b.object))),
        ObjectOrder::Name => found.sort_by(|a, b| a.object.cmp(&b.object)),
    }
    let page = usize::try_from(query.page).unwrap_or(usize::MAX);
    ClustersView {
        clusters: facts.board.0.values().map(|board| board.status.clone()).collect(),
        namespaces,
        found: u32::try_from(found.len()).unwrap_or(u32::MAX),
        rows: found
            .into_iter()
            .skip(page.saturating_mul(ObjectQuery::ROWS))
            .take(ObjectQuery::ROWS)
            .cloned()
            .collect(),
        query: query.clone(),
    }
}

/// A workload that an HPA scales has its line there, unless workloads are asked for.
fn passes(query: &ObjectQuery, row: &ObjectRow) -> bool {
    let object = &row.object;
    let is_own_line = object.kind == ObjectKind::Hpa || row.max_replicas.is_none();
    query.kind.map_or(is_own_line, |kind| kind == object.kind)
        && query.namespace.as_ref().is_none_or(|namespace| *namespace == object.namespace)
        && query.text.as_ref().is_none_or(|text| object.name.contains(text.as_str()))
        && (!query.troubled || row.trouble.is_some())
}

/// Everything of one object; `None` when the cluster has no such thing.
pub(super) fn object(object: &ObjectRef, facts: Facts<'_>) -> Option<ObjectView> {
    let (board, inspected) = facts.board.get(object)?;
    let shown = inspected.shown(board, object, facts.snapshot.at_ms)?;
    let shown = Shown::clone(&shown);
    let refused = refusals(&Subject {
        look: &board.look,
        read_only: board.status.read_only.as_deref(),
        object,
    });
    Some(ObjectView {
        row: inspected.row.clone(),
        findings: inspected.findings.to_vec(),
        metrics: shown.metrics,
        conditions: shown.conditions,
        policy: inspected.policy.as_deref().cloned(),
        behavior: inspected.policy.as_ref().and_then(|policy| policy.behavior.clone()),
        resource_version: shown.resource_version,
        last: inspected.last.clone(),
        evaluated_every_s: board.look.controller.sync_period_s,
        is_measured: facts.board.is_measured(object),
        changes: inspected.changes.clone(),
        set_by: inspected.set_by.clone(),
        events: shown.events,
        pods_total: shown.pods_total,
        pods: shown.pods,
        related: shown.related,
        budgets: shown.budgets,
        vpa: shown.vpa,
        services: shown.services,
        ingresses: shown.ingresses,
        refused,
        source: board.status.source.clone(),
    })
}
