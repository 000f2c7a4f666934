//! From the socket to Pingora: listening, connections, their clocks, and the end.

mod buffered;
mod client;
mod connection;
mod h2;
mod handshake;
mod listen;
mod run;

pub(crate) use client::client_address;
pub(crate) use connection::{Connection, current as current_connection};
pub(crate) use run::{Stop, start};
