//! Server functions, by noun. Each is three lines: who (a permission proof), call (a `Control` verb), answer (a `model` type).

pub mod context;
pub mod events;
pub mod me;
pub mod pool;
pub mod problem;
pub mod search;
pub mod series;
pub mod view;

pub use events::{ReadEvents, events};
pub use me::{Me, ReadMe, me};
pub use pool::{
    ChangeAlgorithm, ChangeHealthCheck, ChangeInstances, ChangeOutlierEjection, ReadIntent, change_algorithm, change_health_check,
    change_instances, change_outlier_ejection, intent,
};
pub use problem::Problem;
pub use search::{Search, search};
pub use series::{Latest, ReadLatest, ReadSeries, latest, series};
pub use view::{ReadView, view};
