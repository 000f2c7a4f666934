//! Traces to try a policy on, generated from formulas: the same on every machine and at any time.
//!
//! Two of them have the shapes of public logs without being those logs. What they follow is known of the logs as a whole:
//!
//! - NASA-HTTP (<https://ita.ee.lbl.gov/html/contrib/NASA-HTTP.html>): 3,461,612 requests to the Kennedy Space Center in July and August
//!   1995, 41 a minute on average; office days with their height around midday, quiet nights, weekends at about half; a visible day when a
//!   shuttle was launched (STS-70, Thursday, 13 July 1995, 9:41 local time).
//! - World Cup 98 (<https://ita.ee.lbl.gov/html/contrib/WorldCup.html>): 1,352,804,107 requests in 88 days of 1998; next to nothing at night,
//!   and a steep peak with each match, which began at 14:30, 17:30 and 21:00 local time in the first round.
//!
//! Both are scaled to a fleet of some ten instances: an autoscaler sees ratios, not millions.

use std::f64::consts::TAU;

use model::scaling::{BuiltInTrace, SignalKind, Trace, TraceSignal};

const STEP_S: u32 = 15;
const HOUR_S: u32 = 3_600;
const DAY_S: u32 = 86_400;
/// What keeps one instance wholly busy.
const REQUESTS_PER_MINUTE: f64 = 600.0;
/// Memory of an instance without any demand, and what an instance's full load adds: per cent.
const MEMORY_BASE: f64 = 40.0;
const MEMORY_LOAD: f64 = 15.0;
/// A session asks ten times a minute.
const REQUESTS_PER_SESSION: f64 = 10.0;
/// Monday, 8 January 2024, 00:00 UTC.
const MONDAY_MS: i64 = 1_704_672_000_000;
/// Monday, 10 July 1995, 00:00 in Florida.
const NASA_MS: i64 = 805_348_800_000;
/// Monday, 15 June 1998, 00:00 in Paris.
const WORLD_CUP_MS: i64 = 897_861_600_000;

pub fn built_in(which: BuiltInTrace) -> Trace {
    let (begin_ms, length_s, demand): (_, _, fn(u32) -> f64) = match which {
        BuiltInTrace::Step => (MONDAY_MS, 2 * HOUR_S, step),
        BuiltInTrace::Ramp => (MONDAY_MS, 3 * HOUR_S, ramp),
        BuiltInTrace::DailyWave => (MONDAY_MS, 7 * DAY_S, daily_wave),
        BuiltInTrace::FlashCrowd => (MONDAY_MS, 6 * HOUR_S, flash_crowd),
        BuiltInTrace::SquareWave => (MONDAY_MS, DAY_S, square_wave),
        BuiltInTrace::Upset => (MONDAY_MS, 7 * DAY_S, upset),
        BuiltInTrace::NasaHttp => (NASA_MS, 7 * DAY_S, nasa_http),
        BuiltInTrace::WorldCup98 => (WORLD_CUP_MS, 7 * DAY_S, world_cup),
    };
    let seed = which as u32;
    let requests: Vec<f64> = (0..length_s / STEP_S)
        .map(|n| (demand(n * STEP_S) * noise(seed, n, spread(which))).max(0.0))
        .collect();
    let of = |factor: f64| requests.iter().map(|requests| Some(requests * factor)).collect();
    let busy = 1.0 / REQUESTS_PER_MINUTE;
    Trace {
        name: which.name().to_owned(),
        begin_ms,
        step_s: STEP_S,
        signals: vec![
            TraceSignal::shared("cpu", Some(100.0), of(100.0 * busy)),
            TraceSignal {
                name: "memory".to_owned(),
                kind: SignalKind::Shared,
                base: MEMORY_BASE,
                capacity: None,
                values: of(MEMORY_LOAD * busy),
            },
            TraceSignal::shared("requests_per_minute", None, of(1.0)),
            TraceSignal::shared("active_sessions", None, of(1.0 / REQUESTS_PER_SESSION)),
        ],
        replicas: Vec::new(),
        ready: Vec::new(),
    }
}

