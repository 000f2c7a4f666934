use std::time::Duration;

use control::ports::{ScaleError, Workloads};
use model::{ProcessObservation, ProcessState, ScaleAccess, WorkloadId, WorkloadObservation};

use crate::{build, wait_until};

/// Longer than processes take to start on a busy machine; reached only by a failure.
const SOON: Duration = Duration::from_secs(60);

/// Observations over which nothing may happen.
const A_WHILE: usize = 20;

/// Everything that [`Workloads`] promises, of one that runs a workload of two instances and can be scaled. `kill` ends a process as
/// `kill -9` does.
pub async fn workloads(port: &dyn Workloads, workload: &WorkloadId, kill: impl Fn(&ProcessObservation)) {
    let suite = Suite { port, workload, kill };
    suite.it_begins_with_two_that_are_known().await;
    suite.the_same_number_changes_nothing().await;
    suite.more_are_started_by_the_lowest_names().await;
    suite.too_many_drain_until_they_are_retired().await;
    suite.who_drains_is_taken_back_first().await;
    suite.what_cannot_be_is_refused_and_changes_nothing().await;
    suite.who_dies_draining_is_gone().await;
    suite.who_should_live_is_replaced().await;
    suite.none_is_a_number_too().await;
}

/// Everything that [`Workloads`] promises, of a workload whose number is set elsewhere. It begins with two; `set` sets another number there.
pub async fn workloads_of_others(port: &dyn Workloads, workload: &WorkloadId, set: impl AsyncFn(u32)) {
    let suite = Suite {
        port,
        workload,
        kill: |_: &ProcessObservation| {},
    };
    let ScaleAccess::ReadOnly { why } = port.capabilities().scale else {
        panic!("its number is set elsewhere")
    };
    assert!(!why.is_empty());
    let two = suite.until_count_running(2).await;
    assert_ne!(two[0].address, two[1].address);
    for process in &two {
        assert!(process.was_ready && process.restarts == 0 && process.last_exit.is_none());
        assert!(process.ready_at_ms.is_some_and(|at| at >= process.started_at_ms), "{process:?}");
    }
    suite.it_is_not_ours_to_scale(&two).await;

    let mut changes = port.changes();
    set(4).await;
    if let Some(changes) = &mut changes {
        let told = tokio::time::timeout(SOON, changes.changed()).await;
        told.expect("a change is told").unwrap();
    }
    let four = suite.until_count_running(4).await;
    assert!(two.iter().all(|p| four.contains(p)), "nobody else is touched: {four:?}");
    set(1).await;
    let one = suite.until_count_running(1).await;
    assert!(four.contains(&one[0]), "nobody else is touched: {one:?}");
    set(0).await;
    suite.until_count_running(0).await;
    set(1).await;
    suite.until_count_running(1).await;
}

struct Suite<'a, K> {
    port: &'a dyn Workloads,
    workload: &'a WorkloadId,
    kill: K,
}

