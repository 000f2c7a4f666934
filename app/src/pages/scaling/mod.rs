//! What is scaled: the list, and everything of one workload.
//!
//! ```text
//!  list/      every workload
//!  detail/    one: overview, history, ledger, policy, schedule, prediction, what-if
//!  words/     decisions, holds and changes in plain words; pure
//! ```

mod detail;
mod list;
mod words;

pub use detail::WorkloadPage;
pub use list::ScalingPage;
