//! The colours of charts in both themes.
//!
//! Eight hues in the order of Okabe and Ito ("Color Universal Design", 2008), moved in lightness until each stands out from the panel
//! behind it (WCAG 1.4.11: 3 to 1) and any two of the first five differ clearly for people with the common colour vision deficiencies. A series names a
//! [`Slot`], never a colour, so the same series has the same colour in every chart and both themes. `style/charts.css` repeats the
//! values for the legend, because the console's content security policy forbids inline styles; a test compares the two.

use model::Metric;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

impl Theme {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A colour by its place in the palette, and how the line is drawn once the hues are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) hue: usize,
    pub(super) dash: Dash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// How many hues there are before line styles tell series apart.
pub(super) const HUES: usize = 8;

impl Slot {
    /// The colour of a measurement that stands for a whole pool or the whole console.
    pub(super) const fn of(metric: Metric) -> Self {
        let hue = match metric {
            Metric::RequestsPerS | Metric::P50Ms | Metric::ReplicasDesired => 0,
            Metric::ErrorsPercent => 1,
            Metric::InstancesUp | Metric::CpuPercent | Metric::ReplicasReady => 2,
            Metric::P99Ms | Metric::MemoryPercent => 3,
            Metric::P95Ms | Metric::GpuPercent | Metric::Replicas => 4,
            Metric::InFlight | Metric::Sessions => 5,
            Metric::InstancesTotal | Metric::ReplicasMin | Metric::ReplicasMax => 6,
        };
        // Limits are told from what moves between them.
        let dash = match metric {
            Metric::ReplicasMin => Dash::Dotted,
            Metric::ReplicasMax => Dash::Dashed,
            _ => Dash::Solid,
        };
        Self { hue, dash }
    }

    /// The colour of the `index`th of several instances: 24 can be told apart, eight hues in three line styles.
    pub(super) const fn nth(index: usize) -> Self {
        // Red comes last: a colour must not look like a verdict.
        const ORDER: [usize; HUES] = [0, 4, 2, 3, 5, 7, 6, 1];
        Self {
            hue: ORDER[index % HUES],
            dash: match (index / HUES) % 3 {
                0 => Dash::Solid,
                1 => Dash::Dashed,
                _ => Dash::Dotted,
            },
        }
    }
}

/// Everything a chart needs to be coloured in one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) hues: [&'static str; HUES],
    pub(super) text: &'static str,
    pub(super) muted: &'static str,
    pub(super) grid: &'static str,
    pub(super) panel: &'static str,
    pub(super) border: &'static str,
    pub(super) crosshair: &'static str,
    pub(super) info: &'static str,
    pub(super) warning: &'static str,
    pub(super) critical: &'static str,
}

impl Palette {
    pub(super) const fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    pub(super) const fn colour(&self, slot: Slot) -> &'static str {
        self.hues[slot.hue % HUES]
    }
}

const LIGHT: Palette = Palette {
    hues: [
        "#0e49c0", "#bb1500", "#026960", "#dc64bd", "#c18600", "#1e6388", "#322d4d", "#67591d",
    ],
    text: "#1b2330",
    muted: "#566272",
    grid: "#e6eaef",
    panel: "#ffffff",
    border: "#d3dae2",
    crosshair: "#8592a3",
    info: "#64707f",
    warning: "#a86400",
    critical: "#c62b22",
};

const DARK: Palette = Palette {
    hues: [
        "#5b9ef2", "#fd3b1f", "#79d0ad", "#c75383", "#edaf2c", "#a3eded", "#9aa7b8", "#eae081",
    ],
    text: "#dfe6ee",
    muted: "#98a5b5",
    grid: "#252d38",
    panel: "#161c24",
    border: "#323c49",
    crosshair: "#6c7a8c",
    info: "#9aa7b8",
    warning: "#f0b03f",
    critical: "#ff6b61",
};

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

    fn linear(colour: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let channel = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if channel <= 0.04045 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    /// WCAG 2 relative luminance.
    fn luminance([r, g, b]: [f64; 3]) -> f64 {
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(linear(a)), luminance(linear(b)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Oklab (Ottosson, 2020): distances in it are roughly as large as they look.
    fn oklab(colour: [f64; 3]) -> [f64; 3] {
        const CONES: [[f64; 3]; 3] = [
            [0.412_221_47, 0.536_332_54, 0.051_445_99],
            [0.211_903_5, 0.680_699_55, 0.107_396_96],
            [0.088_302_46, 0.281_718_84, 0.629_978_7],
        ];
        const LAB: [[f64; 3]; 3] = [
            [0.210_454_26, 0.793_617_79, -0.004_072_05],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_04, 0.782_771_77, -0.808_675_77],
        ];
        times(&LAB, times(&CONES, colour).map(f64::cbrt))
    }

    fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// Machado, Oliveira and Fernandes 2009, severity 1: what protanopes and deuteranopes see.
    const DEFICIENCIES: [[[f64; 3]; 3]; 2] = [
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ];

    fn distance(a: &str, b: &str, seen_by: &[[f64; 3]; 3]) -> f64 {
        let see = |colour: &str| oklab(times(seen_by, linear(colour)).map(|channel| channel.max(0.0)));
        let (a, b) = (see(a), see(b));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn every_line_stands_out_from_the_panel_and_text_is_readable() {
        for theme in THEMES {
            let palette = Palette::of(theme);
            for hue in palette.hues.iter().chain([&palette.info, &palette.warning, &palette.critical]) {
                assert!(contrast(hue, palette.panel) >= 3.0, "{theme:?} {hue}");
            }
            assert!(contrast(palette.text, palette.panel) >= 7.0);
            assert!(contrast(palette.muted, palette.panel) >= 4.5);
        }
    }

    #[test]
    fn hues_differ_for_colour_blind_eyes() {
        for theme in THEMES {
            let hues = Palette::of(theme).hues;
            for (at, a) in hues.iter().enumerate() {
                for (before, b) in hues[..at].iter().enumerate() {
                    // What one chart shows together is among the first five, or told apart by its place.
                    let wanted = if at < 5 && before < 5 { 0.12 } else { 0.055 };
                    for deficiency in &DEFICIENCIES {
                        let far = distance(a, b, deficiency);
                        assert!(far > wanted, "{theme:?}: {a} and {b} are {far:.3} apart");
                    }
                }
            }
        }
    }

    #[test]
    fn twenty_four_instances_can_be_told_apart() {
        let slots: Vec<_> = (0..24).map(Slot::nth).collect();
        for (at, slot) in slots.iter().enumerate() {
            assert!(!slots[..at].contains(slot));
        }
    }

    #[test]
    fn the_legend_has_the_colours_of_the_lines() {
        let css = include_str!("../../../style/charts.css");
        for (at, (light, dark)) in LIGHT.hues.iter().zip(DARK.hues).enumerate() {
            let rule = format!("--hue-{at}: light-dark({light}, {dark});");
            assert!(css.contains(&rule), "charts.css lacks {rule}");
        }
    }
}
