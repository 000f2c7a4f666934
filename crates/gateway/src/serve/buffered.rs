//! A client's connection, with what is written to it gathered: the head of a small answer and its body leave in one packet.

use std::{
    io,
    net::SocketAddr,
    os::fd::AsRawFd as _,
    pin::Pin,
    task::{Context, Poll},
};

use pingora_core::protocols::{
    GetSocketDigest as _, SocketDigest,
    l4::{
        stream::{DEFAULT_L4_WRITE_BUFFER_SIZE, Stream},
        virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf},
    net::TcpStream,
};

/// As Pingora's own listeners do it. Their setting is out of reach for connections that were accepted by somebody else; those are unbuffered.
#[derive(Debug)]
struct Buffered(BufWriter<TcpStream>);

pub(super) fn buffered(stream: TcpStream, client: SocketAddr) -> Stream {
    // Fails only on a connection that is gone already, which the first read finds out.
    let _gone = stream.set_nodelay(true);
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    let _first = digest.peer_addr.set(Some(client.into()));
    let socket = Buffered(BufWriter::with_capacity(DEFAULT_L4_WRITE_BUFFER_SIZE, stream));
    let mut stream = Stream::from(VirtualSocketStream::new(Box::new(socket)));
    stream.set_socket_digest(digest);
    stream
}

impl VirtualSocket for Buffered {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.0.get_ref().set_nodelay(true),
            // The connection's own clock closes what is silent.
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Buffered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Buffered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
