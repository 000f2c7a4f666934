//! The adapter against a genuine control plane, as a service account with the rules of the manifests and no others.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod access;
mod faults;
mod metrics;
mod reading;
mod scene;
mod services;
