//! Runs simulations on blocking threads without starving anything else.
//!
//! A simulation is cut into slices of a few milliseconds; each takes one of `workers` permits, in the order they asked. So health answers
//! never wait for a simulation, a small simulation waits for a slice and not for a large one, and a client that has gone away costs at
//! most the slices already running.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use crate::montecarlo::{Endings, Market, Outcome, Plan, simulate, summarise};

/// Months simulated in one slice: about 4 ms of one core.
const SLICE_MONTHS: u32 = 400_000;

/// The computation panicked. The slices of others are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulation crashed: {0}")]
pub(crate) struct Crashed(String);

#[derive(Debug, Clone)]
pub(crate) struct Engine {
    permits: Arc<Semaphore>,
    workers: usize,
}

impl Engine {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(workers)),
            workers,
        }
    }

    /// `progress` hears how many scenarios are done, after each slice.
    pub(crate) async fn run(&self, plan: Plan, seed: u64, progress: impl Fn(u32)) -> Result<Outcome, Crashed> {
        let slice = (SLICE_MONTHS / plan.months()).max(1);
        let starts = (0..plan.n_scenarios).step_by(slice as usize);
        let mut slices = stream::iter(starts)
            .map(|start| {
                let range = start..plan.n_scenarios.min(start.saturating_add(slice));
                self.compute(move || simulate(&plan, &Market::DEFAULT, seed, range))
            })
            .buffer_unordered(self.workers);
        let mut all = Endings::default();
        let mut done = 0;
        while let Some(mut endings) = slices.try_next().await? {
            done += u32::try_from(endings.wealth.len()).expect("a slice is part of n_scenarios");
            all.wealth.append(&mut endings.wealth);
            all.survived += endings.survived;
            progress(done);
        }
        self.compute(move || summarise(all)).await
    }

    /// The permit moves into the closure: when the caller is dropped, it stays taken for as long as the thread really computes.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Crashed> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.map_err(|error| Crashed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PLAN: Plan = Plan {
        starting_portfolio: 1e6,
        monthly_spending: 4_000.0,
        n_scenarios: 5_000,
        years: 40,
    };

    #[tokio::test]
    async fn the_number_of_threads_does_not_change_the_answer() {
        let alone = Engine::new(1).run(PLAN, 42, |_| {}).await.unwrap();
        let together = Engine::new(4).run(PLAN, 42, |_| {}).await.unwrap();
        assert_eq!(alone, together);
        assert_eq!(alone, summarise(simulate(&PLAN, &Market::DEFAULT, 42, 0..PLAN.n_scenarios)));
    }

    #[tokio::test]
    async fn progress_rises_to_the_end() {
        let (heard, told) = mpsc::channel();
        Engine::new(2).run(PLAN, 1, |done| heard.send(done).unwrap()).await.unwrap();
        drop(heard);
        let steps: Vec<u32> = told.iter().collect();
        assert!(steps.len() > 2 && steps.is_sorted(), "{steps:?}");
        assert_eq!(steps.last(), Some(&PLAN.n_scenarios));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_its_permit_back() {
        let engine = Engine::new(1);
        let crashed = engine.compute::<()>(|| panic!("on purpose")).await;
        assert!(crashed.is_err_and(|Crashed(why): Crashed| why.contains("on purpose")));
        assert_eq!(engine.compute(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_leaves_no_permit_behind() {
        let engine = Engine::new(1);
        let (release, wait) = mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let abandoned = tokio::spawn({
            let engine = engine.clone();
            async move {
                engine
                    .compute(move || {
                        started.send(()).unwrap();
                        wait.recv().ok();
                    })
                    .await
            }
        });
        has_started.await.unwrap();
        abandoned.abort();
        abandoned.await.unwrap_err();
        assert_eq!(engine.permits.available_permits(), 0, "the thread still computes");
        release.send(()).unwrap();
        assert_eq!(engine.compute(|| 1).await, Ok(1));
        assert_eq!(engine.permits.available_permits(), 1);
    }
}
