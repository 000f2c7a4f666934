//! Circuit breakers of instances and pools, shared between requests.

mod machine;
mod window;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use model::{BreakerHold, BreakerPolicy, BreakerStatus};
use parking_lot::Mutex;

pub(crate) use self::machine::Transition;
use self::machine::{Machine, Moment, Permit};
use super::{monotonic_ms, unix_ms};

/// While it is closed, asking it costs one load and telling it one lock.
#[derive(Debug)]
pub(crate) struct Breaker {
    is_calm: AtomicBool,
    epoch: AtomicU64,
    machine: Mutex<Machine>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            is_calm: AtomicBool::new(true),
            epoch: AtomicU64::new(0),
            machine: Mutex::new(Machine::new(unix_ms())),
        }
    }
}

/// A request on its way through a breaker. Given back when it is dropped before anybody judged it.
#[derive(Debug)]
pub(crate) struct Pass {
    breaker: Arc<Breaker>,
    permit: Permit,
    is_judged: bool,
}

impl Pass {
    /// How the request went. An answer that breaks off is judged twice: first well, then as failed.
    pub(crate) fn judge(&mut self, failed: bool, policy: &BreakerPolicy) -> Option<Transition> {
        let again = std::mem::replace(&mut self.is_judged, true);
        let permit = self.permit;
        self.breaker.with(|machine| machine.judge(permit, failed, again, policy, now()))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.is_judged && !self.breaker.is_calm.load(Ordering::Relaxed) {
            self.breaker.with(|machine| machine.give_back(self.permit));
        }
    }
}

impl Breaker {
    /// Whether everything passes and nobody holds it.
    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// Whether a request would be let through now.
    pub(crate) fn may(&self, policy: &BreakerPolicy) -> bool {
        self.is_calm.load(Ordering::Relaxed) || self.machine.lock().may(policy, now())
    }

    pub(crate) fn enter(self: &Arc<Self>, policy: &BreakerPolicy) -> (Option<Pass>, Option<Transition>) {
        let (permit, transition) = if self.is_calm.load(Ordering::Relaxed) {
            let epoch = self.epoch.load(Ordering::Relaxed);
            (Some(Permit::ordinary(epoch)), None)
        } else {
            self.with(|machine| machine.enter(policy, now()))
        };
        let pass = permit.map(|permit| Pass {
            breaker: self.clone(),
            permit,
            is_judged: false,
        });
        (pass, transition)
    }

    /// What has come with time alone.
    pub(crate) fn tick(&self, policy: &BreakerPolicy) -> Option<Transition> {
        if self.is_calm.load(Ordering::Relaxed) {
            return None;
        }
        self.with(|machine| machine.tick(policy, now()))
    }

    pub(crate) fn reset(&self) -> Option<Transition> {
        self.with(|machine| machine.reset(now()))
    }

    /// The failures it has counted so far do not speak against it any more.
    pub(crate) fn forget(&self) {
        self.with(Machine::forget);
    }

    pub(crate) fn set_hold(&self, hold: BreakerHold) -> Option<Transition> {
        self.with(|machine| machine.set_hold(hold, now()))
    }

    pub(crate) fn status(&self, policy: &BreakerPolicy) -> BreakerStatus {
        self.machine.lock().status(policy, now())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.machine.lock();
        let out = change(&mut machine);
        self.epoch.store(machine.epoch(), Ordering::Relaxed);
        self.is_calm.store(machine.is_calm(), Ordering::Relaxed);
        out
    }
}

fn now() -> Moment {
    Moment {
        monotonic_ms: monotonic_ms(),
        unix_ms: unix_ms(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 2,
        percent: 50,
        window_ms: 10_000,
        open_ms: 100,
        probes: 1,
    };

    #[test]
    fn a_probe_that_is_given_up_leaves_its_place_to_the_next() {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..2 {
            breaker.enter(&POLICY).0.unwrap().judge(true, &POLICY);
        }
        assert!(!breaker.may(&POLICY));
        while !breaker.may(&POLICY) {
            std::thread::yield_now();
        }
        let probe = breaker.enter(&POLICY).0.unwrap();
        assert!(breaker.enter(&POLICY).0.is_none(), "one probe at a time");
        drop(probe);
        let mut probe = breaker.enter(&POLICY).0.unwrap();
        assert!(probe.judge(false, &POLICY).is_some());
        assert!(breaker.is_calm.load(Ordering::Relaxed));
    }

    #[test]
    fn judging_in_parallel_opens_it_once() {
        let breaker = Arc::new(Breaker::default());
        let opened: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let passes: Vec<_> = (0..50).filter_map(|_| breaker.enter(&POLICY).0).collect();
                        passes.into_iter().filter_map(|mut pass| pass.judge(true, &POLICY)).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        // Threads that enter after it half-opened may open it again.
        assert!(opened >= 1);
        assert!(breaker.status(&POLICY).opened >= 1);
    }
}
