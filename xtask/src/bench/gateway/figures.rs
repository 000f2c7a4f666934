//! The figures of one measurement, and medians over rounds.

use std::fmt;

use super::wrk::Load;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub(super) requests_per_s: f64,
    pub(super) cpu_us_per_request: f64,
    p50_ms: f64,
    p99_ms: f64,
    errors: f64,
}

impl Figures {
    pub(super) fn of(load: &Load, cpu_us: f64) -> Self {
        Self {
            requests_per_s: load.requests_per_s,
            // Nothing answered is shown as no figure, not as a division by zero.
            cpu_us_per_request: if load.requests > 0.0 { cpu_us / load.requests } else { f64::NAN },
            p50_ms: load.p50_ms,
            p99_ms: load.p99_ms,
            errors: load.errors,
        }
    }

    pub(super) fn row(&self) -> String {
        format!(
            "{:>12.0} {:>16.1} {:>10.2} {:>10.2} {:>8.0}",
            self.requests_per_s, self.cpu_us_per_request, self.p50_ms, self.p99_ms, self.errors
        )
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0} requests/s, {:>5.1} us CPU each, p50 {:.2} ms, p99 {:.2} ms, {:.0} errors",
            self.requests_per_s, self.cpu_us_per_request, self.p50_ms, self.p99_ms, self.errors
        )
    }
}

/// Each figure's own median: the rounds are independent, and one disturbed round shall not count.
pub(super) fn median(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| middle(rounds.iter().map(figure).collect());
    Figures {
        requests_per_s: of(|figures| figures.requests_per_s),
        cpu_us_per_request: of(|figures| figures.cpu_us_per_request),
        p50_ms: of(|figures| figures.p50_ms),
        p99_ms: of(|figures| figures.p99_ms),
        // Errors are not averaged away.
        errors: rounds.iter().map(|figures| figures.errors).sum(),
    }
}

/// The median; of an even number, between the two in the middle.
pub(super) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(requests_per_s: f64, errors: f64) -> Figures {
        Figures {
            requests_per_s,
            cpu_us_per_request: 10.0,
            p50_ms: 1.0,
            p99_ms: 2.0,
            errors,
        }
    }

    #[test]
    fn a_disturbed_round_does_not_count_and_its_errors_do() {
        let figures = median(&[round(100.0, 0.0), round(3.0, 7.0), round(102.0, 0.0)]);
        assert!((figures.requests_per_s - 100.0).abs() < f64::EPSILON);
        assert!((figures.errors - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_even_number_of_rounds_meets_in_the_middle() {
        assert!((median(&[round(100.0, 0.0), round(200.0, 0.0)]).requests_per_s - 150.0).abs() < f64::EPSILON);
        assert!(median(&[]).requests_per_s.is_nan());
    }

    #[test]
    fn cpu_is_shared_among_the_requests() {
        let load = Load {
            requests: 1_000.0,
            requests_per_s: 500.0,
            p50_ms: 1.0,
            p99_ms: 2.0,
            errors: 0.0,
        };
        assert!((Figures::of(&load, 27_000.0).cpu_us_per_request - 27.0).abs() < f64::EPSILON);
    }
}
