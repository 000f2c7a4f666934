//! The store on both databases, for real: SQLite files in temporary directories and a PostgreSQL server of the tests' own.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

mod child;
mod contracts;
mod durability;
mod faults;
mod leases;
mod opening;
mod properties;
mod samples;
mod schema;
mod support;
