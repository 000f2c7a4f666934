//! What pages show of one object, each part from what is known of it.

mod conditions;
mod events;
mod metrics;
mod network;
mod pods;
mod row;
mod vpas;

#[cfg(test)]
mod tests;

pub use conditions::condition_rows;
pub use events::object_events;
pub use metrics::metric_rows;
pub use network::{ingress_rows, ingresses, service_rows, services};
pub use pods::{budgets, pod_rows};
pub use row::{reference, related, row};
pub use vpas::vpa_rows;
