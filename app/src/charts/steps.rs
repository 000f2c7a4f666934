//! Several courses of whole numbers side by side, as steps in one small drawing: for what is computed rather than measured.

use std::fmt::Write as _;

/// A moment (Unix ms) and the value from there on.
pub type StepPoint = (i64, f64);

/// A path through `points` over `[from_ms, to_ms]`, in a box of `width` by `height` whose top is `top`. A value stays until the next one.
pub fn path(points: &[StepPoint], from_ms: i64, to_ms: i64, top: f64, width: f64, height: f64) -> String {
    let length = (to_ms - from_ms).max(1) as f64;
    let x = |at_ms: i64| ((at_ms - from_ms) as f64 / length * width).clamp(0.0, width);
    let y = |value: f64| height - (value / top.max(1.0)).clamp(0.0, 1.0) * height;
    let mut path = String::new();
    for (n, &(at_ms, value)) in points.iter().enumerate() {
        let verb = if n == 0 { 'M' } else { 'H' };
        // Writing to a String cannot fail.
        let _ = if n == 0 {
            write!(path, "{verb}{:.1} {:.1}", x(at_ms), y(value))
        } else {
            write!(path, "{verb}{:.1}V{:.1}", x(at_ms), y(value))
        };
    }
    if !points.is_empty() {
        let _ = write!(path, "H{width:.1}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_until_the_next_one_and_the_last_to_the_end() {
        let points = [(0, 2.0), (50, 4.0), (80, 1.0)];
        assert_eq!(path(&points, 0, 100, 4.0, 100.0, 40.0), "M0.0 20.0H50.0V0.0H80.0V30.0H100.0");
        assert_eq!(path(&[], 0, 100, 4.0, 100.0, 40.0), "");
    }

    #[test]
    fn what_is_outside_stays_at_the_edge() {
        assert_eq!(path(&[(-50, 9.0)], 0, 100, 4.0, 100.0, 40.0), "M0.0 0.0H100.0");
        assert_eq!(path(&[(5, 0.0)], 5, 5, 0.0, 10.0, 10.0), "M0.0 10.0H10.0");
    }
}
