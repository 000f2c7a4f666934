//! From readings to figures. Pure: time is an argument.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{Load, process::Reading};

/// Time between readings.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);
/// CPU time is averaged over this: the kernel counts it in steps of 10 ms, so one second is read to 1 % of a core.
const WINDOW: Duration = Duration::from_secs(1);
/// How slowly the simulated GPU follows the load.
const GPU_FOLLOWS: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Meter {
    allotted_cores: f64,
    memory_limit_bytes: Option<u64>,
    /// CPU time used until each moment, oldest first; the oldest is the youngest that is at least [`WINDOW`] old.
    cpu: VecDeque<(Instant, Duration)>,
    gpu: f64,
    last: Option<Instant>,
}

impl Meter {
    pub(super) fn new(allotted_cores: f64, memory_limit_bytes: Option<u64>) -> Self {
        Self {
            allotted_cores,
            memory_limit_bytes,
            cpu: VecDeque::new(),
            gpu: 0.0,
            last: None,
        }
    }

    pub(super) fn observe(&mut self, at: Instant, reading: Reading, sessions: u32) -> Load {
        let cpu = reading.cpu.and_then(|used| self.cpu_share(at, used));
        let target = gpu_target(cpu.unwrap_or(0.0), sessions);
        let passed = self.last.map_or(Duration::ZERO, |last| at - last);
        self.gpu += (target - self.gpu) * (1.0 - (-passed.as_secs_f64() / GPU_FOLLOWS.as_secs_f64()).exp());
        self.last = Some(at);
        let resident = reading.resident_bytes;
        Load {
            cpu,
            memory: resident
                .zip(self.memory_limit_bytes)
                .map(|(used, limit)| used as f64 / limit as f64),
            gpu_simulated: self.gpu,
            cpu_seconds: reading.cpu.map(|used| used.as_secs_f64()),
            resident_bytes: resident,
        }
    }

    fn cpu_share(&mut self, at: Instant, used: Duration) -> Option<f64> {
        self.cpu.push_back((at, used));
        while self.cpu.get(1).is_some_and(|&(second, _)| at - second >= WINDOW) {
            self.cpu.pop_front();
        }
        let &(since, used_then) = self.cpu.front()?;
        let passed = at - since;
        (!passed.is_zero()).then(|| used.saturating_sub(used_then).as_secs_f64() / passed.as_secs_f64() / self.allotted_cores)
    }
}

/// Rises with CPU use and with sessions, never reaches 1.
fn gpu_target(cpu: f64, sessions: u32) -> f64 {
    1.0 - (-(1.5 * cpu + 0.25 * f64::from(sessions))).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cpu_ms: u64) -> Reading {
        Reading {
            cpu: Some(Duration::from_millis(cpu_ms)),
            resident_bytes: Some(500),
        }
    }

    #[test]
    fn cpu_is_the_share_of_the_allotted_cores_over_the_last_second() {
        let start = Instant::now();
        let mut meter = Meter::new(2.0, Some(1_000));
        let at = |step: u32| start + INTERVAL * step;
        assert_eq!(meter.observe(at(0), reading(0), 0).cpu, None);
        // One core busy from the start: half of two cores.
        for step in 1..=8 {
            let load = meter.observe(at(step), reading(u64::from(step) * 250), 0);
            assert!((load.cpu.unwrap() - 0.5).abs() < 1e-9, "{load:?}");
        }
        // Idle from here: after one second nothing of it is left, and half way half of it.
        assert!((meter.observe(at(10), reading(2_000), 0).cpu.unwrap() - 0.25).abs() < 1e-9);
        assert!(meter.observe(at(12), reading(2_000), 0).cpu.unwrap().abs() < 1e-9);
        assert!(meter.cpu.len() <= 6, "the window does not grow");
    }

    #[test]
    fn memory_is_a_share_of_the_limit_and_unknown_without_one() {
        let now = Instant::now();
        assert_eq!(Meter::new(1.0, Some(1_000)).observe(now, reading(0), 0).memory, Some(0.5));
        assert_eq!(Meter::new(1.0, None).observe(now, reading(0), 0).memory, None);
    }

    #[test]
    fn the_simulated_gpu_follows_the_load_smoothly() {
        let start = Instant::now();
        let mut meter = Meter::new(1.0, None);
        let mut before = 0.0;
        for step in 0..200 {
            let gpu = meter
                .observe(start + INTERVAL * step, reading(u64::from(step) * 250), 4)
                .gpu_simulated;
            assert!(gpu >= before && gpu - before < 0.06 && gpu < 1.0, "{before} → {gpu}");
            before = gpu;
        }
        assert!(before > 0.8, "{before}");
        for step in 200..400 {
            before = meter.observe(start + INTERVAL * step, reading(50_000), 0).gpu_simulated;
        }
        assert!(before < 0.01, "{before}");
    }
}
