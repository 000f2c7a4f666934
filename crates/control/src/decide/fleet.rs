//! The workloads that feed pools, as they were last observed.

use std::net::SocketAddr;

use model::{InstanceId, PoolId, ProcessObservation, ProcessState, WorkloadId, WorkloadObservation};

use super::members::Member;

/// What each source of workloads said last, in the order of the ports; `None` of one that has never answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fleet(Vec<Option<Vec<WorkloadObservation>>>);

/// A process that is chosen to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Position of its source among the ports.
    pub source: usize,
    pub workload: WorkloadId,
    pub id: InstanceId,
    pub address: SocketAddr,
}

impl Fleet {
    pub fn new(said: impl IntoIterator<Item = Option<Vec<WorkloadObservation>>>) -> Self {
        Self(said.into_iter().collect())
    }

    /// Every source has answered once. Otherwise nobody knows who is missing.
    pub fn is_complete(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Those that serve the pool or have served it: one that has never answered would be sent requests that meet a closed port, one that
    /// answered once and is away for now is a member that is down.
    pub fn members(&self, pool: &PoolId) -> impl Iterator<Item = Member> {
        self.processes(pool)
            .filter(|(.., p)| belongs(p))
            .map(|(.., p)| Member::of_workload(p))
    }

    pub fn leavers(&self, pool: &PoolId) -> impl Iterator<Item = Leaver> {
        self.processes(pool)
            .filter(|(.., p)| is_leaving(p))
            .map(|(source, workload, process)| Leaver {
                source,
                workload: workload.workload.clone(),
                id: process.instance.clone(),
                address: process.address,
            })
    }

    /// Every process that does not stop, whether or not it belongs to its pool yet.
    pub fn present(&self) -> impl Iterator<Item = ((PoolId, InstanceId), SocketAddr)> {
        let workloads = self.0.iter().flatten().flatten();
        workloads.flat_map(|workload| {
            let there = workload.processes.iter().filter(|p| p.state != ProcessState::Stopping);
            there.map(|p| ((workload.pool.clone(), p.instance.clone()), p.address))
        })
    }

    fn processes(&self, pool: &PoolId) -> impl Iterator<Item = (usize, &WorkloadObservation, &ProcessObservation)> {
        let sources = self.0.iter().enumerate();
        let workloads = sources.flat_map(|(source, said)| said.iter().flatten().map(move |workload| (source, workload)));
        workloads
            .filter(move |(_, workload)| &workload.pool == pool)
            .flat_map(|(source, workload)| workload.processes.iter().map(move |process| (source, workload, process)))
    }
}

fn belongs(process: &ProcessObservation) -> bool {
    (process.was_ready || process.last_exit.is_some()) && process.state != ProcessState::Stopping
}

pub(super) const fn is_leaving(process: &ProcessObservation) -> bool {
    matches!(process.state, ProcessState::Draining { .. })
}

#[cfg(test)]
mod tests {
    use testkit::build;

    use super::*;

    fn process(name: &str, state: ProcessState, was_ready: bool, has_ended: bool) -> ProcessObservation {
        ProcessObservation {
            state,
            was_ready,
            last_exit: has_ended.then(|| "exit code 1".to_owned()),
            ..build::process(name, 9001)
        }
    }

    #[test]
    fn who_has_served_or_failed_belongs_to_the_pool_until_it_stops() {
        use ProcessState::{Backoff, Draining, Running, Starting, Stopping};
        let cases = [
            (Starting, false, false, None),
            (Starting, false, true, Some(false)),
            (Starting, true, true, Some(false)),
            (Running, true, false, Some(false)),
            (Backoff { next_start_ms: 1 }, false, true, Some(false)),
            (Draining { since_ms: 1 }, true, false, Some(true)),
            (Stopping, true, true, None),
        ];
        for (state, was_ready, has_ended, expected) in cases {
            let fleet = Fleet::new([Some(vec![WorkloadObservation {
                workload: WorkloadId::new("samples").unwrap(),
                pool: build::pool("web"),
                reference: String::new(),
                desired: 1,
                processes: vec![process("a", state, was_ready, has_ended)],
            }])]);
            let found = fleet.members(&build::pool("web")).next().map(|member| member.is_leaving());
            assert_eq!(found, expected, "{state:?}, was ready: {was_ready}, has ended: {has_ended}");
            assert_eq!(fleet.leavers(&build::pool("web")).count(), usize::from(expected == Some(true)));
            assert_eq!(fleet.members(&build::pool("other")).count(), 0);
        }
    }
}
