//! The connection to an instance of a request that asks for an upgrade (WebSocket).
//!
//! Two things that Pingora 0.9 does not do are done by the stream below it:
//!
//! - **A limit for the handshake.** Pingora has one read timeout for the handshake and the tunnel after it. A tunnel may be silent for an
//!   hour, a handshake may not. So Pingora gets none, and the stream fails reads until the instance has answered in time.
//! - **The answer waits for the request's end.** Pingora takes the end of the request's empty body for the end of the tunnel when it has
//!   read the 101 first, and closes the tunnel at once, which happens to quick instances on busy machines (cloudflare/pingora#946,
//!   open in 0.9.1). Pingora flushes twice, after the head and after the end of the body: reads are held back until the second flush.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use pingora_core::{
    connectors::L4Connect,
    protocols::l4::{
        ext::TcpKeepalive,
        socket::SocketAddr,
        stream::Stream,
        virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream},
    },
    upstreams::peer::HttpPeer,
};
use pingora_error::{Error, ErrorType, OrErr, Result};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{self, Sleep},
};

use crate::tls::{Upstream, Wire};

/// Finds an instance that vanished behind a silent tunnel after about two minutes, long before the tunnel's idle limit.
const PROBE_IDLE: Duration = Duration::from_secs(60);
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
const PROBE_COUNT: usize = 4;
/// After the head, and after the end of the body.
const FLUSHES_OF_A_REQUEST: u8 = 2;
/// Longer than any tunnel, for want of "never" in a timer.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// How far one handshake has come; shared by its stream and its request.
#[derive(Debug, Clone, Default)]
pub(super) struct Handshake(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    answered: AtomicBool,
    timed_out: AtomicBool,
}

impl Handshake {
    /// Lets the connection to this peer be made by [`UpgradeConnector`], TLS included: what is counted here are Pingora's flushes, not
    /// those of another handshake below.
    pub(super) fn begin(peer: &mut HttpPeer, tls: Option<Arc<Upstream>>) -> Self {
        let handshake = Self::default();
        Upstream::strip(peer);
        let options = &mut peer.options;
        options.custom_l4 = Some(Arc::new(UpgradeConnector {
            connect_timeout: options.connection_timeout.unwrap_or(NO_LIMIT),
            answer_timeout: options.read_timeout.take().unwrap_or(NO_LIMIT),
            handshake: handshake.clone(),
            tls,
        }));
        options.tcp_keepalive = Some(TcpKeepalive {
            idle: PROBE_IDLE,
            interval: PROBE_INTERVAL,
            count: PROBE_COUNT,
            #[cfg(target_os = "linux")]
            user_timeout: Duration::ZERO,
        });
        handshake
    }

    /// The instance has answered: the clock stops.
    pub(super) fn set_answered(&self) {
        self.0.answered.store(true, Ordering::Release);
    }

    pub(super) fn timed_out(&self) -> bool {
        self.0.timed_out.load(Ordering::Acquire)
    }

    fn is_answered(&self) -> bool {
        self.0.answered.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
struct UpgradeConnector {
    connect_timeout: Duration,
    answer_timeout: Duration,
    handshake: Handshake,
    tls: Option<Arc<Upstream>>,
}

#[async_trait]
impl L4Connect for UpgradeConnector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let SocketAddr::Inet(address) = address else {
            return Error::e_explain(ErrorType::ConnectError, "instances have IP addresses");
        };
        let connect = async {
            let tcp = TcpStream::connect(address).await?;
            match &self.tls {
                Some(tls) => tls.connect(tcp, *address).await,
                None => Ok(Wire::Plain(tcp)),
            }
        };
        let wire = time::timeout(self.connect_timeout, connect)
            .await
            .or_err(ErrorType::ConnectTimedout, "connecting for an upgrade")?
            .or_err(ErrorType::ConnectError, "connecting for an upgrade")?;
        let stream = UpgradeStream {
            wire,
            handshake: self.handshake.clone(),
            deadline: Box::pin(time::sleep(self.answer_timeout)),
            flushes: 0,
            held_back: None,
        };
        Ok(VirtualSocketStream::new(Box::new(stream)).into())
    }
}

#[derive(Debug)]
struct UpgradeStream {
    wire: Wire,
    handshake: Handshake,
    deadline: Pin<Box<Sleep>>,
    flushes: u8,
    /// Who tried to read before the request was out.
    held_back: Option<Waker>,
}

impl AsyncRead for UpgradeStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.handshake.is_answered() && this.deadline.as_mut().poll(cx).is_ready() {
            this.handshake.0.timed_out.store(true, Ordering::Release);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if this.flushes < FLUSHES_OF_A_REQUEST {
            this.held_back = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut this.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for UpgradeStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.wire).poll_flush(cx);
        if flushed.is_ready() {
            self.flushes = self.flushes.saturating_add(1);
            if self.flushes >= FLUSHES_OF_A_REQUEST
                && let Some(reader) = self.held_back.take()
            {
                reader.wake();
            }
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

impl VirtualSocket for UpgradeStream {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        self.wire.set_socket_option(option)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Our end of a connection, and the instance's.
    async fn pair(answer_timeout: Duration) -> (UpgradeStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = UpgradeStream {
            wire: Wire::Plain(tcp),
            handshake: Handshake::default(),
            deadline: Box::pin(time::sleep(answer_timeout)),
            flushes: 0,
            held_back: None,
        };
        (stream, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn an_early_answer_is_read_after_the_request_is_out() {
        let (mut stream, mut instance) = pair(NO_LIMIT).await;
        instance.write_all(b"101").await.unwrap();
        let Wire::Plain(tcp) = &stream.wire else { unreachable!() };
        tcp.readable().await.unwrap();
        let mut answer = [0; 3];
        stream.flush().await.unwrap();
        let too_early = futures::poll!(std::pin::pin!(stream.read(&mut answer)));
        assert!(too_early.is_pending(), "the 101 is there, but the body's end was not sent");
        stream.flush().await.unwrap();
        assert_eq!(stream.read(&mut answer).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn only_the_answer_has_a_limit() {
        let (mut stream, mut instance) = pair(Duration::from_millis(20)).await;
        stream.flushes = FLUSHES_OF_A_REQUEST;
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(stream.handshake.timed_out());

        stream.handshake.set_answered();
        instance.write_all(b"x").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x', "a tunnel may be silent for long");
    }
}
