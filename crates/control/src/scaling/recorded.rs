//! The demand on a workload as it was measured.

use model::{
    ApiError, Metric, SeriesKey, WorkloadId,
    scaling::{TRACE_STEPS_MAX, Trace, TraceSignal},
};

use crate::{
    decide::scaling::{DEMAND_STEP_S, DemandSeries},
    state::State,
};

/// The finest step: policies are evaluated about as often.
const STEP_MIN_S: i64 = 2;
/// Steps of one trace at most; a week has 40,320 of 15 s.
const STEPS: i64 = 45_000;

/// By the names that policies use: averages over the instances.
const SIGNALS: [(&str, Metric); 5] = [
    ("cpu", Metric::CpuPercent),
    ("memory", Metric::MemoryPercent),
    ("gpu", Metric::GpuPercent),
    ("active_sessions", Metric::Sessions),
    ("response_time_ms", Metric::P95Ms),
];

/// What was measured between two moments (Unix, ms), step by step.
///
/// # Errors
/// [`ApiError::Invalid`] for a range that is empty or in which nothing was measured.
pub(super) async fn recorded(state: &State, workload: &WorkloadId, from_ms: i64, to_ms: i64) -> Result<Trace, ApiError> {
    if to_ms.saturating_sub(from_ms) < 60_000 {
        return Err(ApiError::invalid("range", "takes at least a minute"));
    }
    let step_ms = 1_000 * step_s(from_ms, to_ms);
    let steps = usize::try_from(to_ms.saturating_sub(from_ms) / step_ms)
        .unwrap_or(0)
        .min(TRACE_STEPS_MAX);
    let metrics = [Metric::ReplicasReady, Metric::ReplicasDesired, Metric::RequestsPerS]
        .into_iter()
        .chain(SIGNALS.map(|(_, metric)| metric));
    let keys: Vec<_> = metrics.map(|metric| SeriesKey::workload(metric, workload)).collect();
    let mut means = state.means(&keys, from_ms, step_ms, steps).await?.into_iter();
    let mut next = || means.next().unwrap_or_default();
    let counts = |means: Vec<Option<f64>>| -> Vec<Option<u32>> { means.into_iter().map(|mean| mean.map(count)).collect() };
    let (ready, replicas, requests) = (counts(next()), counts(next()), next());
    if ready.iter().all(Option::is_none) {
        return Err(ApiError::invalid("range", "nothing was measured of this workload in it"));
    }
    let mut signals = Vec::new();
    for (name, ..) in SIGNALS {
        let means = next();
        if means.iter().any(Option::is_some) {
            signals.push(TraceSignal::of_fleet(name, &means, &ready));
        }
    }
    if requests.iter().any(Option::is_some) {
        let per_minute = requests.into_iter().map(|rate| rate.map(|rate| rate * 60.0)).collect();
        signals.push(TraceSignal::shared("requests_per_minute", None, per_minute));
    }
    if signals.is_empty() {
        let why = "only the replicas of this workload were measured in it, and no demand: choose a demand that is made up";
        return Err(ApiError::invalid("range", why));
    }
    Ok(Trace {
        name: "recorded".to_owned(),
        begin_ms: from_ms,
        step_s: u32::try_from(step_ms / 1_000).unwrap_or(u32::MAX),
        signals,
        replicas,
        ready,
    })
}

/// Seasons of demand that a forecast looks at, with those it is judged by.
const SEASONS: i64 = 10;

/// The demand that a forecast is made from: that of one signal over all instances until now (Unix, ms), five minutes each; empty for a
/// signal of which no history is kept.
pub(crate) async fn demand(
    state: &State,
    workload: &WorkloadId,
    signal: &str,
    season_s: u32,
    now_ms: i64,
) -> Result<DemandSeries, ApiError> {
    latest_demand(state, workload, signal, SEASONS * i64::from(season_s), now_ms).await
}

/// The same over so many seconds.
pub(super) async fn latest_demand(
    state: &State,
    workload: &WorkloadId,
    signal: &str,
    length_s: i64,
    now_ms: i64,
) -> Result<DemandSeries, ApiError> {
    let step_ms = i64::from(DEMAND_STEP_S) * 1_000;
    let length = length_s / i64::from(DEMAND_STEP_S);
    let begin_ms = now_ms - length * step_ms;
    let steps = usize::try_from(length).unwrap_or(0);
    let mut series = DemandSeries {
        begin_ms,
        values: Vec::new(),
    };
    let metric = match SIGNALS.into_iter().find(|(name, _)| *name == signal) {
        Some((_, metric)) => metric,
        None if signal == "requests_per_minute" => Metric::RequestsPerS,
        None => return Ok(series),
    };
    let keys = [Metric::ReplicasReady, metric].map(|metric| SeriesKey::workload(metric, workload));
    let mut means = state.means(&keys, begin_ms, step_ms, steps).await?.into_iter();
    let (ready, means) = (means.next().unwrap_or_default(), means.next().unwrap_or_default());
    let total = |(mean, ready): (Option<f64>, Option<f64>)| match metric {
        Metric::RequestsPerS => mean.map(|rate| rate * 60.0),
        _ => Some(mean? * ready?),
    };
    series.values = means.into_iter().zip(ready).map(total).collect();
    Ok(series)
}

/// The finest of the usual steps that keeps the trace short enough.
fn step_s(from_ms: i64, to_ms: i64) -> i64 {
    let length_s = to_ms.saturating_sub(from_ms) / 1_000;
    let fits = |step: &i64| length_s / step <= STEPS;
    [STEP_MIN_S, 10, 15, 60, 900].into_iter().find(fits).unwrap_or(3_600)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of replicas is small and not negative"
)]
const fn count(mean: f64) -> u32 {
    mean.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_ranges_have_wider_steps() {
        let day = 86_400_000;
        assert_eq!(
            [day / 24, day, 5 * day, 7 * day, 30 * day, 400 * day].map(|to| step_s(0, to)),
            [2, 2, 10, 15, 60, 900]
        );
    }
}
