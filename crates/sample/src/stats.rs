//! Counters of one instance. What is being done right now is counted by guards, so nothing that ends early is counted for ever.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};

#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Simulations being computed.
    pub(crate) simulating: Gauge,
    /// Open `WebSockets`.
    pub(crate) websockets: Gauge,
    /// Answers by class: 1xx to 5xx.
    pub(crate) answers: [AtomicU64; 5],
    pub(crate) done: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    /// Turned away because too much was waiting.
    pub(crate) refused: AtomicU64,
    pub(crate) scenarios: AtomicU64,
}

impl Stats {
    /// What the load report calls active sessions.
    pub(crate) fn sessions(&self) -> u32 {
        self.simulating.get() + self.websockets.get()
    }

    pub(crate) fn count_answer(&self, status: u16) {
        let class = usize::from(status / 100).clamp(1, self.answers.len());
        self.answers[class - 1].fetch_add(1, Relaxed);
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<AtomicU32>);

impl Gauge {
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// Counts one until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        self.0.fetch_add(1, Relaxed);
        Entered(self.clone())
    }
}

#[derive(Debug)]
pub(crate) struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
