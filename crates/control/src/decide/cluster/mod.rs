//! What follows from what is known of a Kubernetes cluster.
//!
//! ```text
//!  ClusterLook ─ Space (pods by label) ─┬─ questions ─► Cluster::want
//!                                       └─ per HPA: policy, observe ─ decide::scaling ─► Evaluation ─► Memory
//!                                                                                          └─► findings ─► standing, shown
//! ```

mod annotation;
mod attribution;
mod belongs;
mod case;
mod change;
mod check;
pub mod doctor;
mod evaluate;
mod findings;
mod managed;
mod memory;
pub mod names;
mod observation;
mod patch;
mod policy;
mod question;
mod refused;
mod replayable;
mod round;
pub mod shown;
mod standing;
mod target;
mod yaml;

pub use crate::ports::cluster::ControllerSettings;
pub use annotation::{ANNOTATION_PREFIX, is_about_balancing};
pub use attribution::{ReplicaChange, attribute, scaling_event};
pub(crate) use belongs::workload as workload_of;
pub use case::Case;
pub use change::{changes, last_changed_by, without_noise};
pub use check::check;
pub use evaluate::{Evaluation, Unevaluated, evaluate};
pub use findings::findings;
pub use managed::{is_kept_by, managed};
pub use memory::{Apart, Memory};
pub use observation::observe;
pub use patch::{annotate, apply_hpa, restart, scale, to_copy};
pub use policy::{metric, policy};
pub use question::questions;
pub use refused::{Subject, refusals, refused, refused_at_all};
pub use replayable::replayable;
pub use round::{Round, Space};
pub use standing::standing;
pub use target::Target;
pub use yaml::yaml;

#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod observation_tests;
#[cfg(test)]
mod round_tests;
