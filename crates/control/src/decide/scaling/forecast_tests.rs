//! A forecast is good where the past repeats, says so where it does not, and only ever raises.

use model::scaling::{
    BadForecast, ForecastState, MetricSpec, Prediction, PredictionMode, Reading, ScalingHistory, ScalingObservation, ScalingPolicy,
    ScalingReason, Tolerance,
};
use proptest::prelude::*;

use super::{
    DemandSeries, decide,
    fixtures::{NOW_MS, fleet, foreseen, per_pod},
    floor, forecast, sharpen,
};

const DAY: usize = 288;

fn series(values: impl IntoIterator<Item = f64>) -> DemandSeries {
    DemandSeries {
        begin_ms: NOW_MS,
        values: values.into_iter().map(Some).collect(),
    }
}

/// A quiet night, and a day that begins at eight.
fn day(n: usize) -> f64 {
    if (96..240).contains(&(n % DAY)) { 900.0 } else { 300.0 }
}

fn active() -> Prediction {
    Prediction {
        mode: PredictionMode::Active,
        ..Prediction::default()
    }
}

fn policy() -> ScalingPolicy {
    ScalingPolicy::hpa(1, 50, vec![MetricSpec::utilization("cpu", 70)])
}

#[test]
fn what_repeats_is_seen_coming() {
    // Until five minutes before eight on the fourth day.
    let seen = series((0..3 * DAY + 95).map(day));
    let made = forecast(&active(), &seen, 3_600);
    assert_eq!((made.state.clone(), made.points.len()), (ForecastState::Good, 12));
    assert!(made.error.unwrap() < 0.02, "{made:?}");
    assert_eq!(made.at_ms, NOW_MS + (3 * 288 + 95) * 300_000);
    assert!(
        (made.points[0].mean - 500.0).abs() < 1.0 && (made.points[2].mean - 900.0).abs() < 1.0,
        "{made:?}"
    );
    let asked = floor(&policy(), &active(), &made, None).unwrap();
    // 900 of 70 each.
    assert_eq!((asked.replicas, asked.in_force()), (13, Some(13)));
    assert!(asked.peak_ms < made.at_ms + 900_000);
    // Half an hour before, the day is beyond the horizon.
    let early = forecast(&active(), &series((0..3 * DAY + 90).map(day)), 3_600);
    assert_eq!(floor(&policy(), &active(), &early, None).unwrap().replicas, 5);
}

#[test]
fn a_busier_day_raises_what_is_still_to_come() {
    let seen = series((0..3 * DAY + 95).map(|n| if n >= 3 * DAY { 1.5 * day(n) } else { day(n) }));
    let made = forecast(&active(), &seen, 3_600);
    assert!((made.points[4].mean - 1_350.0).abs() < 2.0, "{made:?}");
}

#[test]
fn a_forecast_that_was_wrong_says_so() {
    let needs_s = 2 * 86_400;
    let short = forecast(&active(), &series((0..DAY).map(day)), 900);
    assert_eq!(short.state, ForecastState::TooLittleHistory { needs_s, has_s: 86_400 });
    assert_eq!(floor(&policy(), &active(), &short, None).unwrap().in_force(), None);
    // Each day the peak is at another time.
    let moving = forecast(&active(), &series((0..4 * DAY + 100).map(|n| day(n + n / DAY * 100))), 900);
    assert!(
        matches!(
            moving.state,
            ForecastState::Bad {
                why: BadForecast::NoBetter { .. }
            }
        ),
        "{moving:?}"
    );
    // Nothing repeats, nor lasts.
    let noise = |n: usize| if n * 7_919 % 13 < 6 { 100.0 } else { 900.0 };
    let noisy = forecast(&active(), &series((0..4 * DAY).map(noise)), 900);
    assert!(
        matches!(
            noisy.state,
            ForecastState::Bad {
                why: BadForecast::Season { .. }
            }
        ),
        "{noisy:?}"
    );
    // Three days alike; then, for an hour, something else every five minutes.
    let wild = |n: usize| if n >= 3 * DAY { day(n) * [0.2, 3.0][n % 2] } else { day(n) };
    let upset = forecast(&active(), &series((0..3 * DAY + 12).map(wild)), 900);
    assert!(
        matches!(
            upset.state,
            ForecastState::Bad {
                why: BadForecast::LastHour { .. }
            }
        ),
        "{upset:?}"
    );
    let mut blind = series((0..3 * DAY).map(day));
    blind.values.extend([None; 6]);
    let blind = forecast(&active(), &blind, 900);
    assert_eq!(
        blind.state,
        ForecastState::Bad {
            why: BadForecast::NothingRecent
        }
    );
    // Three days, then a day without a measurement but its end.
    let mut holes = series((0..4 * DAY).map(day));
    holes.values[3 * DAY..4 * DAY - 12].fill(None);
    let holes = forecast(&active(), &holes, 900);
    assert_eq!(holes.state, ForecastState::Bad { why: BadForecast::Gaps });
    let idle = forecast(&active(), &series(vec![0.0; 3 * DAY]), 900);
    assert_eq!(
        (idle.error, idle.state.clone()),
        (Some(0.0), ForecastState::Good),
        "there was nothing, and will be"
    );
    assert_eq!(floor(&policy(), &active(), &idle, None).unwrap().in_force(), Some(0));
    for bad in [moving, noisy, upset, holes, blind] {
        assert_eq!(floor(&policy(), &active(), &bad, None).unwrap().in_force(), None);
    }
}

