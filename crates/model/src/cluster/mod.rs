//! Kubernetes as the console shows it: clusters, their HPAs and workloads, and what can be said of them.
//!
//! ```text
//!  ClusterId ─ ObjectRef ─┬─ ObjectRow      a line of the list
//!                         ├─ ObjectView     everything of one
//!                         ├─ Finding        "why?", also what the doctor finds
//!                         └─ ObjectCommand ─► DryRun ─► done
//! ```

mod command;
mod finding;
mod object;
mod query;
mod view;

pub use command::{ClusterRefusal, DryRun, HpaEdit, Manager, MetricEdit, ObjectCommand, ObjectDone, RefusalKind};
pub use finding::{Certainty, Finding, FindingCode, Fix, FixKind};
pub use object::{ClusterId, InvalidObject, ObjectKind, ObjectRef};
pub use query::{ObjectOrder, ObjectQuery};
pub use view::{
    Attribution, ClusterStatus, ClustersView, ConditionRow, DoctorAnswer, DoctorDocument, IngressRow, KindState, KindStatus, MetricRow,
    ObjectEvent, ObjectRow, ObjectState, ObjectView, OwnerKind, PodRow, ServiceRow, Trigger, VpaRow,
};
