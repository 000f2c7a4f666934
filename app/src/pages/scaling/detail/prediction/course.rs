//! What was measured and what is expected, on one time axis. Pure.

use std::fmt::Write as _;

use model::scaling::Forecast;

pub const WIDTH: f64 = 600.0;
pub const HEIGHT: f64 = 160.0;
/// As far back as what was measured is read.
const BACK_MS: i64 = 86_400_000;
/// Five minutes each: one in an hour is enough for a table.
const EVERY: usize = 12;

/// When five minutes began (Unix ms), and the demand in them.
pub type Point = (i64, Option<f64>);

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub at_ms: i64,
    pub measured: Option<f64>,
    pub mean: Option<f64>,
    pub upper: Option<f64>,
}

/// The demand of the last day and the forecast of the next, with the moment between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub from_ms: i64,
    /// When the forecast was made.
    pub made_ms: i64,
    pub to_ms: i64,
    /// The largest of all values.
    pub top: f64,
    pub measured: Vec<Point>,
    pub mean: Vec<Point>,
    pub upper: Vec<Point>,
}

impl Course {
    /// As far ahead as back, so that now is in the middle.
    pub fn new(measured: Vec<Point>, forecast: &Forecast) -> Self {
        let made_ms = forecast.at_ms;
        let (from_ms, to_ms) = (made_ms.saturating_sub(BACK_MS), made_ms.saturating_add(BACK_MS));
        let points = forecast.points.iter().filter(|p| p.at_ms < to_ms);
        let (mean, upper): (Vec<Point>, Vec<Point>) = points.map(|p| ((p.at_ms, Some(p.mean)), (p.at_ms, Some(p.upper)))).unzip();
        let values = measured.iter().chain(&upper).filter_map(|(_, value)| *value);
        Self {
            from_ms,
            made_ms,
            to_ms,
            top: values.filter(|v| v.is_finite()).fold(0.0, f64::max),
            measured,
            mean,
            upper,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.mean.is_empty() && self.measured.iter().all(|(_, value)| value.is_none())
    }

    /// A line through the points, broken where there is no value: an outage is never drawn over.
    pub fn path(&self, points: &[Point]) -> String {
        let length = (self.to_ms - self.from_ms).max(1) as f64;
        let x = |at_ms: i64| (at_ms - self.from_ms) as f64 / length * WIDTH;
        let y = |value: f64| HEIGHT - (value / self.top.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * HEIGHT;
        let mut path = String::new();
        let mut verb = 'M';
        for &(at_ms, value) in points {
            let inside = (self.from_ms..=self.to_ms).contains(&at_ms);
            let Some(value) = value.filter(|v| v.is_finite() && inside) else {
                verb = 'M';
                continue;
            };
            // Writing to a String cannot fail.
            let _ = write!(path, "{verb}{:.1} {:.1}", x(at_ms), y(value));
            verb = 'L';
        }
        path
    }

    /// Where now is, upright.
    pub fn now() -> String {
        let middle = WIDTH / 2.0;
        format!("M{middle:.1} 0V{HEIGHT:.1}")
    }

    /// One row an hour, oldest first.
    pub fn rows(&self) -> Vec<Row> {
        let measured = self.measured.iter().step_by(EVERY).map(|&(at_ms, measured)| Row {
            at_ms,
            measured,
            mean: None,
            upper: None,
        });
        let ahead = self
            .mean
            .iter()
            .zip(&self.upper)
            .step_by(EVERY)
            .map(|(&(at_ms, mean), &(_, upper))| Row {
                at_ms,
                measured: None,
                mean,
                upper,
            });
        measured.chain(ahead).collect()
    }
}

#[cfg(test)]
mod tests {
    use model::scaling::{ForecastPoint, ForecastState};

    use super::*;

    const NOW_MS: i64 = 1_795_200_600_000;
    const HOUR_MS: i64 = 3_600_000;

    fn forecast(hours: i64) -> Forecast {
        let point = |n: i64| ForecastPoint {
            at_ms: NOW_MS + n * 300_000,
            mean: 100.0,
            upper: 200.0,
        };
        Forecast {
            at_ms: NOW_MS,
            points: (0..hours * 12).map(point).collect(),
            error: None,
            state: ForecastState::Good,
        }
    }

    #[test]
    fn a_gap_breaks_the_line_and_now_is_in_the_middle() {
        let at = |hour: i64, value| (NOW_MS + hour * HOUR_MS, value);
        let measured = vec![
            at(-24, Some(50.0)),
            at(-18, Some(100.0)),
            at(-12, None),
            at(-6, Some(f64::NAN)),
            at(0, Some(200.0)),
        ];
        let course = Course::new(measured, &forecast(1));
        assert_eq!(course.path(&course.measured), "M0.0 120.0L75.0 80.0M300.0 0.0");
        assert!(course.path(&course.mean).starts_with("M300.0 80.0L301.0 80.0"));
        assert_eq!(Course::now(), "M300.0 0V160.0");
        assert_eq!(
            course.path(&[at(-30, Some(1.0)), at(30, Some(1.0))]),
            "",
            "what is outside is not drawn at the edge"
        );
    }

    #[test]
    fn the_table_has_a_row_an_hour_and_no_value_is_made_up() {
        let measured: Vec<Point> = (-288..0).map(|n| (NOW_MS + n * 300_000, Some(7.0))).collect();
        let rows = Course::new(measured, &forecast(168)).rows();
        assert_eq!(rows.len(), 48, "a day back and a day ahead");
        assert!(rows.windows(2).all(|pair| pair[1].at_ms - pair[0].at_ms == HOUR_MS));
        assert_eq!((rows[23].measured, rows[23].mean), (Some(7.0), None));
        assert_eq!((rows[24].measured, rows[24].mean, rows[24].upper), (None, Some(100.0), Some(200.0)));
    }

    #[test]
    fn nothing_measured_and_nothing_expected_is_nothing_to_draw() {
        assert!(Course::new(vec![(NOW_MS, None)], &forecast(0)).is_empty());
        let flat = Course::new(vec![(NOW_MS, Some(0.0))], &forecast(0));
        assert!(!flat.is_empty());
        assert_eq!(flat.path(&flat.measured), "M300.0 160.0");
    }
}