#[test]
fn modes_differ_in_what_they_decide() {
    let made = forecast(&active(), &series((0..3 * DAY + 95).map(day)), 900);
    let with = |mode| floor(&policy(), &Prediction { mode, ..active() }, &made, None);
    assert_eq!(with(PredictionMode::Off), None);
    let only = with(PredictionMode::ForecastOnly).unwrap();
    assert_eq!((only.replicas, only.in_force()), (13, None));
    let sharp = Prediction {
        target_percent: 125,
        ..active()
    };
    let asked = floor(&policy(), &sharp, &made, None).unwrap();
    // 900 of 87.
    assert_eq!(asked.replicas, 11);
    let tight = ScalingPolicy::hpa(1, 50, vec![MetricSpec::utilization("cpu", 87)]);
    let seen = |milli: i64, forecast| ScalingObservation {
        forecast,
        ..fleet(10, vec![per_pod(&[milli; 10], NOW_MS)])
    };
    let with = |milli, forecast, after_s: i64| {
        let mut observed = seen(milli, forecast);
        (
            sharpen(&policy(), &sharp, &mut observed, NOW_MS + after_s * 1_000),
            observed.forecast,
        )
    };
    assert!(asked.upper_now > 490.0, "{asked:?}");
    assert_eq!(with(40_000, Some(asked.clone()), 0), (tight.clone(), Some(asked.clone())));
    let (cautious, noted) = with(80_000, Some(asked), 0);
    assert_eq!(cautious, policy(), "more than was foreseen");
    assert_eq!(with(40_000, noted.clone(), 899).0, policy(), "a surprise lasts");
    assert_eq!(
        with(40_000, floor(&policy(), &sharp, &made, noted.as_ref()), 899).0,
        policy(),
        "longer than a forecast"
    );
    assert_eq!(with(40_000, noted, 1_800).0, tight);
    assert_eq!(with(40_000, Some(foreseen(9, true, false)), 0).0, policy(), "only while it is good");
    assert_eq!(with(40_000, None, 0).0, policy());
}

#[test]
fn a_forecast_is_told_and_stays_within_bounds_and_limits() {
    let at = |replicas: u32, floor| {
        let mut observed = fleet(replicas, vec![per_pod(&vec![1_400; replicas as usize], NOW_MS)]);
        observed.forecast = Some(floor);
        decide(&policy(), &observed, &ScalingHistory::default(), NOW_MS)
    };
    let raised = at(4, foreseen(7, true, true));
    let proof = raised.proof.prediction.as_ref().unwrap();
    assert_eq!((raised.to, raised.recommendation, proof.before, proof.after), (7, Some(7), 4, 7));
    let slowed = at(4, foreseen(40, true, true));
    assert_eq!(
        (slowed.to, slowed.proof.rate.is_some()),
        (8, true),
        "no faster than the policy allows"
    );
    let bounded = at(45, foreseen(80, true, true));
    assert_eq!((bounded.to, bounded.proof.clamp.is_some()), (50, true));
    for ignored in [foreseen(7, true, false), foreseen(7, false, true), foreseen(2, true, true)] {
        let decision = at(4, ignored);
        let proof = decision.proof.prediction.unwrap();
        assert_eq!((decision.to, proof.before, proof.after), (4, 4, 4), "{:?}", proof.floor);
    }
    let mut blind = fleet(4, vec![Reading::Failed { why: "timeout".to_owned() }]);
    blind.forecast = Some(foreseen(7, true, true));
    let decision = decide(&policy(), &blind, &ScalingHistory::default(), NOW_MS);
    assert_eq!((decision.reason, decision.to), (ScalingReason::FailedMetrics, 4));
}

proptest! {
    #[test]
    fn a_forecast_never_lowers(
        replicas in 1_u32..30, level in 0_i64..4_000, floor in 0_u32..60, is_active in any::<bool>(), is_good in any::<bool>(),
        is_tight in any::<bool>(),
    ) {
        let mut policy = policy();
        if is_tight {
            policy.tolerance = Tolerance { scale_up_ppm: 0, scale_down_ppm: 0 };
        }
        let mut observed = fleet(replicas, vec![per_pod(&vec![level; replicas as usize], NOW_MS)]);
        let without = decide(&policy, &observed, &ScalingHistory::default(), NOW_MS).to;
        observed.forecast = Some(foreseen(floor, is_active, is_good));
        let with = decide(&policy, &observed, &ScalingHistory::default(), NOW_MS).to;
        prop_assert!(with >= without);
        prop_assert!(with <= policy.max_replicas);
        prop_assert!(is_active && is_good || with == without);
    }

    /// Nonsense in, numbers out.
    #[test]
    fn every_history_has_an_answer(
        values in prop::collection::vec(prop::option::weighted(0.8, 0.0_f64..1e12), 0..120), hours in 1_u32..4, ahead_s in 0_u32..100_000,
    ) {
        let prediction = Prediction { season_s: hours * 3_600, horizon_s: 900, ..active() };
        let made = forecast(&prediction, &DemandSeries { begin_ms: NOW_MS, values }, ahead_s);
        prop_assert!(made.points.iter().all(|point| point.mean.is_finite() && point.upper.is_finite()), "{:?}", made);
        prop_assert!(made.error.is_none_or(f64::is_finite));
        prop_assert!(floor(&policy(), &prediction, &made, None).is_some());
    }
}
