//! What the demand will be, from what it was at the same time of earlier seasons, and how it stands today.
//!
//! ```text
//!  mean(t) = profile(t) x level
//!  profile: the mean of the seasons before at that time, each older one counts 0.6 of the next
//!  level:   the last half hour beside its own profile
//!  upper:   mean x the chosen quantile of what came beside what was forecast, over the last season
//! ```
//!
//! Tried beside it on the traces of `traces.rs`, a quarter of an hour ahead: STL with the same level (crate `stlrs`), and MSTL with
//! exponential smoothing (crates `augurs-mstl`, `augurs-ets`), fitted each hour. Both were further off (like NASA-HTTP: 3.5 % here, 4.9 % and
//! 7.7 %; like World Cup 98: 5.1 % here, 7.2 % and 12.2 %), because this one follows the day at once by its level, where a fitted model waits
//! for its next fit; and a fit takes 26 ms where this takes microseconds, so that a replay can make thousands.

use model::scaling::{
    BadForecast, Forecast, ForecastFloor, ForecastPoint, ForecastState, Prediction, PredictionMode, Reading, ScalingAlgorithm,
    ScalingObservation, ScalingPolicy,
};

use super::milli::ceil;

/// Seconds of one value.
pub const DEMAND_STEP_S: u32 = 300;
const STEP_MS: i64 = 300_000;
/// What is older does not count any more.
const SEASONS_MAX: usize = 8;
/// The weight of a season beside that of the next.
const FADE: f64 = 0.6;
/// Values that tell today's level: half an hour.
const LEVEL_STEPS: usize = 6;
/// Today may be so much quieter or busier than ever.
const LEVEL: (f64, f64) = (0.2, 5.0);
const HOUR_STEPS: usize = 12;
/// Seasons without which nothing is known: one to learn from, one to see how well that went.
const NEEDED: usize = 2;
/// Of a season's values, so many hundredths must be there.
const MEASURED_PERCENT: usize = 80;
/// The last hour may be worse than the last season by so much: it is a small sample.
const LAST_HOUR: f64 = 1.5;
/// A forecast may be worse than the latest value by so much: where both are good, nothing is lost.
const NO_BETTER: f64 = 0.02;
/// One reading may be above the upper line, which is of five minutes, by so much before it is a surprise.
const SURPRISE: f64 = 1.25;
/// So long after a surprise the policy's own targets count.
const CAUTIOUS_MS: i64 = 900_000;

/// Demand over all instances, five minutes each; absent where nothing was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DemandSeries {
    /// When the first five minutes began; Unix time, ms.
    pub begin_ms: i64,
    pub values: Vec<Option<f64>>,
}

