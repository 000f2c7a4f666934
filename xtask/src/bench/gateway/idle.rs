//! What a connection costs that waits for its next request.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use super::peer::Running;
use crate::failure::Failure;

/// Open at once. Each has had one request, so that everything a proxy makes for a connection is made.
pub(super) const CONNECTIONS: usize = 2_000;
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Longer than any answer of the bench.
const ANSWER_MAX: usize = 1_024;

/// KiB of resident memory that each connection has added.
pub(super) fn kib_per_connection(proxy: &Running) -> Result<f64, Failure> {
    let before = proxy.resident_kib()?;
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(used(proxy.port).map_err(Failure::file("use a connection to", proxy.name))?);
    }
    let after = proxy.resident_kib()?;
    Ok((after - before) / CONNECTIONS as f64)
}

fn used(port: u16) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut answer = [0; ANSWER_MAX];
    let _read = stream.read(&mut answer)?;
    Ok(stream)
}
