//! The brain with everything outside in memory: what happens when sources fail, people collide and processes die.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod accounts;
mod clusters;
mod commands;
mod fleet;
mod history;
mod leaving;
mod live;
mod registration;
mod replicas;
mod retention;
mod scaling;
mod sources;
mod support;
