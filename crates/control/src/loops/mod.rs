//! The loops. All have one shape: idempotent, no input, no inner retries, woken by a timer or a signal, status visible. A round that
//! panics has failed, and the next one runs all the same; one loop's failure never stops another.

mod autoscale;
mod collect;
mod housekeeping;
mod reconcile;
mod record;
mod registry;
mod status;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;

use model::NewEvent;
pub use status::LoopStatus;
pub(crate) use status::Statuses;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::task::TaskTracker;

use crate::state::State;

/// Collections between two looks of the reconcile loop for what other consoles changed or what failed before: 5 s at one a second.
const RECONCILE_EVERY: u32 = 5;

/// Collections between two questions of the record loop whether the database is there: 5 s at one a second.
const RECORD_EVERY: u32 = 5;

/// Collections between two evaluations of scaling policies: 2 s at one a second.
pub(crate) const SCALE_EVERY: u32 = 2;

const HOUSEKEEPING_EVERY: Duration = Duration::from_mins(10);

/// Batches of events on their way to the journal; a batch is one second's.
const EVENT_BATCHES_MAX: usize = 256;

/// The way to the record loop.
pub(crate) fn batches() -> (mpsc::Sender<Vec<NewEvent>>, mpsc::Receiver<Vec<NewEvent>>) {
    mpsc::channel(EVENT_BATCHES_MAX)
}

pub(crate) async fn start(state: &Arc<State>, interval: Duration, batches: mpsc::Receiver<Vec<NewEvent>>, tasks: &TaskTracker) {
    let to_record = state.to_record.clone();
    let mut collect = collect::Collect::new(state.clone(), to_record.clone());
    // The first snapshot is there before the first page is asked for.
    if let Err(error) = collect.round().await {
        tracing::warn!(error, "the first collection failed");
    }
    spawn(state, tasks, interval, collect);
    spawn(
        state,
        tasks,
        interval * RECONCILE_EVERY,
        reconcile::Reconcile::new(state.clone(), to_record),
    );
    spawn(state, tasks, interval, registry::Registry::new(state.clone(), interval));
    spawn(state, tasks, interval * SCALE_EVERY, autoscale::Autoscale::new(state.clone()));
    spawn(state, tasks, HOUSEKEEPING_EVERY, housekeeping::Housekeeping::new(state.clone()));
    let (state, mut record) = (state.clone(), record::Record::new(state.clone(), batches));
    tasks.spawn(async move { record.run(&state, interval * RECORD_EVERY).await });
}

/// One loop.
trait Loop: Send + 'static {
    const NAME: &'static str;

    /// What it does; why it could not, in words.
    fn round(&mut self) -> impl Future<Output = Result<(), String>> + Send;

    /// What wakes it before its time.
    fn wake(state: &State) -> Option<&Notify>;
}

/// Runs a loop at once, then whenever the interval has passed or it is woken, until `stop`.
fn spawn<L: Loop>(state: &Arc<State>, tasks: &TaskTracker, interval: Duration, mut looping: L) {
    let state = state.clone();
    tasks.spawn(async move {
        let mut timer = tokio::time::interval(interval);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = state.stop.cancelled() => return,
                _ = timer.tick() => {}
                () = woken(L::wake(&state)) => timer.reset(),
            }
            let started = Instant::now();
            let outcome = AssertUnwindSafe(looping.round()).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err("the round panicked".to_owned()));
            state.statuses.ran(L::NAME, state.now_ms(), started.elapsed(), outcome);
        }
    });
}

async fn woken(wake: Option<&Notify>) {
    match wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    }
}