/// The demand of the next `ahead_s`, but not further than a season. The last value of the series must be the latest.
pub fn forecast(prediction: &Prediction, series: &DemandSeries, ahead_s: u32) -> Forecast {
    let steps = i64::try_from(series.values.len()).unwrap_or(i64::MAX);
    let at_ms = series.begin_ms.saturating_add(steps.saturating_mul(STEP_MS));
    let mut forecast = Forecast {
        at_ms,
        points: Vec::new(),
        error: None,
        state: ForecastState::Good,
    };
    let season = (prediction.season_s / DEMAND_STEP_S).max(2) as usize;
    // What is older than the oldest season that counts is not looked at.
    let from = series.values.len().saturating_sub((SEASONS_MAX + 2) * season);
    let values = &series.values[from..];
    let measured = values.iter().flatten().count();
    if values.len() < NEEDED * season || measured * 100 < NEEDED * season * MEASURED_PERCENT {
        let seconds = |steps: usize| steps as u64 * u64::from(DEMAND_STEP_S);
        forecast.state = ForecastState::TooLittleHistory {
            needs_s: seconds(NEEDED * season),
            has_s: seconds(measured),
        };
        return forecast;
    }
    let horizon = (prediction.horizon_s.div_ceil(DEMAND_STEP_S).max(1) as usize).min(season / 2);
    let ahead = (ahead_s.div_ceil(DEMAND_STEP_S) as usize).clamp(horizon, season);
    let now = values.len();
    // From where the last season's forecasts were made, until as far as is asked for.
    let profile = Profile::new(values, season, now - season - horizon - LEVEL_STEPS, now + ahead);
    let Some(level) = profile.level(values, now) else {
        forecast.state = ForecastState::Bad {
            why: BadForecast::NothingRecent,
        };
        return forecast;
    };
    // What was forecast for each of these, a horizon before, and what came.
    let past = |from: usize| -> Vec<(f64, f64)> {
        let said = |n: usize| Some(profile.at(n)? * profile.level(values, n + 1 - horizon)?);
        (from..now).filter_map(|n| Some((said(n)?, values[n]?))).collect()
    };
    let (last_hour, past) = (wape(&past(now - HOUR_STEPS)), past(now - season));
    let latest: Vec<(f64, f64)> = (now - season..now)
        .filter_map(|n| Some((values[n - horizon]?, values[n]?)))
        .collect();
    let error = wape(&past);
    forecast.error = Some(error).filter(|error| error.is_finite());
    let max_percent = prediction.error_max_percent;
    let max = f64::from(max_percent) / 100.0;
    let percent = |error: f64| ceil(error * 100.0);
    let why = if past.len() * 2 < season {
        Some(BadForecast::Gaps)
    } else if error > max {
        let percent = percent(error);
        Some(BadForecast::Season { percent, max_percent })
    } else if last_hour > max * LAST_HOUR {
        Some(BadForecast::LastHour {
            percent: percent(last_hour),
            max_percent: percent(max * LAST_HOUR),
        })
    } else if error > wape(&latest) + NO_BETTER {
        Some(BadForecast::NoBetter {
            percent: percent(error),
            latest_percent: percent(wape(&latest)),
        })
    } else {
        None
    };
    if let Some(why) = why {
        forecast.state = ForecastState::Bad { why };
    }
    let upper = quantile(&past, prediction.quantile_percent);
    let point = |n: usize| {
        let mean = profile.at(n)? * level;
        Some(ForecastPoint {
            at_ms: at_ms.saturating_add(i64::try_from(n - now).unwrap_or(i64::MAX).saturating_mul(STEP_MS)),
            mean,
            upper: mean * upper,
        })
    };
    forecast.points = (now..now + ahead).filter_map(point).collect();
    forecast
}

/// What this forecast asks of this policy: enough for its upper line within the horizon. Nothing where it is off, or where the policy has no
/// target for each instance. `earlier` is what the forecast before it asked for.
pub fn floor(
    policy: &ScalingPolicy,
    prediction: &Prediction,
    forecast: &Forecast,
    earlier: Option<&ForecastFloor>,
) -> Option<ForecastFloor> {
    if prediction.mode == PredictionMode::Off {
        return None;
    }
    let is_active = prediction.mode == PredictionMode::Active;
    let (signal, target) = if is_active && forecast.state == ForecastState::Good {
        prediction.target(&sharpened(policy, prediction.target_percent))?
    } else {
        prediction.target(policy)?
    };
    let end_ms = forecast.at_ms.saturating_add(i64::from(prediction.horizon_s) * 1_000);
    let within = forecast.points.iter().filter(|point| point.at_ms < end_ms);
    let peak = within.max_by(|a, b| a.upper.total_cmp(&b.upper));
    Some(ForecastFloor {
        signal,
        is_active,
        peak_ms: peak.map_or(forecast.at_ms, |point| point.at_ms),
        upper: peak.map_or(0.0, |point| point.upper),
        target,
        upper_now: forecast.points.first().map_or(0.0, |point| point.upper),
        cautious_until_ms: earlier.and_then(|earlier| earlier.cautious_until_ms),
        replicas: peak.map_or(0, |point| ceil(point.upper / target)),
        error: forecast.error,
        state: forecast.state.clone(),
    })
}

/// The policy with the targets that it asks for while a forecast is in force and comes true: otherwise as it is. Nobody has to wait for the
/// next forecast to see that this one was wrong: a surprise is noted in what was observed, to be kept for the next decision.
pub fn sharpen(policy: &ScalingPolicy, prediction: &Prediction, observed: &mut ScalingObservation, now_ms: i64) -> ScalingPolicy {
    let demand = observed.forecast.as_ref().and_then(|floor| demand(policy, observed, &floor.signal));
    let Some(floor) = observed.forecast.as_mut().filter(|floor| floor.in_force().is_some()) else {
        return policy.clone();
    };
    if demand.is_none_or(|demand| demand > floor.upper_now * SURPRISE) {
        floor.cautious_until_ms = Some(now_ms.saturating_add(CAUTIOUS_MS));
    }
    if floor.cautious_until_ms.is_some_and(|until_ms| now_ms < until_ms) {
        policy.clone()
    } else {
        sharpened(policy, prediction.target_percent)
    }
}

