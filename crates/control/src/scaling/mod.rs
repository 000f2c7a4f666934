//! What is scaled: what is intended and known of each workload, and what people may do about it.

mod book;
mod check;
mod command;
mod demand;
mod query;
mod recorded;
mod week;
mod what_if;

pub(crate) use book::{Book, Governed};
pub(crate) use recorded::demand;
