//! The console as a browser without scripts gets it: whole pages over a brain whose outside is in memory.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod clusters;
mod doctor;
mod flapping;
mod forms;
mod prediction;
mod scaling;
mod security;
mod shown;
mod support;
