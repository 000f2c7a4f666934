//! The rule of a circuit breaker as a state machine: no clock, no lock.
//!
//! ```text
//!             too many failures                  time is over
//!   Closed ───────────────────────► Open ───────────────────────► HalfOpen
//!     ▲                              ▲        a probe failed         │
//!     │                              └───────────────────────────────┤
//!     └──────────────────── all probes passed ───────────────────────┘
//!
//!   an operator: reset → Closed from everywhere; held open or closed from everywhere, and Closed after that
//! ```

use model::{BreakerHold, BreakerPolicy, BreakerState, BreakerStatus};

use super::window::Window;

/// One moment on both clocks: spans are measured on the one that never jumps, an operator's end is given on the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) monotonic_ms: u64,
    pub(crate) unix_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open {
        until_ms: u64,
    },
    /// Probes that are on their way, and those that came back well.
    HalfOpen {
        out: u32,
        passed: u32,
    },
}

/// A request's leave to go through. What it comes to counts only while the breaker stands as it stood then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permit {
    epoch: u64,
    is_probe: bool,
}

impl Permit {
    /// Of a closed breaker.
    pub(super) const fn ordinary(epoch: u64) -> Self {
        Self { epoch, is_probe: false }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) from: BreakerState,
    pub(crate) to: BreakerState,
    pub(crate) cause: String,
}

#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    hold: BreakerHold,
    /// One more with every transition.
    epoch: u64,
    window: Window,
    since_ms: i64,
    /// The same on the clock that never jumps.
    entered_ms: u64,
    opened: u64,
    cause: String,
}

impl Machine {
    pub(super) fn new(unix_ms: i64) -> Self {
        Self {
            phase: Phase::Closed,
            hold: BreakerHold::Auto,
            epoch: 0,
            window: Window::default(),
            since_ms: unix_ms,
            entered_ms: 0,
            opened: 0,
            cause: String::new(),
        }
    }

    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether everything passes and nothing has to be asked.
    pub(super) fn is_calm(&self) -> bool {
        self.phase == Phase::Closed && self.hold == BreakerHold::Auto
    }

    pub(super) const fn state(&self) -> BreakerState {
        match (self.hold, self.phase) {
            (BreakerHold::Open { .. }, _) => BreakerState::ForcedOpen,
            (BreakerHold::Closed { .. }, _) => BreakerState::ForcedClosed,
            (BreakerHold::Auto, Phase::Closed) => BreakerState::Closed,
            (BreakerHold::Auto, Phase::Open { .. }) => BreakerState::Open,
            (BreakerHold::Auto, Phase::HalfOpen { .. }) => BreakerState::HalfOpen,
        }
    }

    /// Whether a request would be let through now.
    pub(super) fn may(&self, policy: &BreakerPolicy, now: Moment) -> bool {
        match (self.hold, self.phase) {
            (hold @ BreakerHold::Open { .. }, _) => hold.is_over(now.unix_ms),
            (BreakerHold::Closed { .. }, _) | (_, Phase::Closed) => true,
            _ if policy.failures == 0 => true,
            (_, Phase::Open { until_ms }) => now.monotonic_ms >= until_ms,
            (_, Phase::HalfOpen { out, passed }) => {
                out + passed < policy.probes || passed >= policy.probes || now.monotonic_ms >= self.entered_ms + u64::from(policy.open_ms)
            }
        }
    }

    /// What has come with time alone.
    pub(super) fn tick(&mut self, policy: &BreakerPolicy, now: Moment) -> Option<Transition> {
        if self.hold != BreakerHold::Auto {
            return self.hold.is_over(now.unix_ms).then(|| self.close(now, "the hold has run out"));
        }
        match self.phase {
            Phase::Open { .. } | Phase::HalfOpen { .. } if policy.failures == 0 => Some(self.close(now, "breakers are switched off")),
            Phase::HalfOpen { passed, .. } if passed >= policy.probes => Some(self.close(now, "fewer probes are needed now")),
            // Whoever took the places has not come back: others may try.
            Phase::HalfOpen { out, .. } if out > 0 && now.monotonic_ms >= self.entered_ms + u64::from(policy.open_ms) => Some(self.go(
                Phase::HalfOpen { out: 0, passed: 0 },
                now,
                "its probes have not come back".to_owned(),
            )),
            Phase::Open { until_ms } if now.monotonic_ms >= until_ms => {
                let cause = format!("{} ms are over; {} requests may try", policy.open_ms, policy.probes);
                Some(self.go(Phase::HalfOpen { out: 0, passed: 0 }, now, cause))
            }
            _ => None,
        }
    }

