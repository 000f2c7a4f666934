//! What is scaled: the list, and everything of one workload.
//!
//! ```text
//!  list/      every workload
//!  detail/    one: overview, history, ledger, policy, schedule, prediction, what-if
//!  history/   changes of the replicas       ┐
//!  ledger/    decisions and their proofs    │ of a workload of ours, and of an object of a cluster:
//!  what_if/   policies replayed             │ whatever a `Scaled` is
//!  marks, metrics, decided, chips, figure   ┘
//!  words/     decisions, holds and changes in plain words; pure
//! ```

mod behavior;
mod chips;
mod decided;
mod detail;
mod figure;
mod history;
mod ledger;
mod list;
mod marks;
mod metrics;
mod scaled;
pub(super) mod what_if;
mod words;

pub(super) use behavior::sides;
pub(super) use chips::chips;
pub(super) use decided::Decided;
pub use detail::WorkloadPage;
pub(super) use figure::{figure, ready_tone};
pub(super) use history::{History, LastChanges};
pub(super) use ledger::Ledger;
pub use list::ScalingPage;
pub(super) use marks::use_marks;
pub(super) use metrics::MetricCharts;
pub(super) use scaled::Scaled;
