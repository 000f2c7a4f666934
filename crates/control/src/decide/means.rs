//! Means over stretches of equal length, from values of whatever resolution.

/// `None` where nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Means {
    from_ms: i64,
    step_ms: i64,
    /// Sum and weight.
    sums: Vec<(f64, f64)>,
}

impl Means {
    /// `steps` stretches of `step_ms` from `from_ms` on (Unix, ms).
    pub fn new(from_ms: i64, step_ms: i64, steps: usize) -> Self {
        Self {
            from_ms,
            step_ms,
            sums: vec![(0.0, 0.0); steps],
        }
    }

    /// A mean of `count` values over `width_ms` from `at_ms` on. One that is wider than a stretch counts in all that it
    /// covers, with its share of the values in each.
    pub fn add(&mut self, at_ms: i64, width_ms: i64, mean: f64, count: u32) {
        let step = |at_ms: i64| at_ms.saturating_sub(self.from_ms).div_euclid(self.step_ms);
        let first = step(at_ms);
        let last = if width_ms > self.step_ms {
            step(at_ms.saturating_add(width_ms - 1))
        } else {
            first
        };
        let covered = last.saturating_sub(first).saturating_add(1);
        let weight = f64::from(count) / covered as f64;
        for step in first.max(0)..=last.min(i64::try_from(self.sums.len()).unwrap_or(i64::MAX) - 1) {
            let Some((sum, weighed)) = usize::try_from(step).ok().and_then(|step| self.sums.get_mut(step)) else {
                continue;
            };
            *sum += mean * weight;
            *weighed += weight;
        }
    }

    pub fn finish(self) -> Vec<Option<f64>> {
        let mean = |(sum, weight): (f64, f64)| (weight > 0.0).then(|| sum / weight);
        self.sums.into_iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fine_values_are_averaged_and_coarse_ones_spread() {
        let mut means = Means::new(10_000, 2_000, 5);
        means.add(9_999, 1_000, 9.0, 1);
        means.add(10_000, 1_000, 1.0, 1);
        means.add(11_000, 1_000, 4.0, 2);
        means.add(14_000, 4_000, 7.0, 4);
        means.add(20_000, 1_000, 9.0, 1);
        assert_eq!(means.finish(), [Some(3.0), None, Some(7.0), Some(7.0), None]);
    }

    #[test]
    fn a_coarse_value_weighs_in_a_stretch_as_much_as_it_has_of_it() {
        let mut means = Means::new(0, 2_000, 2);
        // Four seconds of 1, of which memory knows better what the last one was.
        means.add(0, 4_000, 1.0, 4);
        means.add(2_000, 1_000, 3.0, 1);
        means.add(3_000, 1_000, 3.0, 1);
        assert_eq!(means.finish(), [Some(1.0), Some(2.0)]);
    }
}