    /// Lets one request through, or not.
    pub(super) fn enter(&mut self, policy: &BreakerPolicy, now: Moment) -> (Option<Permit>, Option<Transition>) {
        let transition = self.tick(policy, now);
        if !self.may(policy, now) {
            return (None, transition);
        }
        let mut is_probe = false;
        if let (BreakerHold::Auto, Phase::HalfOpen { out, .. }) = (self.hold, &mut self.phase) {
            *out += 1;
            is_probe = true;
        }
        let epoch = self.epoch;
        (Some(Permit { epoch, is_probe }), transition)
    }

    /// The request was given up before anybody knew how it would end.
    pub(super) fn give_back(&mut self, permit: Permit) {
        if let Phase::HalfOpen { out, .. } = &mut self.phase
            && permit.is_probe
            && permit.epoch == self.epoch
        {
            *out = out.saturating_sub(1);
        }
    }

    /// How the request went. `again`: it was judged before, as well, and has broken off since; it is still one request.
    pub(super) fn judge(&mut self, permit: Permit, failed: bool, again: bool, policy: &BreakerPolicy, now: Moment) -> Option<Transition> {
        if permit.epoch != self.epoch {
            return None;
        }
        match &mut self.phase {
            Phase::Closed => {
                self.window.add(!again, failed, now.monotonic_ms, policy.window_ms);
                if !failed || policy.failures == 0 || self.hold != BreakerHold::Auto {
                    return None;
                }
                let (requests, failures) = self.window.sums(now.monotonic_ms, policy.window_ms);
                let is_most = u64::from(failures) * 100 >= u64::from(requests) * u64::from(policy.percent);
                (failures >= policy.failures && is_most).then(|| {
                    let cause = format!("{failures} of {requests} requests failed within {} ms", policy.window_ms);
                    self.open(policy, now, cause)
                })
            }
            Phase::HalfOpen { .. } if failed => Some(self.open(policy, now, "a probe failed".to_owned())),
            Phase::HalfOpen { out, passed } => {
                *out = out.saturating_sub(1);
                *passed += 1;
                let passed = *passed;
                (passed >= policy.probes).then(|| self.close(now, &format!("{passed} probes passed")))
            }
            Phase::Open { .. } => None,
        }
    }

    pub(super) fn reset(&mut self, now: Moment) -> Option<Transition> {
        self.window.clear();
        // What an operator holds stays held; letting go is another command.
        (self.hold == BreakerHold::Auto && self.phase != Phase::Closed).then(|| self.close(now, "reset by an operator"))
    }

    pub(super) fn forget(&mut self) {
        self.window.pardon();
    }

    pub(super) fn set_hold(&mut self, hold: BreakerHold, now: Moment) -> Option<Transition> {
        // A plan keeps naming a hold that has run out until somebody lets go of it.
        let hold = if hold.is_over(now.unix_ms) { BreakerHold::Auto } else { hold };
        if hold == self.hold {
            return None;
        }
        if hold == BreakerHold::Auto {
            return Some(self.close(now, "an operator let go"));
        }
        let from = self.state();
        self.hold = hold;
        self.phase = Phase::Closed;
        self.window.clear();
        Some(self.entered(from, now, "an operator holds it".to_owned()))
    }

    pub(super) fn status(&mut self, policy: &BreakerPolicy, now: Moment) -> BreakerStatus {
        let (requests, failures) = self.window.sums(now.monotonic_ms, policy.window_ms);
        let until_ms = match (self.hold, self.phase) {
            (BreakerHold::Open { until_ms }, _) => until_ms,
            (BreakerHold::Closed { until_ms }, _) => Some(until_ms),
            (_, Phase::Open { until_ms }) => Some(now.unix_ms.saturating_add_unsigned(until_ms.saturating_sub(now.monotonic_ms))),
            _ => None,
        };
        BreakerStatus {
            state: self.state(),
            since_ms: self.since_ms,
            until_ms,
            requests,
            failures,
            opened: self.opened,
            cause: self.cause.clone(),
        }
    }

    fn open(&mut self, policy: &BreakerPolicy, now: Moment, cause: String) -> Transition {
        self.opened += 1;
        let until_ms = now.monotonic_ms + u64::from(policy.open_ms);
        self.go(Phase::Open { until_ms }, now, cause)
    }

    fn close(&mut self, now: Moment, cause: &str) -> Transition {
        let from = self.state();
        self.hold = BreakerHold::Auto;
        self.window.clear();
        self.phase = Phase::Closed;
        self.entered(from, now, cause.to_owned())
    }

    fn go(&mut self, phase: Phase, now: Moment, cause: String) -> Transition {
        let from = self.state();
        self.phase = phase;
        self.entered(from, now, cause)
    }

    fn entered(&mut self, from: BreakerState, now: Moment, cause: String) -> Transition {
        self.epoch += 1;
        self.since_ms = now.unix_ms;
        self.entered_ms = now.monotonic_ms;
        self.cause.clone_from(&cause);
        Transition {
            from,
            to: self.state(),
            cause,
        }
    }
}

#[cfg(test)]
mod tests;
