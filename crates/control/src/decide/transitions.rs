//! What happened between two snapshots, as events.

use model::{
    Actor, EventKind, InstanceSnapshot, InstanceState, NewEvent, PoolId, PoolSnapshot, ProcessObservation, ProcessState, Severity,
    Snapshot, SourceState, SourceStatus,
};

use super::{gateways, snapshot::ended};

/// The events that lead from `before` to `after`, in a fixed order: sources, then gateways, then pools by name. The same two snapshots always give
/// the same events.
pub fn between(before: &Snapshot, after: &Snapshot) -> Vec<NewEvent> {
    let mut events = Vec::new();
    for source in &after.sources {
        let earlier = before.sources.iter().find(|s| s.id == source.id);
        events.extend(source_event(earlier, source, after.at_ms));
    }
    events.extend(gateways::between(&before.gateways, &after.gateways, after.at_ms));
    for pool in &after.pools {
        let Some(earlier) = before.pools.iter().find(|p| p.id == pool.id) else {
            continue;
        };
        pool_events(earlier, pool, after.at_ms, &mut events);
    }
    events
}

fn source_event(before: Option<&SourceStatus>, after: &SourceStatus, at_ms: i64) -> Option<NewEvent> {
    let was_down = matches!(before.map(|s| &s.state), Some(SourceState::Down { .. }));
    let (kind, severity, summary, cause) = match (&after.state, was_down) {
        (SourceState::Down { why, .. }, false) => (
            EventKind::SourceDown,
            Severity::Critical,
            format!("The {} does not answer", after.what),
            why.clone(),
        ),
        (SourceState::Up, true) => (
            EventKind::SourceUp,
            Severity::Info,
            format!("The {} answers again", after.what),
            String::new(),
        ),
        _ => return None,
    };
    Some(NewEvent {
        at_ms,
        kind,
        severity,
        pool: None,
        instance: None,
        summary,
        cause,
        actor: Actor::system("collector"),
    })
}

fn pool_events(before: &PoolSnapshot, after: &PoolSnapshot, at_ms: i64, events: &mut Vec<NewEvent>) {
    let earlier: std::collections::HashMap<_, _> = before.instances.iter().map(|i| (&i.id, i)).collect();
    for instance in &after.instances {
        let Some(earlier) = earlier.get(&instance.id) else { continue };
        events.extend(process_events(&after.id, earlier, instance, at_ms));
        events.extend(health_event(&after.id, earlier, instance, at_ms));
    }
}

fn health_event(pool: &PoolId, before: &InstanceSnapshot, after: &InstanceSnapshot, at_ms: i64) -> Option<NewEvent> {
    let id = &after.id;
    let checked = after
        .last_check
        .as_ref()
        .map(|c| format!("health check: {}", c.detail))
        .unwrap_or_default();
    let ended = after.process.as_ref().filter(|p| ended(p)).and_then(|p| p.last_exit.as_ref());
    let cause = ended.map_or(checked, |exit| format!("its process has ended: {exit}"));
    let (kind, severity, summary, cause) = match (before.state, after.state) {
        (InstanceState::Down, InstanceState::Up) => (
            EventKind::InstanceUp,
            Severity::Info,
            format!("{id} of pool {pool} is up again"),
            cause,
        ),
        (from, InstanceState::Ejected) if !matches!(from, InstanceState::Ejected | InstanceState::Unknown) => (
            EventKind::InstanceEjected,
            Severity::Warning,
            format!("{id} of pool {pool} is ejected"),
            "it failed too many requests in a row".to_owned(),
        ),
        (InstanceState::Ejected, InstanceState::Up | InstanceState::GoingDown) => (
            EventKind::InstanceReturned,
            Severity::Info,
            format!("{id} of pool {pool} gets requests again"),
            "its ejection is over".to_owned(),
        ),
        (from, InstanceState::Down) if from != InstanceState::Down && from != InstanceState::Unknown => (
            EventKind::InstanceDown,
            Severity::Critical,
            format!("{id} of pool {pool} is down"),
            cause,
        ),
        _ => return None,
    };
    Some(NewEvent {
        at_ms,
        kind,
        severity,
        pool: Some(pool.clone()),
        instance: Some(id.clone()),
        summary,
        cause,
        actor: Actor::system(match kind {
            EventKind::InstanceEjected | EventKind::InstanceReturned => "outlier ejection",
            _ => "health check",
        }),
    })
}

