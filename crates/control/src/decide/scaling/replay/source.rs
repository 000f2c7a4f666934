//! Which signal of a trace feeds which metric of a policy.

use model::{
    InvalidValue,
    scaling::{MetricSource, ScalingAlgorithm, ScalingPolicy, SignalKind, Trace, TraceSignal, WhatIfCaveat},
};

/// An instance this close to its capacity may have been asked for more than it could take.
const SATURATED: f64 = 0.99;

/// A policy without the metrics that the trace does not have, and the signals of the others.
///
/// A metric without a trace would fail at every step, and a policy with a failed metric never scales down: that would say something about
/// the trace instead of about the policy.
pub(super) struct Source<'a> {
    pub(super) policy: ScalingPolicy,
    /// In the order of the policy's metrics: the signal, and whether it is one value for the whole.
    pub(super) signals: Vec<(&'a TraceSignal, bool)>,
    left_out: Vec<String>,
}

impl<'a> Source<'a> {
    pub(super) fn of(policy: &ScalingPolicy, trace: &'a Trace) -> Result<Self, InvalidValue> {
        let mut source = Self {
            policy: policy.clone(),
            signals: Vec::new(),
            left_out: Vec::new(),
        };
        let (signals, left_out) = (&mut source.signals, &mut source.left_out);
        let mut take = |name: &str, is_whole: bool| {
            let signal = trace.signal(name);
            match signal {
                Some(signal) => signals.push((signal, is_whole)),
                None => left_out.push(name.to_owned()),
            }
            signal.is_some()
        };
        let field = match &mut source.policy.algorithm {
            ScalingAlgorithm::Hpa { metrics } => {
                metrics.retain(|spec| take(name(&spec.source), spec.source.works_at_zero()));
                for spec in metrics {
                    // A trace knows instances, not their containers.
                    if let MetricSource::ContainerResource { name, .. } = &spec.source {
                        spec.source = MetricSource::Resource { name: name.clone() };
                    }
                }
                "metrics"
            }
            ScalingAlgorithm::Threshold(rules) => {
                rules.signals.retain(|signal| take(&signal.name, false));
                "signals"
            }
            ScalingAlgorithm::Weighted(rules) => {
                rules.signals.retain(|signal| take(&signal.name, false));
                "signals"
            }
        };
        if source.signals.is_empty() {
            let known: Vec<_> = trace.signals.iter().map(|signal| signal.name.as_str()).collect();
            return Err(InvalidValue::new(
                field,
                format!("the trace has none of {}, only {}", source.left_out.join(", "), known.join(", ")),
            ));
        }
        Ok(source)
    }

    /// What to know before believing the replay.
    pub(super) fn caveats(&self, trace: &Trace, sync_period_s: u32) -> Vec<WhatIfCaveat> {
        let mut caveats: Vec<_> = self
            .left_out
            .iter()
            .map(|signal| WhatIfCaveat::NotInTrace { signal: signal.clone() })
            .collect();
        for (signal, _) in &self.signals {
            if !signal.kind.feels_replicas() {
                caveats.push(WhatIfCaveat::NoFeedback {
                    signal: signal.name.clone(),
                });
            }
        }
        let seconds = |steps: usize| steps as u64 * u64::from(trace.step_s);
        let is_gap = |step: &usize| self.signals.iter().any(|(signal, _)| signal.values[*step].is_none());
        let gaps = (0..trace.steps()).filter(is_gap).count();
        if gaps > 0 {
            caveats.push(WhatIfCaveat::Gaps { seconds: seconds(gaps) });
        }
        for signal in &trace.signals {
            let Some(capacity) = signal.capacity else { continue };
            let is_full = |step: &usize| {
                let reads = trace.recorded_ready(*step).and_then(|ready| signal.reads(*step, ready));
                reads.is_some_and(|reads| reads >= SATURATED * capacity)
            };
            let full = (0..trace.steps()).filter(is_full).count();
            if full > 0 {
                caveats.push(WhatIfCaveat::Saturated {
                    signal: signal.name.clone(),
                    seconds: seconds(full),
                });
            }
        }
        let has_capacity = |signal: &TraceSignal| signal.capacity.is_some() && signal.kind != SignalKind::Level;
        if !trace.signals.iter().any(has_capacity) {
            caveats.push(WhatIfCaveat::NoCapacity);
        }
        if trace.step_s > sync_period_s {
            caveats.push(WhatIfCaveat::CoarseSteps { step_s: trace.step_s });
        }
        caveats
    }
}

fn name(source: &MetricSource) -> &str {
    match source {
        MetricSource::Resource { name } | MetricSource::ContainerResource { name, .. } => name,
        MetricSource::Pods { metric } | MetricSource::Object { metric, .. } | MetricSource::External { metric } => metric,
    }
}
