//! The traffic that goes to a balancer: an open-loop generator.
//!
//! Open loop: arrivals come from a clock and a seed, and never wait for answers. A closed loop sends less exactly when the target is slow
//! and so hides what it should show ("coordinated omission"). What cannot be sent, because too much is under way, is counted as dropped.

mod arrivals;
mod mix;
mod send;
mod tally;

use std::{future::Future, sync::Arc, time::Duration};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::{
    sync::Semaphore,
    time::{Instant, MissedTickBehavior, sleep_until, timeout},
};
use tokio_util::task::TaskTracker;

use self::{arrivals::Arrivals, send::Sender, tally::Counters};
pub use self::{arrivals::Wave, mix::Mix, tally::Tally};

/// Time between two log summaries.
const SUMMARY_EVERY: Duration = Duration::from_mins(1);
/// How far the generator may be behind (a suspended machine) before it forgets what it missed instead of sending it all at once.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// How long answers are waited for after the stop.
const DRAIN: Duration = Duration::from_secs(2);
/// More than this from one generator would measure the generator.
const RATE_MAX: f64 = 10_000.0;

/// What is sent. [`TrafficConfig::new`] holds the defaults.
#[derive(Debug, Clone)]
pub struct TrafficConfig {
    /// `http://host:port`, with a path that is put before every path or without.
    pub target: String,
    /// Mean arrivals per second.
    pub rate_per_s: f64,
    /// A day, compressed.
    pub wave: Option<Wave>,
    /// Arrivals and requests follow from it.
    pub seed: u64,
    pub mix: Mix,
    /// Requests under way at once; arrivals beyond are dropped and counted.
    pub in_flight_max: usize,
    pub request_timeout: Duration,
}

impl TrafficConfig {
    /// 50 requests/s with a wave of 10 minutes: together some tenth of one core of work.
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            rate_per_s: 50.0,
            wave: Some(Wave::default()),
            seed: 1,
            mix: Mix::default(),
            in_flight_max: 256,
            request_timeout: Duration::from_secs(10),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    #[error("the target {target:?} must be a URL that starts with http://: {reason}")]
    Target { target: String, reason: String },
    #[error("the rate must be above 0 and at most {RATE_MAX} requests/s, {0} is not")]
    Rate(f64),
    #[error("the wave must have an amplitude from 0 to 1 and a period of at least one second")]
    Wave,
    #[error("the mix must have at least one request of some kind, and in_flight_max must be at least 1")]
    Nothing,
    #[error("cannot set up the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Sends until `shutdown` resolves; answers with what happened. A target that is away is no error: it is counted, and said once when it
/// goes and once when it comes back.
///
/// # Errors
/// A setting is not allowed.
pub async fn run(config: TrafficConfig, shutdown: impl Future<Output = ()> + Send) -> Result<Tally, TrafficError> {
    check(&config)?;
    let counters = Arc::new(Counters::default());
    let sender = Arc::new(Sender::new(&config, Arc::clone(&counters))?);
    let slots = Arc::new(Semaphore::new(config.in_flight_max));
    let under_way = TaskTracker::new();
    // Two generators, so that what is asked does not depend on how the arrivals were drawn.
    let mut arrivals = Arrivals::new(ChaCha8Rng::seed_from_u64(config.seed), config.rate_per_s, config.wave);
    let mut dice = ChaCha8Rng::seed_from_u64(!config.seed);

    tracing::info!(
        target_url = config.target,
        rate_per_s = config.rate_per_s,
        seed = config.seed,
        "traffic starts"
    );
    let mut epoch = Instant::now();
    let mut summaries = tokio::time::interval_at(epoch + SUMMARY_EVERY, SUMMARY_EVERY);
    summaries.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Tally::default();
    let mut shutdown = std::pin::pin!(shutdown);
    let mut due = arrivals.next_after_start();
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            _ = summaries.tick() => {
                let now = counters.tally();
                now.since(&told).log();
                told = now;
            }
            () = sleep_until(epoch + due) => {
                let behind = epoch.elapsed().saturating_sub(due);
                if behind > BEHIND_MAX {
                    tracing::warn!(behind_s = behind.as_secs_f64(), "traffic was held up and skips what it missed");
                    epoch += behind;
                }
                let request = config.mix.draw(&mut dice);
                if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                    let sender = Arc::clone(&sender);
                    under_way.spawn(async move {
                        sender.send(request).await;
                        drop(slot);
                    });
                } else {
                    counters.dropped();
                }
                due = arrivals.next_after_start();
            }
        }
    }
    under_way.close();
    if timeout(DRAIN, under_way.wait()).await.is_err() {
        sender.give_up();
        under_way.wait().await;
    }
    let tally = counters.tally();
    tally.log();
    Ok(tally)
}

fn check(config: &TrafficConfig) -> Result<(), TrafficError> {
    if !(config.rate_per_s > 0.0 && config.rate_per_s <= RATE_MAX) {
        return Err(TrafficError::Rate(config.rate_per_s));
    }
    if config.wave.is_some_and(|wave| !wave.is_valid()) {
        return Err(TrafficError::Wave);
    }
    if config.mix.is_empty() || config.in_flight_max == 0 {
        return Err(TrafficError::Nothing);
    }
    Ok(())
}
