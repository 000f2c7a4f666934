//! What is scaled: what is intended and known of each workload, and what people may do about it.

mod book;
mod command;
mod query;

pub(crate) use book::{Book, Governed};
