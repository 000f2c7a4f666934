//! The `evenkeel` binary, as a library so that tests build the very application that `main` runs.
//!
//! ```text
//!  main ─► cli ─► config ─► compose::Application ─► http (console) · gateway · control · store · samples and traffic (child processes)
//! ```
//!
//! The composition root: the only place that knows every part. It holds no rule of its own.

// The type of a whole rendered application nests deeper than the default of 128.
#![recursion_limit = "512"]

mod agent;
pub mod cli;
mod clusters;
mod compose;
pub mod config;
mod database;
pub mod http;
mod logging;
mod open_files;
mod pools;
pub mod replica;
mod samples;
mod shutdown;
mod start_error;

pub use compose::Application;
pub use start_error::StartError;
