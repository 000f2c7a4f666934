//! What became of a change.

use model::{
    ProcessObservation, ProcessState, WorkloadObservation,
    scaling::{ScalingEvent, ScalingOutcome},
};

/// More that takes longer has failed: several times what a start may take.
const STARTED_WITHIN_MS: i64 = 120_000;
/// Fewer that takes longer has failed: longer than the longest drain.
const DRAINED_WITHIN_MS: i64 = 300_000;

/// How many there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub ready: u32,
    /// Not ready, but to stay.
    pub coming: u32,
    /// Chosen to go.
    pub leaving: u32,
}

pub fn progress(observed: &WorkloadObservation) -> Progress {
    let count = |which: fn(&ProcessState) -> bool| {
        let count = observed.processes.iter().filter(|p| which(&p.state)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    Progress {
        ready: count(|s| matches!(s, ProcessState::Running)),
        coming: count(|s| matches!(s, ProcessState::Starting | ProcessState::Backoff { .. })),
        leaving: count(|s| matches!(s, ProcessState::Draining { .. } | ProcessState::Stopping)),
    }
}

/// What became of a pending change by now; `None` while it is under way.
pub fn outcome(event: &ScalingEvent, observed: &WorkloadObservation, now_ms: i64) -> Option<ScalingOutcome> {
    let Progress { ready, coming, leaving } = progress(observed);
    if observed.desired != event.to {
        return Some(ScalingOutcome::Superseded);
    }
    if ready == event.to && coming == 0 && leaving == 0 {
        return Some(ScalingOutcome::Reached);
    }
    let within_ms = if event.to < event.from {
        DRAINED_WITHIN_MS
    } else {
        STARTED_WITHIN_MS
    };
    if now_ms.saturating_sub(event.at_ms) <= within_ms {
        return None;
    }
    if ready == event.to && coming == 0 {
        // Enough serve, and none is missing: who still waits to go is no failure.
        return None;
    }
    let stuck = observed.processes.iter().find(|p| p.state != ProcessState::Running);
    let because = stuck.map(|p| format!("; {}", state_of(p))).unwrap_or_default();
    Some(ScalingOutcome::Failed(format!(
        "{ready} of {} ready after {} s{because}",
        event.to,
        within_ms / 1_000
    )))
}

fn state_of(process: &ProcessObservation) -> String {
    let id = &process.instance;
    match (&process.state, &process.last_exit) {
        (ProcessState::Draining { .. }, _) => format!("{id} still drains"),
        (ProcessState::Stopping, _) => format!("{id} still stops"),
        (_, Some(exit)) => format!("{id}: {exit}"),
        _ => format!("{id} does not answer yet"),
    }
}

#[cfg(test)]
mod tests {
    use model::Actor;

    use super::*;

    fn observed(desired: u32, states: &[ProcessState]) -> WorkloadObservation {
        let process = |(n, state): (usize, &ProcessState)| ProcessObservation {
            instance: format!("s-{n}").parse().unwrap(),
            address: "127.0.0.1:1".parse().unwrap(),
            state: *state,
            pid: None,
            restarts: 0,
            started_at_ms: 0,
            ready_at_ms: None,
            was_ready: true,
            last_exit: matches!(state, ProcessState::Backoff { .. }).then(|| "exit code 1".to_owned()),
        };
        WorkloadObservation {
            workload: "web".parse().unwrap(),
            pool: "web".parse().unwrap(),
            reference: String::new(),
            desired,
            processes: states.iter().enumerate().map(process).collect(),
        }
    }

    #[test]
    fn a_change_is_reached_when_all_are_ready_and_nobody_is_left_to_go() {
        use ProcessState::{Backoff, Draining, Running, Starting};
        let event = ScalingEvent {
            id: 0,
            workload: "web".parse().unwrap(),
            at_ms: 1_000,
            from: 1,
            to: 2,
            cause: String::new(),
            leading: None,
            metrics: vec![],
            actor: Actor::system("autoscaler"),
            outcome: ScalingOutcome::Pending,
            ended_at_ms: None,
        };
        let is = |desired, states: &[ProcessState], now_ms| outcome(&event, &observed(desired, states), now_ms);
        assert_eq!(is(2, &[Running, Starting], 2_000), None);
        assert_eq!(is(2, &[Running, Running], 2_000), Some(ScalingOutcome::Reached));
        assert_eq!(is(2, &[Running, Running, Draining { since_ms: 0 }], 2_000), None);
        assert_eq!(is(3, &[Running, Running], 2_000), Some(ScalingOutcome::Superseded));
        let leaving = is(2, &[Running, Running, Draining { since_ms: 0 }], 1_001 + DRAINED_WITHIN_MS);
        assert_eq!(leaving, None, "it serves as it should");
        let late = is(2, &[Running, Backoff { next_start_ms: 0 }], 1_001 + STARTED_WITHIN_MS);
        assert_eq!(
            late,
            Some(ScalingOutcome::Failed("1 of 2 ready after 120 s; s-1: exit code 1".to_owned()))
        );
    }
}
