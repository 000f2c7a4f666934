//! Server functions, by noun. Each is three lines: who (a permission proof), call (a `Control` verb), answer (a `model` type).

mod breakers;
mod clusters;
pub mod context;
mod data;
mod doctor;
pub mod events;
pub mod me;
pub mod pool;
pub mod problem;
mod receipts;
mod registry;
mod scaling;
pub mod search;
pub mod series;
pub mod view;

pub use breakers::{HoldBreakers, ResetBreakers, hold_breakers, reset_breakers};
pub use clusters::{CarryOut, TryCommand, carry_out, try_command};
pub use data::{CleanUpNow, ReadData, clean_up, data};
pub use doctor::{Examine, examine};
pub use events::{ReadEvents, events};
pub use me::{Me, ReadMe, me};
pub use pool::{
    ChangeAffinity, ChangeAlgorithm, ChangeBreaker, ChangeDegradation, ChangeHealthCheck, ChangeInstances, ChangeLimits,
    ChangeOutlierEjection, ChangeRetry, ReadIntent, ReadPins, change_affinity, change_algorithm, change_breaker, change_degradation,
    change_health_check, change_instances, change_limits, change_outlier_ejection, change_retry, intent, pins,
};
pub use problem::Problem;
pub use receipts::{ReadReceipts, receipts};
pub use registry::{DeregisterInstance, deregister_instance};
pub use scaling::{
    AskWhatIf, ChangePrediction, ChangeScalingPolicy, ChangeSchedule, CheckScaling, ComingWeek, HoldScaling, ReadDecisions, ReadDemand,
    ReadScalingEvents, change_prediction, change_scaling_policy, change_schedule, check_scaling, coming_week, decisions, demand,
    hold_scaling, scaling_events, what_if,
};
pub use search::{Search, search};
pub use series::{Latest, ReadLatest, ReadSeries, latest, series};
pub use view::{ReadView, pool_names, view};
