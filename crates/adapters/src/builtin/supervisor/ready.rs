//! Does an instance answer yet?

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Between two attempts; a start takes some 20 ms.
const RETRY: Duration = Duration::from_millis(50);
const ATTEMPT_MAX: Duration = Duration::from_secs(2);
const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// What an answer must begin with: the status line of a 2xx.
const PASSED: &[u8] = b"HTTP/1.1 2";

/// Returns when `GET /health` is answered with 2xx.
pub(super) async fn until_healthy(address: SocketAddr) {
    while !matches!(timeout(ATTEMPT_MAX, healthy(address)).await, Ok(Ok(true))) {
        sleep(RETRY).await;
    }
}

async fn healthy(address: SocketAddr) -> io::Result<bool> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(REQUEST).await?;
    let mut start = [0; PASSED.len()];
    connection.read_exact(&mut start).await?;
    Ok(start == PASSED)
}
