//! When requests arrive. Pure: a seed in, times out.

use std::{f64::consts::TAU, time::Duration};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A daily wave: the rate is `mean * (1 + amplitude * sin(2π t / period))`, so it starts at the mean and rises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wave {
    /// How long the compressed day lasts.
    pub period: Duration,
    /// 0 to 1, a share of the mean rate.
    pub amplitude: f64,
}

impl Default for Wave {
    /// A day in ten minutes: a visitor sees it move, and an hour of history shows six of them.
    fn default() -> Self {
        Self {
            period: Duration::from_mins(10),
            amplitude: 0.4,
        }
    }
}

impl Wave {
    pub(super) fn is_valid(&self) -> bool {
        (0.0..=1.0).contains(&self.amplitude) && self.period >= Duration::from_secs(1)
    }

    fn factor(&self, at_s: f64) -> f64 {
        1.0 + self.amplitude * (TAU * at_s / self.period.as_secs_f64()).sin()
    }
}

/// A Poisson process whose rate follows the wave, by thinning: arrivals at the highest rate, each kept with the probability
/// rate/highest (P. A. W. Lewis and G. S. Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979).
#[derive(Debug)]
pub(super) struct Arrivals {
    rng: ChaCha8Rng,
    rate_per_s: f64,
    wave: Option<Wave>,
    at_s: f64,
}

impl Arrivals {
    pub(super) fn new(rng: ChaCha8Rng, rate_per_s: f64, wave: Option<Wave>) -> Self {
        Self {
            rng,
            rate_per_s,
            wave,
            at_s: 0.0,
        }
    }

    /// The next arrival, as time since the start.
    pub(super) fn next_after_start(&mut self) -> Duration {
        let highest = 1.0 + self.wave.map_or(0.0, |wave| wave.amplitude);
        loop {
            // Exponential by inversion; 1 - u is never 0.
            self.at_s -= (1.0 - self.rng.random::<f64>()).ln() / (self.rate_per_s * highest);
            let factor = self.wave.map_or(1.0, |wave| wave.factor(self.at_s));
            if self.rng.random::<f64>() * highest <= factor {
                return Duration::from_secs_f64(self.at_s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    const WAVE: Wave = Wave {
        period: Duration::from_secs(100),
        amplitude: 0.4,
    };

    fn times(seed: u64, rate: f64, wave: Option<Wave>, until_s: u64) -> Vec<f64> {
        let mut arrivals = Arrivals::new(ChaCha8Rng::seed_from_u64(seed), rate, wave);
        std::iter::from_fn(|| Some(arrivals.next_after_start()))
            .take_while(|at| *at < Duration::from_secs(until_s))
            .map(|at| at.as_secs_f64())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_rate_is_met_within_five_standard_deviations(seed: u64, rate in 1.0..200.0_f64, waves: bool) {
            // Whole periods, so that the wave adds nothing. A Poisson count of mean n has the deviation √n.
            let expected = rate * 400.0;
            let count = times(seed, rate, waves.then_some(WAVE), 400).len() as f64;
            prop_assert!((count - expected).abs() < 5.0 * expected.sqrt(), "{count} of {expected}");
        }

        #[test]
        fn times_only_rise_and_follow_from_the_seed(seed: u64) {
            let first = times(seed, 50.0, Some(WAVE), 10);
            prop_assert!(first.is_sorted());
            prop_assert_eq!(first, times(seed, 50.0, Some(WAVE), 10));
        }
    }

    #[test]
    fn the_crest_is_busier_than_the_trough_by_the_amplitude() {
        let all = times(5, 50.0, Some(WAVE), 10_000);
        let quarter = |from: f64| all.iter().filter(|&&at| (from..from + 10.0).contains(&(at % 100.0))).count() as f64 / 1_000.0;
        let (crest, trough) = (quarter(20.0), quarter(70.0));
        assert!((crest - 70.0).abs() < 2.0 && (trough - 30.0).abs() < 2.0, "{crest} {trough}");
    }

    #[test]
    fn gaps_vary_as_those_of_a_poisson_process() {
        let all = times(9, 100.0, None, 1_000);
        let gaps: Vec<f64> = all.windows(2).map(|w| w[1] - w[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!(
            (deviation / mean - 1.0).abs() < 0.05,
            "an exponential distribution has its mean as deviation: {mean} {deviation}"
        );
    }
}
