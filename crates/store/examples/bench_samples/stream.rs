//! Values as a console measures them, the same each time.

use std::sync::Arc;

use control::ports::SampleRow;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// A full hour, so that slices begin with the stream.
pub(crate) const START_MS: i64 = 1_795_201_200_000;
pub(crate) const SECONDS: i64 = 3_600;
const INSTANCES: usize = 125;

/// Metrics of an instance, as the console names them.
const METRICS: [&str; 8] = [
    "requests_per_s",
    "errors_percent",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "in_flight",
    "cpu_percent",
    "memory_percent",
];

pub(crate) struct Stream {
    pub(crate) keys: Vec<Arc<str>>,
}

impl Stream {
    pub(crate) fn new() -> Self {
        let key = |n: usize| {
            let instance = n / METRICS.len();
            format!("{}@pool-{}/instance-{instance}", METRICS[n % METRICS.len()], instance % 5).into()
        };
        Self {
            keys: (0..INSTANCES * METRICS.len()).map(key).collect(),
        }
    }

    pub(crate) fn rows(&self) -> Vec<SampleRow> {
        // One more than an hour: it ends the last slice. Rounds are a millisecond or two late.
        (0..=SECONDS).map(|s| self.row(START_MS + s * 1_000 + s * 7 % 3, s)).collect()
    }

    /// The row of a moment; `step` is how long it has been going on.
    pub(crate) fn row(&self, at_ms: i64, step: i64) -> SampleRow {
        let values = self.keys.iter().enumerate().map(|(n, key)| (key.clone(), value(n, step)));
        SampleRow {
            at_ms,
            values: values.collect(),
        }
    }
}

/// A wave with noise, in the shape that each metric really has.
#[expect(clippy::cast_possible_truncation, reason = "measured values are 32 bits")]
fn value(n: usize, step: i64) -> f32 {
    let (instance, metric) = (n / METRICS.len(), n % METRICS.len());
    let mut noise = StdRng::seed_from_u64((n as u64) << 32 | step.unsigned_abs());
    let wave = 1.0 + 0.3 * (step as f64 / 600.0 + instance as f64).sin();
    let load = wave * (0.9 + 0.2 * noise.random::<f64>());
    // Requests are whole, and the second that they are counted over is not quite one.
    let requests = (40.0 * load).round();
    let second = 1.0 + f64::from(noise.random_range(-2_i32..=2)) / 1_000.0;
    // Latencies come from a histogram of two significant digits.
    let bucket = |ms: f64| {
        let digits = 10_f64.powf(ms.log10().floor() - 2.0);
        (ms / digits).round() * digits
    };
    let value = match METRICS[metric] {
        "requests_per_s" => requests / second,
        "errors_percent" => {
            let errors = (noise.random::<f64>() * 1.3).floor();
            100.0 * errors / (requests * 10.0)
        }
        "p50_ms" => bucket(3.0 * load),
        "p95_ms" => bucket(12.0 * load * (1.0 + noise.random::<f64>() * 0.5)),
        "p99_ms" => bucket(30.0 * load * (1.0 + noise.random::<f64>())),
        "in_flight" => (requests * 0.008 * noise.random::<f64>() * 10.0).floor(),
        // Ticks of a hundredth of a second.
        "cpu_percent" => (load * 35.0).round() / second,
        // Pages of a process that grows and shrinks now and then.
        _ => 22.0 + (step as f64 / 90.0 + instance as f64).floor() % 7.0 * 0.11,
    };
    value as f32
}