impl<K: Fn(&ProcessObservation)> Suite<'_, K> {
    async fn look(&self) -> WorkloadObservation {
        let seen = self.port.observe().await.unwrap();
        seen.into_iter()
            .find(|w| &w.workload == self.workload)
            .expect("the workload is observed")
    }

    async fn scale(&self, replicas: u32) {
        self.port.scale(self.workload, replicas).await.unwrap();
        assert_eq!(self.look().await.desired, replicas, "known at once");
    }

    async fn retire(&self, process: &ProcessObservation) {
        self.port.retire(self.workload, &process.instance).await.unwrap();
    }

    /// As soon as these, by their numbers, are all there is and this holds of each.
    async fn until(&self, numbers: &[u32], holds: impl Fn(&ProcessObservation) -> bool) -> Vec<ProcessObservation> {
        let mut last = Vec::new();
        let what = format!("there are {numbers:?} in the expected state");
        wait_until(&what, SOON, async || {
            last = self.look().await.processes;
            last.sort_by_key(number);
            last.iter().map(number).eq(numbers.iter().copied()) && last.iter().all(&holds)
        })
        .await;
        last
    }

    async fn until_running(&self, numbers: &[u32]) -> Vec<ProcessObservation> {
        self.until(numbers, |p| p.state == ProcessState::Running).await
    }

    /// As soon as so many are all there is and run, by name.
    async fn until_count_running(&self, count: usize) -> Vec<ProcessObservation> {
        let mut last = Vec::new();
        wait_until(&format!("{count} run and no others are there"), SOON, async || {
            let seen = self.look().await;
            last = seen.processes;
            last.len() == count && seen.desired as usize == count && last.iter().all(|p| p.state == ProcessState::Running)
        })
        .await;
        last.sort_by(|a, b| a.instance.cmp(&b.instance));
        last
    }

    async fn it_is_not_ours_to_scale(&self, running: &[ProcessObservation]) {
        let refused = self.port.scale(self.workload, 3).await;
        assert!(
            matches!(&refused, Err(ScaleError::Refused { why }) if !why.is_empty()),
            "{refused:?}"
        );
        let nobody = WorkloadId::new("nobody").unwrap();
        let unknown = ScaleError::Unknown(nobody.clone());
        assert_eq!(self.port.scale(&nobody, 1).await, Err(unknown.clone()));
        assert_eq!(self.port.retire(&nobody, &build::instance("nobody-1")).await, Err(unknown));
        self.port.retire(self.workload, &build::instance("nobody-1")).await.unwrap();
        // Who does not drain is not stopped.
        self.retire(&running[0]).await;
        let before = self.look().await;
        for _ in 0..A_WHILE {
            assert_eq!(self.look().await, before);
        }
        assert_eq!(self.until_count_running(2).await, running);
    }

    async fn it_begins_with_two_that_are_known(&self) {
        let capabilities = self.port.capabilities();
        assert_eq!(capabilities.scale, ScaleAccess::Live);
        assert!(capabilities.max_replicas >= 4);
        let seen = self.until_running(&[1, 2]).await;
        assert_ne!(seen[0].address, seen[1].address);
        for process in &seen {
            assert!(process.was_ready && process.pid.is_some() && process.last_exit.is_none() && process.restarts == 0);
            assert!(process.ready_at_ms.is_some_and(|at| at >= process.started_at_ms), "{process:?}");
        }
        let whole = self.look().await;
        assert_eq!((whole.desired, whole.reference.contains(self.workload.as_str())), (2, true));
    }

    async fn the_same_number_changes_nothing(&self) {
        let before = self.look().await;
        self.scale(2).await;
        for _ in 0..A_WHILE {
            assert_eq!(self.look().await, before);
        }
    }

    async fn more_are_started_by_the_lowest_names(&self) {
        let before = self.until_running(&[1, 2]).await;
        let mut changes = self.port.changes();
        self.scale(4).await;
        if let Some(changes) = &mut changes {
            tokio::time::timeout(SOON, changes.changed())
                .await
                .expect("a change is told")
                .unwrap();
        }
        let after = self.until_running(&[1, 2, 3, 4]).await;
        assert_eq!(after[..2], before, "nobody else is touched");
    }

    async fn too_many_drain_until_they_are_retired(&self) {
        let before = self.until_running(&[1, 2, 3, 4]).await;
        self.scale(2).await;
        for _ in 0..A_WHILE {
            let mut seen = self.look().await.processes;
            seen.sort_by_key(number);
            assert_eq!(seen[..2], before[..2]);
            assert!(
                seen[2..].iter().all(is_draining),
                "the newest go, and not before somebody says so: {seen:?}"
            );
            assert!(seen.iter().map(|p| p.pid).eq(before.iter().map(|p| p.pid)));
        }
        self.scale(2).await;
        self.retire(&before[0]).await;
        self.retire(&before[3]).await;
        let left = self.until(&[1, 2, 3], |_| true).await;
        assert_eq!(left[..2], before[..2], "who does not drain is not stopped");
        assert!(is_draining(&left[2]));
        self.retire(&before[3]).await;
    }

    async fn who_drains_is_taken_back_first(&self) {
        let before = self.until(&[1, 2, 3], |_| true).await;
        self.scale(4).await;
        let after = self.until_running(&[1, 2, 3, 4]).await;
        assert!(
            after[..3].iter().map(|p| p.pid).eq(before.iter().map(|p| p.pid)),
            "none was started anew"
        );
        self.retire(&after[2]).await;
        assert_eq!(self.until_running(&[1, 2, 3, 4]).await[2].pid, before[2].pid, "it drains no more");
    }

    async fn what_cannot_be_is_refused_and_changes_nothing(&self) {
        let nobody = WorkloadId::new("nobody").unwrap();
        let unknown = ScaleError::Unknown(nobody.clone());
        assert_eq!(self.port.scale(&nobody, 1).await, Err(unknown.clone()));
        assert_eq!(self.port.retire(&nobody, &build::instance("nobody-1")).await, Err(unknown));
        let too_many = self.port.capabilities().max_replicas + 1;
        let refused = self.port.scale(self.workload, too_many).await;
        assert!(
            matches!(&refused, Err(ScaleError::Refused { why }) if why.contains(&too_many.to_string())),
            "{refused:?}"
        );
        self.port.retire(self.workload, &build::instance("nobody-1")).await.unwrap();
        assert_eq!(self.look().await.desired, 4);
        self.until_running(&[1, 2, 3, 4]).await;
    }

    async fn who_dies_draining_is_gone(&self) {
        self.scale(3).await;
        let draining = self.until(&[1, 2, 3, 4], |p| is_draining(p) == (number(p) == 4)).await;
        (self.kill)(&draining[3]);
        let left = self.until(&[1, 2, 3], |_| true).await;
        assert_eq!(left, draining[..3]);
        for _ in 0..A_WHILE {
            assert_eq!(self.look().await.processes.len(), 3, "it is not started again");
        }
    }

    async fn who_should_live_is_replaced(&self) {
        let before = self.until_running(&[1, 2, 3]).await;
        (self.kill)(&before[1]);
        let after = self
            .until(&[1, 2, 3], |p| {
                p.state == ProcessState::Running && (number(p) != 2 || p.restarts == 1)
            })
            .await;
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
        assert_eq!(after[1].address, before[1].address);
        assert_ne!(after[1].pid, before[1].pid);
        assert_eq!(after[1].last_exit.as_deref(), Some("killed by signal 9 (SIGKILL)"));
    }

    async fn none_is_a_number_too(&self) {
        self.scale(0).await;
        for process in self.until(&[1, 2, 3], is_draining).await {
            self.retire(&process).await;
        }
        self.until(&[], |_| true).await;
        self.scale(1).await;
        let anew = self.until_running(&[1]).await;
        assert_eq!((anew[0].restarts, &anew[0].last_exit), (0, &None), "the name has a new process");
    }
}

fn is_draining(process: &ProcessObservation) -> bool {
    matches!(process.state, ProcessState::Draining { .. })
}

fn number(process: &ProcessObservation) -> u32 {
    let name = process.instance.as_str();
    name.rsplit('-')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a name ends with a number")
}
