//! Bytes on a socket: instances that misbehave, clients that write what no library would.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time,
};

use super::DEADLINE;

/// An instance that reads a request head and then does what the test says. Stops when dropped.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// `behave` gets each connection on which a request head has arrived.
pub(crate) async fn raw_upstream<F: Future<Output = ()> + Send + 'static>(behave: impl Fn(TcpStream) -> F + Send + 'static) -> Raw {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if read_head(&mut stream).await.is_some() {
                tokio::spawn(behave(stream));
            }
        }
    });
    Raw { address, server }
}

/// Everything up to the empty line; `None` when the other side closed before.
pub(crate) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Sends these bytes and returns all that comes back until the other side closes.
pub(crate) async fn talk(to: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_to_close(&mut stream).await
}

/// A reset counts as a close.
pub(crate) async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = async {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..length]);
        }
    };
    time::timeout(DEADLINE + Duration::from_secs(1), read)
        .await
        .expect("the other side never closes");
    String::from_utf8_lossy(&answer).into_owned()
}
