//! One check on a connection of its own: `GET path`, whose redirects are not followed and whose body is not read, or the connection alone.
//! And the page where an instance tells its load, read in the same manner.
//!
//! On Pingora's HTTP client session, so that a check and a request agree on what an answer is; a head of 1 MiB or 256 fields ends it.

use std::{io, net::SocketAddr, time::Duration};

use http::{StatusCode, Version};
use model::{CheckKind, HealthCheck, PathPrefix};
use pingora_core::protocols::{
    http::v1::client::HttpSession,
    l4::{stream::Stream, virt::VirtualSocketStream},
};
use pingora_error::{Error, ErrorType};
use pingora_http::{RequestHeader, ResponseHeader};
use tokio::{net::TcpStream, time};

use crate::tls::{Upstream, failure_in_words};

/// Interim answers (1xx) that are skipped before the check counts as failed.
const MAX_INTERIM: usize = 4;
/// A page with a thousand series has about 100 KiB.
const PAGE_MAX_BYTES: usize = 1024 * 1024;
const REPORT_HEADER: &str = "endpoint-load-metrics";
const USER_AGENT: &str = concat!("evenkeel-check/", env!("CARGO_PKG_VERSION"));

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) passed: bool,
    /// "200", "connection refused", "timed out after 5 s".
    pub(super) detail: String,
    /// The value of `endpoint-load-metrics`.
    pub(super) report: Option<Vec<u8>>,
}

pub(super) async fn probe(address: SocketAddr, check: &HealthCheck, tls: Option<&Upstream>) -> Probe {
    let limit = Duration::from_millis(check.timeout_ms.into());
    let failed = |detail: String| Probe {
        passed: false,
        detail,
        report: None,
    };
    if check.kind == CheckKind::Tcp {
        return match time::timeout(limit, TcpStream::connect(address)).await {
            Err(_) => failed(format!("timed out after {}", seconds(limit))),
            Ok(Err(error)) => failed(in_words(&error)),
            Ok(Ok(_)) => Probe {
                passed: true,
                detail: "connected".to_owned(),
                report: None,
            },
        };
    }
    match time::timeout(limit, ask(address, &check.path, tls)).await {
        Err(_) => failed(format!("timed out after {}", seconds(limit))),
        Ok(Err(detail)) => failed(detail),
        Ok(Ok((_, answer))) => Probe {
            passed: answer.status.is_success() || answer.status.is_redirection(),
            detail: answer.status.as_u16().to_string(),
            report: answer.headers.get(REPORT_HEADER).map(|value| value.as_bytes().to_vec()),
        },
    }
}

/// A page as it is, or in words why there is none.
pub(super) async fn read(address: SocketAddr, path: &PathPrefix, limit: Duration, tls: Option<&Upstream>) -> Result<Vec<u8>, String> {
    match time::timeout(limit, page(address, path, tls)).await {
        Err(_) => Err(format!("timed out after {}", seconds(limit))),
        Ok(page) => page,
    }
}

async fn page(address: SocketAddr, path: &PathPrefix, tls: Option<&Upstream>) -> Result<Vec<u8>, String> {
    let (mut session, head) = ask(address, path, tls).await?;
    if head.status != StatusCode::OK {
        return Err(format!("answered {}", head.status.as_u16()));
    }
    let mut page = Vec::new();
    while let Some(part) = session.read_body_bytes().await.map_err(|error| pingora_in_words(&error))? {
        if page.len() + part.len() > PAGE_MAX_BYTES {
            return Err(format!("larger than {} KiB", PAGE_MAX_BYTES / 1024));
        }
        page.extend_from_slice(&part);
    }
    Ok(page)
}

async fn ask(address: SocketAddr, path: &PathPrefix, tls: Option<&Upstream>) -> Result<(HttpSession, ResponseHeader), String> {
    let stream = connect(address, tls).await.map_err(|error| in_words(&error))?;
    let mut session = HttpSession::new(Box::new(stream));
    let request = request(address, path).map_err(|error| pingora_in_words(&error))?;
    session
        .write_request_header(Box::new(request))
        .await
        .map_err(|error| pingora_in_words(&error))?;
    for _ in 0..=MAX_INTERIM {
        session.read_response().await.map_err(|error| pingora_in_words(&error))?;
        match session.resp_header() {
            Some(answer) if !answer.status.is_informational() => {
                let answer = answer.clone();
                return Ok((session, answer));
            }
            _ => {}
        }
    }
    Err("only interim answers".to_owned())
}

async fn connect(address: SocketAddr, tls: Option<&Upstream>) -> io::Result<Stream> {
    let tcp = TcpStream::connect(address).await?;
    match tls {
        Some(tls) => Ok(VirtualSocketStream::new(Box::new(tls.connect(tcp, address).await?)).into()),
        None => Ok(tcp.into()),
    }
}

