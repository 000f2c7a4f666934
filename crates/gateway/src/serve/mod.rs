//! From the socket to Pingora: listening, connections, their clocks, and the end.

mod connection;
mod listen;
mod run;

pub(crate) use connection::{Connection, current as current_connection};
pub(crate) use run::{Stop, start};
