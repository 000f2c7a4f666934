//! The line of a sparkline, as the `d` of an SVG path.

use std::fmt::Write as _;

/// Draws `values`, oldest first, into a box of `width` by `height` with the smallest value at the bottom. The line starts at zero
/// when all values are near it, so that noise does not look like a mountain. Missing values break the line; a lone value is a dot.
pub fn path(values: &[Option<f32>], width: f32, height: f32) -> String {
    /// Keeps a line of constant height inside the box, in user units.
    const MARGIN: f32 = 1.0;
    let measured = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let (low, high) = measured().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return String::new();
    }
    // A span of less than a tenth of the value is drawn as what it is: nearly flat.
    let base = if high - low < high.abs() * 0.1 { low.min(0.0) } else { low };
    let span = if high > base { high - base } else { 1.0 };
    let step = width / (values.len().max(2) - 1) as f32;
    let mut d = String::with_capacity(values.len() * 10);
    let mut drawing = false;
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            drawing = false;
            continue;
        };
        let x = at as f32 * step;
        let y = height - MARGIN - (value - base) / span * (height - 2.0 * MARGIN);
        let alone = !drawing && !matches!(values.get(at + 1), Some(Some(_)));
        let verb = if drawing { 'L' } else { 'M' };
        write!(d, "{verb}{x:.1} {y:.1}").expect("writing to a string cannot fail");
        if alone {
            // With round line caps a line of no length is a dot.
            d.push_str("h0");
        }
        drawing = true;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_the_left_edge_to_the_right_and_from_bottom_to_top() {
        assert_eq!(
            path(&[Some(0.0), Some(5.0), Some(10.0)], 100.0, 22.0),
            "M0.0 21.0L50.0 11.0L100.0 1.0"
        );
    }

    #[test]
    fn a_missing_value_breaks_the_line_and_a_lone_one_is_a_dot() {
        assert_eq!(
            path(&[Some(0.0), Some(1.0), None, Some(1.0)], 30.0, 12.0),
            "M0.0 11.0L10.0 1.0M30.0 1.0h0"
        );
    }

    #[test]
    fn nothing_measured_draws_nothing() {
        assert_eq!(path(&[], 100.0, 20.0), "");
        assert_eq!(path(&[None, Some(f32::NAN)], 100.0, 20.0), "");
    }

    #[test]
    fn small_noise_on_a_large_value_looks_flat() {
        let d = path(&[Some(100.0), Some(99.0), Some(100.0)], 20.0, 22.0);
        assert_eq!(d, "M0.0 1.0L10.0 1.2L20.0 1.0");
    }
}
