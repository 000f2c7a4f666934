//! The loops. All have one shape: idempotent, no input, no inner retries, woken by a timer or a signal, status visible. A round that
//! panics has failed, and the next one runs all the same; one loop's failure never stops another.

mod autoscale;
mod clean_up;
mod collect;
mod compact;
mod forget;
mod housekeeping;
mod inherited;
mod inspect;
mod lead;
mod learn;
mod outbox;
mod reconcile;
mod record;
mod registry;
mod retain;
mod retire;
mod samples;
mod status;
mod told;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;

use model::NewEvent;
pub use status::LoopStatus;
pub(crate) use status::Statuses;
use tokio::{
    sync::{Notify, mpsc, watch},
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

/// Between two looks because of changes: many processes that start and end must not keep everybody busy.
const CHANGES_EVERY: Duration = Duration::from_millis(50);

/// Batches of events on their way to the journal; a batch is one second's.
const EVENT_BATCHES_MAX: usize = 256;

/// Seconds of measured values on their way to the loop that keeps them: it takes them at once, but for the time it waits for the database.
const SECONDS_MAX: usize = 64;

/// A slice of measured values is complete every quarter of an hour.
const COMPACT_EVERY: Duration = Duration::from_secs(10);

/// Collections between two times that fine values leave: 15 min at one a second. They leave by whole slices, the shortest of which is as
/// long.
const RETAIN_EVERY: u32 = 900;

/// Collections by which the daily clean-up may begin late: 20 s at one a second.
const CLEAN_UP_LOOKS_EVERY: u32 = 20;

pub(crate) use outbox::next_name as next_line;

/// The way to the record loop.
pub(crate) fn batches() -> (mpsc::Sender<Vec<NewEvent>>, mpsc::Receiver<Vec<NewEvent>>) {
    mpsc::channel(EVENT_BATCHES_MAX)
}

pub(crate) async fn start(state: &Arc<State>, interval: Duration, batches: mpsc::Receiver<Vec<NewEvent>>, tasks: &TaskTracker) {
    let to_record = state.to_record.clone();
    let (to_keep, measured) = mpsc::channel(SECONDS_MAX);
    let mut lead = lead::Lead::new(state.clone());
    // One that is alone leads before anything is looked at.
    lead.round().await;
    let leading = state.clone();
    tasks.spawn(async move { lead.run(&leading).await });
    let mut collect = collect::Collect::new(state.clone(), to_record.clone(), to_keep);
    // The first snapshot is there before the first page is asked for.
    if let Err(error) = collect.round().await {
        tracing::warn!(error, "the first collection failed");
    }
    spawn(state, tasks, interval, collect);
    spawn(
        state,
        tasks,
        interval * RECONCILE_EVERY,
        reconcile::Reconcile::new(state.clone(), to_record.clone()),
    );
    // One that is alone learns of nothing but a command line's doing.
    let learn_every = if state.is_shared() { interval } else { interval * RECONCILE_EVERY };
    spawn(state, tasks, learn_every, learn::Learn::new(state.clone()));
    spawn(state, tasks, interval, retire::Retire::new(state.clone(), interval, to_record));
    spawn(state, tasks, interval * RECONCILE_EVERY, forget::Forget::new(state.clone()));
    for workloads in &state.ports.workloads {
        tasks.spawn(collect_with_changes(state.clone(), workloads.changes()));
    }
    spawn(state, tasks, interval, registry::Registry::new(state.clone(), interval));
    spawn(state, tasks, interval * SCALE_EVERY, autoscale::Autoscale::new(state.clone()));
    if !state.ports.clusters.is_empty() {
        spawn(state, tasks, interval, inspect::Inspect::new(state.clone()));
    }
    for cluster in &state.ports.clusters {
        tasks.spawn(inspect_with_changes(state.clone(), cluster.changes()));
    }
    spawn(state, tasks, HOUSEKEEPING_EVERY, housekeeping::Housekeeping::new(state.clone()));
    spawn(state, tasks, COMPACT_EVERY, compact::Compact::new(state.clone()));
    spawn(state, tasks, interval * RETAIN_EVERY, retain::Retain::new(state.clone()));
    spawn(state, tasks, interval * CLEAN_UP_LOOKS_EVERY, clean_up::CleanUp::new(state.clone()));
    let (keeping, mut keep) = (state.clone(), samples::Keep::new(state.clone(), measured));
    tasks.spawn(async move { keep.run(&keeping, interval).await });
    let (state, mut record) = (state.clone(), record::Record::new(state.clone(), batches));
    tasks.spawn(async move { record.run(&state, interval * RECORD_EVERY).await });
}

/// One loop.
trait Loop: Send + 'static {
    const NAME: &'static str;

    /// Whether the leader alone runs it.
    const LEADS: bool = false;

    /// Comes before the first round of each term as the leader: what is remembered is of an earlier one, or of nobody's.
    fn take_up(&mut self) -> impl Future<Output = Result<(), String>> + Send {
        std::future::ready(Ok(()))
    }

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
        let mut term = None;
        loop {
            tokio::select! {
                () = state.stop.cancelled() => return,
                _ = timer.tick() => {}
                () = woken(L::wake(&state)) => timer.reset(),
            }
            let started = Instant::now();
            if L::LEADS {
                let Some(fence) = state.fence() else {
                    term = None;
                    continue;
                };
                if state.is_shared() && term != Some(fence) {
                    if let Err(error) = looping.take_up().await {
                        state.statuses.ran(L::NAME, state.now_ms(), started.elapsed(), Err(error));
                        continue;
                    }
                    term = Some(fence);
                }
            }
            let outcome = AssertUnwindSafe(looping.round()).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err("the round panicked".to_owned()));
            state.statuses.ran(L::NAME, state.now_ms(), started.elapsed(), outcome);
        }
    });
}

/// Looks as soon as something has changed, not a second later.
async fn collect_with_changes(state: Arc<State>, changes: Option<watch::Receiver<u64>>) {
    let Some(mut changes) = changes else { return };
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            changed = changes.changed() => match changed {
                Ok(()) => state.collect_now.notify_one(),
                Err(_ended) => return,
            },
        }
        // What changes meanwhile is seen by the next look.
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = tokio::time::sleep(CHANGES_EVERY) => {}
        }
    }
}

/// Inspects a cluster as soon as something of it has changed.
async fn inspect_with_changes(state: Arc<State>, mut changes: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            changed = changes.changed() => match changed {
                Ok(()) => state.inspect_now.notify_one(),
                Err(_ended) => return,
            },
        }
    }
}

async fn woken(wake: Option<&Notify>) {
    match wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    }
}
