//! One connection, call by call.

use std::{io, net::TcpStream as StdStream, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use kube::client::Body;
use serde_json::{Value, json};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{Shared, rule::Fault};

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// The API server itself takes 3 MiB.
const LARGEST_BODY: usize = 4 << 20;
/// More calls than any test makes; the rest is not written down.
const MOST_PASSED: usize = 100_000;

/// Between a proxy and its neighbour only.
const HOP_BY_HOP: [HeaderName; 5] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::HOST,
    header::UPGRADE,
    header::TE,
];

/// A call that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    pub watch: bool,
    /// What it met here; `None` went through as it was.
    pub fault: Option<Fault>,
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, Arc::clone(&shared)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A second hold on the connection's socket, to say how it is closed.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let Ok((stream, hold)) = stream.into_std().and_then(|stream| Ok((stream.try_clone()?, stream))) else {
        return;
    };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let hold = Arc::new(hold);
    let service = service_fn(|request| answer(request, Arc::clone(&shared), Arc::clone(&hold)));
    // It ends when the client goes, or by a fault.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection without an answer.
async fn answer(request: Request<Incoming>, shared: Arc<Shared>, hold: Arc<StdStream>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let query = parts.uri.query().unwrap_or_default();
    let watch = query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1"));
    let fault = shared.rules.lock().judge(parts.method.as_str(), &target, watch);
    remember(
        &shared,
        Passed {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: query.to_owned(),
            watch,
            fault: fault.clone(),
        },
    );
    match &fault {
        None | Some(Fault::Truncate) => {}
        Some(Fault::Drop) => return Err(io::Error::other("dropped by the fault proxy")),
        Some(Fault::Reset) => {
            SockRef::from(&*hold).set_linger(Some(Duration::ZERO))?;
            return Err(io::Error::other("reset by the fault proxy"));
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Status { code, retry_after_s, .. }) => {
            let mut answer = whole(*code, status_of(fault.as_ref().unwrap()).to_string());
            if let Some(seconds) = retry_after_s {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            return Ok(answer);
        }
    }
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let mut upstream = Request::builder().method(parts.method).uri(target);
    if let Some(headers) = upstream.headers_mut() {
        *headers = end_to_end(parts.headers);
    }
    let upstream = upstream.body(Body::from(body)).map_err(io::Error::other)?;
    match shared.upstream.send(upstream).await {
        Ok(response) => {
            pass_on(
                response,
                &shared,
                watch.then_some(parts.uri.path()),
                fault.is_some_and(|fault| fault == Fault::Truncate),
            )
            .await
        }
        Err(error) => Ok(whole(502, json!({"error": error.to_string()}).to_string())),
    }
}

/// A watch, when there is a path to follow it under; else a body of known length.
async fn pass_on(response: Response<Body>, shared: &Shared, watch: Option<&str>, truncate: bool) -> io::Result<Answer> {
    let (mut parts, body) = response.into_parts();
    parts.headers = end_to_end(parts.headers);
    if let Some(path) = watch.filter(|_| parts.status == StatusCode::OK && !truncate) {
        return Ok(Response::from_parts(parts, shared.watches.follow(path, body)));
    }
    if !truncate {
        return Ok(Response::from_parts(parts, body.map_err(io::Error::other).boxed_unsync()));
    }
    let whole = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let half = Ok(Frame::data(whole.slice(..whole.len() / 2)));
    let broken = stream::iter([half]).chain(stream::once(async {
        // The half shall be on its way before the end is.
        tokio::task::yield_now().await;
        Err(io::Error::other("truncated by the fault proxy"))
    }));
    Ok(Response::from_parts(parts, StreamBody::new(broken).boxed_unsync()))
}

fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

fn whole(code: u16, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A fault as the API server writes it.
pub(super) fn status_of(fault: &Fault) -> Value {
    let Fault::Status { code, reason, message, .. } = fault else {
        return Value::Null;
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code})
}

fn remember(shared: &Shared, call: Passed) {
    let mut passed = shared.passed.lock();
    if passed.len() < MOST_PASSED {
        passed.push(call);
    }
}
