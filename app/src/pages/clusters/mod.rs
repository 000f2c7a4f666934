//! Kubernetes: the clusters and what scales in them, and everything of one object.
//!
//! ```text
//!  list/      the clusters as a strip, HPAs and workloads as a table; filtered through the URL
//!  detail/    one object: why, pods, history, ledger, events, and its changes
//!  words      sources, owners and refusals in plain words; pure
//! ```

mod detail;
mod list;
mod words;

pub use detail::ObjectPage;
pub use list::ClustersPage;

#[cfg(test)]
#[cfg(feature = "ssr")]
mod drawn;
