//! Active checks: one checker per instance, which decides its health by rise and fall and reads its load report.

mod checker;
mod orca;
mod page;
mod probe;
mod verdict;

pub(crate) use checker::run;
