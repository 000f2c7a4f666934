//! What was asked of a workload over a stretch of time: its demand, apart from how many instances answered it.

use serde::{Deserialize, Serialize};

use super::REPLICAS_MAX;
use crate::InvalidValue;

/// Most steps of one trace: a week at 15 s has 40,320.
pub const TRACE_STEPS_MAX: usize = 100_000;
const SIGNALS_MAX: usize = 16;
const STEP_MAX_S: u32 = 3_600;
/// Largest value; sums over a whole trace stay exact enough.
const VALUE_MAX: f64 = 1e12;
/// What one instance can take of a signal that is measured in per cent of it.
const WHOLE_PERCENT: f64 = 100.0;

/// Demand step by step, from `begin_ms` on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    pub name: String,
    /// Unix time of the first step, ms.
    pub begin_ms: i64,
    pub step_s: u32,
    /// All of the same length.
    pub signals: Vec<TraceSignal>,
    /// The replicas that were asked for when each step began, before anything was decided there, where they are known; empty when none are.
    #[serde(default)]
    pub replicas: Vec<Option<u32>>,
    /// How many instances were ready then, likewise.
    #[serde(default)]
    pub ready: Vec<Option<u32>>,
}

/// One signal of a trace. With `n` ready instances each of them reads `base + value / n`, unless its kind says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSignal {
    /// As policies name it. `cpu`, `memory` and `gpu` are in per cent of what an instance requests.
    pub name: String,
    pub kind: SignalKind,
    /// What an instance reads without any demand.
    #[serde(default)]
    pub base: f64,
    /// What one instance can take, its base included: demand above it is lost, and an instance never reads more. Absent: it never runs out.
    pub capacity: Option<f64>,
    /// Over all instances together, without their base. Absent where nothing was measured.
    pub values: Vec<Option<f64>>,
}

/// How a signal would have followed other replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// Work that the instances share: the same total, however many there are.
    Shared,
    /// Shared, but what waits has a memory: with fewer instances it would have grown. A replay takes it as it was recorded.
    Backlog,
    /// The same for all, and not additive: with other replicas it would have been another, and nothing recorded says which. A replay takes it
    /// as it was recorded, so it can only start or keep from a change, never feel one.
    Level,
}

impl SignalKind {
    /// Whether a replay sees what its own replicas do to the signal.
    pub const fn feels_replicas(self) -> bool {
        matches!(self, Self::Shared)
    }
}

impl Trace {
    pub fn steps(&self) -> usize {
        self.signals.first().map_or(0, |signal| signal.values.len())
    }

    pub fn step_ms(&self) -> i64 {
        i64::from(self.step_s) * 1_000
    }

    /// Unix time of a step, ms.
    pub fn at_ms(&self, step: usize) -> i64 {
        let steps = i64::try_from(step).unwrap_or(i64::MAX);
        self.begin_ms.saturating_add(steps.saturating_mul(self.step_ms()))
    }

    pub fn end_ms(&self) -> i64 {
        self.at_ms(self.steps())
    }

    pub fn signal(&self, name: &str) -> Option<&TraceSignal> {
        self.signals.iter().find(|signal| signal.name == name)
    }

    /// Replicas asked for when this step began, where they are known.
    pub fn recorded(&self, step: usize) -> Option<u32> {
        self.replicas.get(step).copied().flatten()
    }