/// How far single steps are from the formula.
const fn spread(which: BuiltInTrace) -> f64 {
    match which {
        BuiltInTrace::Step | BuiltInTrace::Ramp | BuiltInTrace::SquareWave => 0.0,
        BuiltInTrace::DailyWave | BuiltInTrace::FlashCrowd | BuiltInTrace::Upset => 0.05,
        BuiltInTrace::NasaHttp | BuiltInTrace::WorldCup98 => 0.08,
    }
}

fn step(at_s: u32) -> f64 {
    if (HOUR_S / 2..HOUR_S * 3 / 2).contains(&at_s) {
        3_600.0
    } else {
        1_200.0
    }
}

fn ramp(at_s: u32) -> f64 {
    let hours = f64::from(at_s) / f64::from(HOUR_S);
    let part = if hours < 1.0 { hours } else { (3.0 - hours).min(1.0) };
    800.0 + 4_000.0 * part
}

fn daily_wave(at_s: u32) -> f64 {
    let weekend = if at_s / DAY_S >= 5 { 0.7 } else { 1.0 };
    weekend * (1_200.0 + 3_600.0 * wave(at_s, 16.0))
}

fn flash_crowd(at_s: u32) -> f64 {
    let since_s = f64::from(at_s) - f64::from(2 * HOUR_S);
    let crowd = if since_s < 0.0 {
        0.0
    } else if since_s < 120.0 {
        since_s / 120.0
    } else {
        (-(since_s - 120.0) / 1_200.0).exp()
    };
    600.0 + 5_400.0 * crowd
}

fn square_wave(at_s: u32) -> f64 {
    if at_s / 360 % 2 == 1 { 3_600.0 } else { 1_200.0 }
}

fn upset(at_s: u32) -> f64 {
    /// Hour at which the peak of each day begins.
    const HOURS: [u32; 7] = [9, 9, 9, 17, 2, 12, 6];
    let (day, second) = ((at_s / DAY_S) as usize, at_s % DAY_S);
    let begin_s = HOURS[day % HOURS.len()] * HOUR_S;
    if (begin_s..begin_s + 3 * HOUR_S).contains(&second) {
        4_200.0
    } else {
        1_200.0
    }
}

fn nasa_http(at_s: u32) -> f64 {
    /// Requests by the hour, beside the average of an office day.
    const HOURS: [f64; 24] = [
        0.70, 0.58, 0.48, 0.42, 0.38, 0.37, 0.42, 0.62, 0.98, 1.28, 1.42, 1.50, 1.56, 1.58, 1.62, 1.60, 1.48, 1.22, 1.00, 0.94, 0.92, 0.92,
        0.88, 0.80,
    ];
    let (day, second) = (at_s / DAY_S, at_s % DAY_S);
    let (hour, part) = ((second / HOUR_S) as usize, f64::from(second % HOUR_S) / f64::from(HOUR_S));
    let now = HOURS[hour] * (1.0 - part) + HOURS[(hour + 1) % 24] * part;
    let weekend = if day >= 5 { 0.55 } else { 1.0 };
    // Three hours around the launch.
    let launch = if day == 3 {
        bell(second, 9 * HOUR_S + 41 * 60, 5_400.0)
    } else {
        0.0
    };
    2_400.0 * now * weekend * (1.0 + 0.9 * launch)
}

fn world_cup(at_s: u32) -> f64 {
    /// Day of the week from Monday, minute of the day, and how many followed it.
    const MATCHES: [(u32, u32, f64); 17] = [
        (0, 870, 1.1),
        (0, 1_050, 0.8),
        (0, 1_260, 1.2),
        (1, 1_050, 0.7),
        (1, 1_260, 1.2),
        (2, 1_050, 0.9),
        (2, 1_260, 0.9),
        (3, 1_050, 0.8),
        (3, 1_260, 1.1),
        (4, 1_050, 0.7),
        (4, 1_260, 0.9),
        (5, 870, 0.8),
        (5, 1_050, 0.7),
        (5, 1_260, 0.8),
        (6, 870, 0.9),
        (6, 1_050, 0.8),
        (6, 1_260, 1.0),
    ];
    let (day, second) = (at_s / DAY_S, at_s % DAY_S);
    let matches: f64 = MATCHES
        .iter()
        .filter(|(of, ..)| *of == day)
        .map(|(_, minute, crowd)| crowd * play(second, minute * 60))
        .sum();
    400.0 + 1_000.0 * wave(at_s, 17.0) + 4_000.0 * matches
}

