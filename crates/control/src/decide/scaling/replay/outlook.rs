//! A forecast inside of a replay: it learns from what was measured so far.

use model::scaling::{
    ForecastFloor, ForecastState, Prediction, PredictionMode, ScalingPolicy, SignalKind, Trace, TraceSignal, WhatIfCaveat,
};

use super::{source::Source, stage::level};
use crate::decide::scaling::forecast::{DEMAND_STEP_S, DemandSeries, floor, forecast, sharpen};

pub(super) struct Outlook<'a> {
    prediction: &'a Prediction,
    policy: &'a ScalingPolicy,
    signal: Option<&'a TraceSignal>,
    series: DemandSeries,
    /// When the five minutes end that are being measured; Unix time, ms.
    end_ms: i64,
    sum: f64,
    count: u32,
    /// The mean of steps that are longer than five minutes.
    last: Option<f64>,
    floor: Option<ForecastFloor>,
    learned_s: Option<u64>,
}

impl<'a> Outlook<'a> {
    pub(super) fn new(prediction: &'a Prediction, source: &'a Source<'_>, trace: &'a Trace) -> Self {
        let signal = prediction
            .target(&source.policy)
            .and_then(|(name, _)| trace.signal(&name))
            .filter(|signal| signal.kind != SignalKind::Level && prediction.mode != PredictionMode::Off);
        Self {
            prediction,
            policy: &source.policy,
            signal,
            series: DemandSeries {
                begin_ms: trace.begin_ms,
                values: Vec::new(),
            },
            end_ms: trace.begin_ms + i64::from(DEMAND_STEP_S) * 1_000,
            sum: 0.0,
            count: 0,
            last: None,
            floor: None,
            learned_s: None,
        }
    }

    /// One step, with so many ready instances to measure. Whether there is a new forecast.
    pub(super) fn look(&mut self, trace: &Trace, step: usize, ready: u32) -> bool {
        let Some(signal) = self.signal else { return false };
        let now_ms = trace.at_ms(step);
        let is_due = now_ms >= self.end_ms;
        while now_ms >= self.end_ms {
            if self.count > 0 {
                self.last = Some(self.sum / f64::from(self.count));
            } else if trace.step_s <= DEMAND_STEP_S {
                self.last = None;
            }
            self.series.values.push(self.last);
            (self.sum, self.count) = (0.0, 0);
            self.end_ms += i64::from(DEMAND_STEP_S) * 1_000;
        }
        match level(signal, trace, step, ready) {
            Some(value) => {
                self.sum += (value - signal.base) * f64::from(ready);
                self.count += 1;
            }
            // A long step without a figure does not last.
            None => self.last = None,
        }
        if is_due {
            let made = forecast(self.prediction, &self.series, self.prediction.horizon_s);
            if self.learned_s.is_none() && !matches!(made.state, ForecastState::TooLittleHistory { .. }) {
                self.learned_s = u64::try_from((now_ms - trace.begin_ms) / 1_000).ok();
            }
            self.floor = floor(self.policy, self.prediction, &made);
        }
        is_due
    }

    pub(super) fn floor(&self) -> Option<ForecastFloor> {
        self.floor.clone()
    }

    pub(super) fn sharpen(&self, policy: &ScalingPolicy) -> ScalingPolicy {
        sharpen(policy, self.prediction, self.floor.as_ref())
    }

    pub(super) fn caveat(&self) -> Option<WhatIfCaveat> {
        if self.prediction.mode == PredictionMode::Off {
            None
        } else if self.signal.is_none() {
            Some(WhatIfCaveat::NothingToForecast)
        } else {
            let all_s = self.series.values.len() as u64 * u64::from(DEMAND_STEP_S);
            let seconds = self.learned_s.unwrap_or(all_s);
            Some(WhatIfCaveat::ForecastLearns { seconds })
        }
    }
}