    /// Instances that were ready then; those asked for where only that is known.
    pub fn recorded_ready(&self, step: usize) -> Option<u32> {
        self.ready.get(step).copied().flatten().or_else(|| self.recorded(step))
    }

    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("step_s", self.step_s, 1, STEP_MAX_S, " s")?;
        if self.signals.is_empty() || self.signals.len() > SIGNALS_MAX {
            return Err(InvalidValue::new("signals", format!("needs 1 to {SIGNALS_MAX}")));
        }
        let steps = self.steps();
        if steps == 0 || steps > TRACE_STEPS_MAX {
            return Err(InvalidValue::new(
                "signals[0].values",
                format!("needs 1 to {TRACE_STEPS_MAX} steps, has {steps}: choose a shorter range or a wider step"),
            ));
        }
        if !self.replicas.is_empty() && self.replicas.len() != steps {
            return Err(InvalidValue::new(
                "replicas",
                format!("has {} steps, not {steps}", self.replicas.len()),
            ));
        }
        if self.replicas.iter().flatten().any(|replicas| *replicas > REPLICAS_MAX) {
            return Err(InvalidValue::new("replicas", format!("at most {REPLICAS_MAX}")));
        }
        for (n, signal) in self.signals.iter().enumerate() {
            let field = |name: &str| format!("signals[{n}].{name}");
            if self.signals[..n].iter().any(|earlier| earlier.name == signal.name) {
                return Err(InvalidValue::new(field("name"), format!("{} is there twice", signal.name)));
            }
            if signal.values.len() != steps {
                return Err(InvalidValue::new(
                    field("values"),
                    format!("has {} steps, not {steps}", signal.values.len()),
                ));
            }
            let is_value = |value: f64| (0.0..=VALUE_MAX).contains(&value);
            if !is_value(signal.base) {
                return Err(InvalidValue::new(field("base"), format!("is not between 0 and {VALUE_MAX}")));
            }
            if signal
                .capacity
                .is_some_and(|capacity| !is_value(capacity) || capacity <= signal.base)
            {
                return Err(InvalidValue::new(
                    field("capacity"),
                    "must be above base: an instance needs room for demand",
                ));
            }
            if let Some(step) = signal.values.iter().position(|value| value.is_some_and(|value| !is_value(value))) {
                return Err(InvalidValue::new(
                    format!("{}[{step}]", field("values")),
                    format!("is not between 0 and {VALUE_MAX}"),
                ));
            }
        }
        Ok(())
    }
}

impl TraceSignal {
    /// Demand that the instances share.
    pub fn shared(name: &str, capacity: Option<f64>, values: Vec<Option<f64>>) -> Self {
        Self {
            name: name.to_owned(),
            kind: SignalKind::Shared,
            base: 0.0,
            capacity,
            values,
        }
    }

    /// From what was recorded of a fleet: the average over its ready instances, and how many those were.
    ///
    /// Processor and GPU are shared, and 100 % of an instance is all it has. Most of an instance's memory is there without any demand: the
    /// lowest average is its base, and only the rest is shared; it bounds nothing, since memory is not refused but runs out. A response time
    /// is not additive and stays as it was. Everything else is shared and bounds nothing.
    pub fn of_fleet(name: &str, averages: &[Option<f64>], ready: &[Option<u32>]) -> Self {
        let kind = match name {
            "response_time_ms" => SignalKind::Level,
            "queue_depth" => SignalKind::Backlog,
            _ => SignalKind::Shared,
        };
        let lowest = averages.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let base = if name == "memory" && lowest.is_finite() { lowest } else { 0.0 };
        let total = |(average, ready): (&Option<f64>, &Option<u32>)| match kind {
            SignalKind::Level => *average,
            _ => Some((((*average)? - base) * f64::from((*ready)?)).max(0.0)),
        };
        Self {
            name: name.to_owned(),
            kind,
            base,
            capacity: matches!(name, "cpu" | "gpu").then_some(WHOLE_PERCENT),
            values: averages.iter().zip(ready).map(total).collect(),
        }
    }

    /// What each of `ready` instances reads at a step: nothing where nothing was measured or nothing is ready.
    pub fn reads(&self, step: usize, ready: u32) -> Option<f64> {
        let value = self.values.get(step).copied().flatten()?;
        match self.kind {
            SignalKind::Level => Some(value),
            _ if ready == 0 => None,
            _ => Some(self.base + value / f64::from(ready)),
        }
    }

    /// The demand in instances that are used up wholly; nothing where nothing was measured, or where it never runs out.
    pub fn instances(&self, step: usize) -> Option<f64> {
        let room = self.capacity? - self.base;
        let value = self.values.get(step).copied().flatten()?;
        (self.kind != SignalKind::Level).then_some(value / room)
    }
}

/// A trace that can be generated at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuiltInTrace {
    Step,
    Ramp,
    DailyWave,
    FlashCrowd,
    SquareWave,
    Upset,
    NasaHttp,
    WorldCup98,
}

