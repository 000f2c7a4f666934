//! What is scaled by what rule, what was seen, and what followed from it.
//!
//! Field names are those of Kubernetes' `autoscaling/v2`, in `snake_case` and with the unit at the end. Metric values are whole
//! thousandths (`milli`), as Kubernetes counts them: 250 milli of `cpu` is a quarter of a core.

mod behavior;
mod change;
mod decision;
mod flap;
mod history;
mod hold;
mod intent;
mod metric;
mod observed;
mod policy;
mod prediction;
mod preset;
mod proof;
mod question;
mod record;
mod schedule;
mod threshold;
mod trace;
mod view;
mod weighted;
mod what_if;
pub mod words;

pub use behavior::{Behavior, ChangeLimit, ChangeLimitType, ScalingRules, SelectPolicy};
pub use change::{Lever, SmallestChange};
pub use decision::{ScalingDecision, ScalingReason};
pub use flap::{FlapCause, FlapReason, FlapStep, FlapWarning, Flapping, Overlap};
pub use history::{Recommendation, ReplicaChange, ScalingHistory};
pub use hold::{Hold, HoldKind};
pub use intent::{ScalingChange, ScalingIntent, ScalingPlan, diff};
pub use metric::{MILLI_MAX, MetricSource, MetricSpec, MetricTarget, TargetType};
pub use observed::{ContainerRequest, PodObservation, PodPhase, PodSample, Reading, ReadyCondition, ScalingObservation};
pub use policy::{METRICS_MAX, REPLICAS_MAX, ScalingAlgorithm, ScalingPolicy, Tolerance};
pub use prediction::{BadForecast, Forecast, ForecastFloor, ForecastPoint, ForecastState, Prediction, PredictionMode, PredictionProof};
pub use preset::ScalingPreset;
pub use proof::{
    Clamp, Direction, LimitProof, MetricFailure, MetricProof, MetricState, RateProof, RateRule, ReplicaBound, ScalingProof,
    StabilizationProof,
};
pub use question::{WhatIfAnswer, WhatIfDemand, WhatIfQuestion};
pub use record::{DecisionSpan, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingOutcome};
pub use schedule::{SCHEDULE_RULES_MAX, ScheduleRule, ScheduledBounds};
pub use threshold::{Signal, ThresholdRules};
pub use trace::{BuiltInTrace, SignalKind, TRACE_STEPS_MAX, Trace, TraceSignal};
pub use view::{ScalingState, ScalingView, TargetChip, WorkloadRow, WorkloadView};
pub use weighted::{WeightedRules, WeightedSignal};
pub use what_if::{Fidelity, LostDemand, WHAT_IF_POLICIES_MAX, WhatIf, WhatIfCaveat, WhatIfOutcome, WhatIfPoint, WhatIfPolicy};
