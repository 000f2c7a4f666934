//! The application as `main` builds it, over real sockets and on both real databases. Files mirror the addresses.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod api;
mod cli;
mod deploy;
mod fleet;
mod pages;
mod probes;
mod process;
mod replicas;
mod setup;
mod sign_in;
mod sign_out;
mod support;