impl BuiltInTrace {
    pub const ALL: [Self; 8] = [
        Self::Step,
        Self::Ramp,
        Self::DailyWave,
        Self::FlashCrowd,
        Self::SquareWave,
        Self::Upset,
        Self::NasaHttp,
        Self::WorldCup98,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Ramp => "ramp",
            Self::DailyWave => "daily wave",
            Self::FlashCrowd => "flash crowd",
            Self::SquareWave => "square wave",
            Self::Upset => "moving peak",
            Self::NasaHttp => "like NASA-HTTP",
            Self::WorldCup98 => "like WorldCup98",
        }
    }

    /// What it is, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Step => "Two hours: three times the demand from one moment to the next, and back after an hour.",
            Self::Ramp => "Three hours: demand grows to six times in an hour, stays for one, and falls again.",
            Self::DailyWave => "A week: the same wave each day, weaker at the weekend, with noise.",
            Self::FlashCrowd => "Six hours: ten times the demand within two minutes, which wears off over an hour.",
            Self::SquareWave => {
                "A day: six minutes of three times the demand, six minutes without: just longer than the usual window down."
            }
            Self::Upset => "A week: a peak of three hours each day, never at the same hour: what a forecast learns from it is wrong.",
            Self::NasaHttp => {
                "A week with the shape of the requests to NASA's Kennedy Space Center in July 1995: office days, quiet nights and weekends, \
                 and a launch. Generated: not the log itself."
            }
            Self::WorldCup98 => {
                "A week with the shape of the requests to the site of the football World Cup of 1998: a steep peak with each match, at 14:30, \
                 17:30 and 21:00. Generated: not the log itself."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        Trace {
            name: "test".to_owned(),
            begin_ms: 0,
            step_s: 15,
            signals: vec![TraceSignal::shared("cpu", Some(100.0), vec![Some(150.0), None])],
            replicas: vec![Some(2), None],
            ready: Vec::new(),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |change: fn(&mut Trace)| {
            let mut trace = trace();
            assert_eq!(trace.validate(), Ok(()));
            change(&mut trace);
            trace.validate().unwrap_err().field
        };
        assert_eq!(refused(|t| t.step_s = 0), "step_s");
        assert_eq!(refused(|t| t.signals.clear()), "signals");
        assert_eq!(refused(|t| t.signals[0].values.clear()), "signals[0].values");
        assert_eq!(refused(|t| t.signals[0].values[0] = Some(f64::NAN)), "signals[0].values[0]");
        assert_eq!(refused(|t| t.signals[0].capacity = Some(0.0)), "signals[0].capacity");
        assert_eq!(refused(|t| t.signals[0].base = -1.0), "signals[0].base");
        assert_eq!(refused(|t| t.replicas.truncate(1)), "replicas");
        assert_eq!(refused(|t| t.ready = vec![None]), "ready");
        assert_eq!(refused(|t| t.replicas[0] = Some(REPLICAS_MAX + 1)), "replicas");
        assert_eq!(refused(|t| t.signals.push(t.signals[0].clone())), "signals[1].name");
        assert_eq!(
            refused(|t| t.signals[0].values = vec![None; TRACE_STEPS_MAX + 1]),
            "signals[0].values"
        );
    }

    #[test]
    fn a_recording_reads_the_same_with_the_replicas_of_then() {
        let (averages, ready) = ([Some(60.0), Some(50.0), None], [Some(4), Some(5), Some(5)]);
        for name in ["cpu", "memory", "active_sessions", "queue_depth", "response_time_ms"] {
            let signal = TraceSignal::of_fleet(name, &averages, &ready);
            for step in 0..3 {
                assert_eq!(signal.reads(step, ready[step].unwrap()), averages[step], "{name}");
            }
        }
        let half = |name| TraceSignal::of_fleet(name, &averages, &ready).reads(0, 2);
        assert_eq!(half("cpu"), Some(120.0));
        assert_eq!(half("memory"), Some(70.0), "only what is above the base of 50 is shared");
        assert_eq!(
            half("response_time_ms"),
            Some(60.0),
            "nothing recorded says what it would have been"
        );
    }
}