/// Around a match that begins at `start_s`: they come in the quarter of an hour before, stay for two hours, and go within half an hour.
fn play(second: u32, start_s: u32) -> f64 {
    let since_s = f64::from(second) - f64::from(start_s);
    let come = ((since_s + 900.0) / 900.0).clamp(0.0, 1.0);
    let go = ((9_000.0 - since_s) / 1_800.0).clamp(0.0, 1.0);
    come * go
}

/// 0 to 1 and back in a day, highest at this hour.
fn wave(at_s: u32, peak_hour: f64) -> f64 {
    let day = f64::from(at_s % DAY_S) / f64::from(DAY_S);
    0.5 + 0.5 * (TAU * (day - peak_hour / 24.0)).cos()
}

fn bell(second: u32, at_s: u32, width_s: f64) -> f64 {
    let away = (f64::from(second) - f64::from(at_s)) / width_s;
    (-away * away).exp()
}

/// About 1, give or take `spread`: the mean of three draws, each from the number of the step.
fn noise(seed: u32, step: u32, spread: f64) -> f64 {
    let draws: f64 = (0..3_u64).map(|n| uniform(u64::from(seed) << 40 | u64::from(step) << 2 | n)).sum();
    // Three draws between 0 and 1 have the variance 3 / 12.
    1.0 + spread * 2.0 * (draws - 1.5)
}

/// Between 0 and 1: `SplitMix64` (Steele, Lea, Flood 2014).
fn uniform(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(which: BuiltInTrace) -> Vec<f64> {
        let trace = built_in(which);
        trace
            .signal("requests_per_minute")
            .unwrap()
            .values
            .iter()
            .flatten()
            .copied()
            .collect()
    }

    #[test]
    fn every_trace_is_valid_and_always_the_same() {
        for which in BuiltInTrace::ALL {
            let trace = built_in(which);
            assert_eq!(trace.validate(), Ok(()), "{which:?}");
            assert_eq!(trace, built_in(which));
            let instances = |step| trace.signals[0].instances(step).unwrap();
            let peak = (0..trace.steps()).map(instances).fold(0.0, f64::max);
            assert!((5.0..20.0).contains(&peak), "{which:?} has a peak of {peak} instances");
        }
    }

    #[test]
    fn noise_is_about_one() {
        let draws: Vec<_> = (0..10_000).map(|n| noise(1, n, 0.1)).collect();
        let mean = draws.iter().sum::<f64>() / 10_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 10_000.0;
        assert!(
            (mean - 1.0).abs() < 0.005 && (variance.sqrt() - 0.1).abs() < 0.005,
            "{mean} {variance}"
        );
    }

    #[test]
    fn look_alikes_have_the_shape_of_what_they_follow() {
        let steps_per_hour = (HOUR_S / STEP_S) as usize;
        let hour = |all: &[f64], day: usize, hour: usize| {
            let from = (day * 24 + hour) * steps_per_hour;
            all[from..from + steps_per_hour].iter().sum::<f64>() / steps_per_hour as f64
        };
        let nasa = requests(BuiltInTrace::NasaHttp);
        assert!(hour(&nasa, 1, 13) > 3.0 * hour(&nasa, 1, 4), "quiet nights");
        assert!(hour(&nasa, 5, 13) < 0.65 * hour(&nasa, 1, 13), "quiet weekends");
        assert!(hour(&nasa, 3, 9) > 1.5 * hour(&nasa, 1, 9), "a launch");
        let cup = requests(BuiltInTrace::WorldCup98);
        assert!(hour(&cup, 1, 21) > 8.0 * hour(&cup, 1, 4), "a match");
        assert!(hour(&cup, 1, 14) < 0.5 * hour(&cup, 0, 15), "no match on Tuesday afternoon");
    }
}