/// The sum of what a signal reads now.
fn demand(policy: &ScalingPolicy, observed: &ScalingObservation, signal: &str) -> Option<f64> {
    let index = match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics.iter().position(|spec| spec.source.signal() == signal),
        ScalingAlgorithm::Threshold(rules) => rules.signals.iter().position(|one| one.name == signal),
        ScalingAlgorithm::Weighted(rules) => rules.signals.iter().position(|one| one.name == signal),
    };
    let sum = match observed.readings.get(index?)? {
        Reading::PerPod { samples } if samples.is_empty() => return None,
        Reading::PerPod { samples } => samples.iter().map(|sample| sample.value).sum(),
        Reading::Whole { values, .. } => values.iter().sum(),
        Reading::Failed { .. } => return None,
    };
    Some(sum).filter(|sum: &f64| sum.is_finite())
}

/// With so many per cent of its targets.
fn sharpened(policy: &ScalingPolicy, percent: u32) -> ScalingPolicy {
    let mut policy = policy.clone();
    let milli = |milli: &mut i64| *milli = milli.saturating_mul(percent.into()) / 100;
    match &mut policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics.iter_mut().for_each(|spec| spec.target.scale(percent)),
        ScalingAlgorithm::Threshold(rules) => rules
            .signals
            .iter_mut()
            .filter_map(|signal| signal.up_milli.as_mut())
            .for_each(milli),
        ScalingAlgorithm::Weighted(rules) => rules.signals.iter_mut().for_each(|signal| milli(&mut signal.up_milli)),
    }
    policy
}

/// The mean of earlier seasons, for a stretch of time.
struct Profile {
    from: usize,
    values: Vec<Option<f64>>,
}

impl Profile {
    /// Each from what was known a season before it: nothing here looks into its own future.
    fn new(values: &[Option<f64>], season: usize, from: usize, to: usize) -> Self {
        let known = |n: usize| values.get(n).copied().flatten();
        // A neighbour on each side smooths what is only noise.
        let smooth = |n: usize| {
            let (mut sum, mut count) = (0.0, 0.0);
            for value in (n.saturating_sub(1)..=n + 1).filter_map(known) {
                sum += value;
                count += 1.0;
            }
            (count > 0.0).then(|| sum / count)
        };
        let of = |n: usize| {
            let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
            for back in 1..=SEASONS_MAX {
                let Some(then) = n.checked_sub(back * season) else { break };
                if let Some(value) = smooth(then) {
                    sum += weight * value;
                    weights += weight;
                }
                weight *= FADE;
            }
            (weights > 0.0).then(|| sum / weights)
        };
        Self {
            from,
            values: (from..to).map(of).collect(),
        }
    }

    fn at(&self, n: usize) -> Option<f64> {
        self.values.get(n.checked_sub(self.from)?).copied().flatten()
    }

    /// How the half hour before `n` stands beside its profile.
    fn level(&self, values: &[Option<f64>], n: usize) -> Option<f64> {
        let (mut came, mut usual, mut count) = (0.0, 0.0, 0);
        for (n, value) in values.iter().enumerate().take(n).skip(n.saturating_sub(LEVEL_STEPS)) {
            if let (Some(value), Some(profile)) = (value, self.at(n)) {
                came += value;
                usual += profile;
                count += 1;
            }
        }
        // Where there was never any demand, its level says nothing.
        let level = if usual > 0.0 { came / usual } else { 1.0 };
        (count > 0).then(|| level.clamp(LEVEL.0, LEVEL.1))
    }
}

/// The sum of all differences beside the sum of what came.
fn wape(past: &[(f64, f64)]) -> f64 {
    let (off, came) = past
        .iter()
        .fold((0.0, 0.0), |(off, came), (said, value)| (off + (said - value).abs(), came + value));
    if off > 0.0 { off / came } else { 0.0 }
}

/// What came beside what was forecast: so many of a hundred times it was not more.
fn quantile(past: &[(f64, f64)], percent: u32) -> f64 {
    let mut ratios: Vec<f64> = past
        .iter()
        .filter(|(said, _)| *said > 0.0)
        .map(|(said, came)| came / said)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = (ratios.len() * percent as usize).div_ceil(100).saturating_sub(1);
    ratios.get(at).copied().unwrap_or(1.0)
}