fn request(address: SocketAddr, path: &PathPrefix) -> pingora_error::Result<RequestHeader> {
    let mut request = RequestHeader::build("GET", path.as_str().as_bytes(), Some(4))?;
    request.set_version(Version::HTTP_11);
    request.insert_header(http::header::HOST, address.to_string())?;
    request.insert_header(http::header::USER_AGENT, USER_AGENT)?;
    request.insert_header(http::header::ACCEPT, "*/*")?;
    request.insert_header(http::header::CONNECTION, "close")?;
    Ok(request)
}

/// "5 s", "250 ms".
fn seconds(limit: Duration) -> String {
    if limit.subsec_millis() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}

fn pingora_in_words(error: &Error) -> String {
    match error.root_etype() {
        ErrorType::ConnectionClosed => "closed without an answer".to_owned(),
        ErrorType::InvalidHTTPHeader => "the answer is not HTTP".to_owned(),
        other => error
            .root_cause()
            .downcast_ref::<io::Error>()
            .map_or_else(|| other.as_str().to_owned(), in_words),
    }
}

fn in_words(error: &io::Error) -> String {
    if let Some(words) = failure_in_words(error) {
        return words;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "connection reset".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route to the instance".to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn check() -> HealthCheck {
        HealthCheck {
            path: PathPrefix::new("/ready").unwrap(),
            timeout_ms: 2_000,
            ..HealthCheck::default()
        }
    }

    /// What a probe makes of a server that answers with these bytes, then closes.
    async fn answered(answer: &'static [u8]) -> Probe {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let length = stream.read(&mut head).await.unwrap();
            assert!(head[..length].starts_with(b"GET /ready HTTP/1.1\r\n"));
            stream.write_all(answer).await.unwrap();
        });
        let probe = probe(address, &check(), None).await;
        server.await.unwrap();
        probe
    }

    #[tokio::test]
    async fn answers_are_put_in_words() {
        for (answer, passed, detail) in [
            (b"HTTP/1.1 204 No Content\r\n\r\n".as_slice(), true, "204"),
            (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", true, "302"),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", true, "200"),
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", false, "503"),
            (b"what?\r\n\r\n", false, "the answer is not HTTP"),
            (b"", false, "closed without an answer"),
        ] {
            let probe = answered(answer).await;
            assert_eq!((probe.passed, probe.detail.as_str()), (passed, detail));
        }
    }

    #[tokio::test]
    async fn the_load_report_is_taken_along() {
        let probe = answered(b"HTTP/1.1 200 OK\r\nEndpoint-Load-Metrics: TEXT cpu_utilization=0.5\r\n\r\n").await;
        assert_eq!(probe.report.as_deref(), Some(b"TEXT cpu_utilization=0.5".as_slice()));
    }

    #[tokio::test]
    async fn a_page_is_read_whole_or_not_at_all() {
        async fn page(answer: Vec<u8>) -> Result<Vec<u8>, String> {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _asked = stream.read(&mut [0; 1024]).await.unwrap();
                let _cut = stream.write_all(&answer).await;
            });
            let page = read(address, &check().path, Duration::from_secs(5), None).await;
            server.await.unwrap();
            page
        }
        let whole = page(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n".to_vec()).await;
        assert_eq!(whole.as_deref(), Ok(b"a 1\n".as_slice()));
        let to_close = page(b"HTTP/1.1 200 OK\r\n\r\na 1\n".to_vec()).await;
        assert_eq!(to_close.as_deref(), Ok(b"a 1\n".as_slice()));
        assert_eq!(page(b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec()).await.unwrap_err(), "answered 404");
        let mut large = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        large.resize(PAGE_MAX_BYTES + 1024, b'#');
        assert_eq!(page(large).await.unwrap_err(), "larger than 1024 KiB");
    }

    #[tokio::test]
    async fn silence_and_closed_ports_are_put_in_words() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut impatient = check();
        impatient.timeout_ms = 50;
        assert_eq!(probe(address, &impatient, None).await.detail, "timed out after 50 ms");
        drop(listener);
        assert_eq!(probe(address, &check(), None).await.detail, "connection refused");
    }

    #[tokio::test]
    async fn a_connection_is_enough_for_a_check_by_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tcp = check();
        tcp.kind = CheckKind::Tcp;
        let probed = probe(address, &tcp, None).await;
        assert_eq!((probed.passed, probed.detail.as_str()), (true, "connected"));
        drop(listener);
        let probed = probe(address, &tcp, None).await;
        assert_eq!((probed.passed, probed.detail.as_str()), (false, "connection refused"));
    }

    #[test]
    fn whole_seconds_are_said_as_seconds() {
        assert_eq!(seconds(Duration::from_secs(5)), "5 s");
        assert_eq!(seconds(Duration::from_millis(2_500)), "2500 ms");
    }
}
