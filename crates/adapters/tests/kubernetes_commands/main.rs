//! Commands against a real API server, with its own validation, conflicts, rights and disruption budgets.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod edit;
mod faults;
mod managed;
mod rights;
mod support;
mod workloads;