fn process_events(pool: &PoolId, before: &InstanceSnapshot, after: &InstanceSnapshot, at_ms: i64) -> Vec<NewEvent> {
    let (Some(earlier), Some(now)) = (&before.process, &after.process) else {
        return Vec::new();
    };
    let id = &after.id;
    let event = |kind, severity, summary, cause| NewEvent {
        at_ms,
        kind,
        severity,
        pool: Some(pool.clone()),
        instance: Some(id.clone()),
        summary,
        cause,
        actor: Actor::system("supervisor"),
    };
    let mut events = Vec::new();
    if exited(earlier, now) {
        let pid = earlier.pid.map(|p| format!(" (pid {p})")).unwrap_or_default();
        let cause = now.last_exit.clone().unwrap_or_default();
        events.push(event(
            EventKind::ProcessExited,
            Severity::Warning,
            format!("The process of {id}{pid} has ended"),
            cause,
        ));
    }
    let running = now.state == ProcessState::Running;
    if running && (earlier.state != ProcessState::Running || earlier.pid != now.pid) {
        let pid = now.pid.map(|p| format!(" (pid {p})")).unwrap_or_default();
        let cause = if now.restarts > 0 {
            format!("restart {}", now.restarts)
        } else {
            String::new()
        };
        events.push(event(
            EventKind::ProcessStarted,
            Severity::Info,
            format!("The process of {id}{pid} runs"),
            cause,
        ));
    }
    events
}

/// Nobody asked for it to end. Also found when it was gone and back between two looks.
fn exited(before: &ProcessObservation, after: &ProcessObservation) -> bool {
    before.pid.is_some() && before.pid != after.pid && before.state != ProcessState::Stopping && after.state != ProcessState::Stopping
}

#[cfg(test)]
mod tests {
    use model::Totals;

    use super::*;
    use crate::decide::testing::{id, pool_snapshot};

    fn process(pid: Option<u32>, state: ProcessState, restarts: u32) -> ProcessObservation {
        let last_exit = (restarts > 0).then(|| "killed by signal 9 (SIGKILL)".to_owned());
        ProcessObservation {
            instance: id("a"),
            state,
            pid,
            restarts,
            address: ([127, 0, 0, 1], 9001).into(),
            ready_at_ms: None,
            was_ready: true,
            started_at_ms: 0,
            last_exit,
        }
    }

    fn snapshot(state: InstanceState, process: Option<ProcessObservation>) -> Snapshot {
        let mut pool = pool_snapshot(&[state]);
        pool.instances[0].id = id("a");
        pool.instances[0].process = process;
        Snapshot {
            seq: 1,
            at_ms: 1_000,
            totals: Totals::default(),
            sources: vec![],
            pools: vec![pool],
            gateways: vec![],
            workloads: vec![],
        }
    }

    fn kinds(before: &Snapshot, after: &Snapshot) -> Vec<EventKind> {
        between(before, after).into_iter().map(|e| e.kind).collect()
    }

    #[test]
    fn health_changes_are_told_once() {
        use InstanceState::{Down, Drain, Ejected, GoingDown, Unchecked, Unknown, Up};
        let table: [(InstanceState, InstanceState, &[EventKind]); 12] = [
            (Up, GoingDown, &[]),
            (GoingDown, Down, &[EventKind::InstanceDown]),
            (Down, Down, &[]),
            (Down, Up, &[EventKind::InstanceUp]),
            (Unchecked, Up, &[]),
            (Up, Ejected, &[EventKind::InstanceEjected]),
            (Unknown, Ejected, &[]),
            (Ejected, Up, &[EventKind::InstanceReturned]),
            (Ejected, Down, &[EventKind::InstanceDown]),
            (Unchecked, Down, &[EventKind::InstanceDown]),
            (Unknown, Down, &[]),
            (Up, Drain, &[]),
        ];
        for (from, to, expected) in table {
            assert_eq!(kinds(&snapshot(from, None), &snapshot(to, None)), expected, "{from:?} → {to:?}");
        }
    }

    #[test]
    fn a_process_that_came_back_between_two_looks_is_still_told() {
        let before = snapshot(InstanceState::Up, Some(process(Some(10), ProcessState::Running, 0)));
        let after = snapshot(InstanceState::Up, Some(process(Some(11), ProcessState::Running, 1)));
        assert_eq!(kinds(&before, &after), [EventKind::ProcessExited, EventKind::ProcessStarted]);
        assert!(between(&before, &after)[0].cause.contains("SIGKILL"));
        assert_eq!(kinds(&after, &after), []);
    }

    #[test]
    fn a_process_that_was_asked_to_stop_is_no_warning() {
        let before = snapshot(InstanceState::Up, Some(process(Some(10), ProcessState::Stopping, 0)));
        let after = snapshot(InstanceState::Up, Some(process(None, ProcessState::Stopping, 0)));
        assert_eq!(kinds(&before, &after), []);
    }
}
