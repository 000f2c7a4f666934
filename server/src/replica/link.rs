//! The way to the other consoles.

use std::{fmt::Write as _, net::IpAddr, sync::Arc, time::Duration};

use adapters::builtin::fleet::{SyncAnswer, SyncRequest};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};
use control::access::BearerToken;
use model::{GatewayId, Snapshot};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{SNAPSHOTS, SYNC};

/// Says that another console passed a request on: with the secret of the consoles.
const PROOF: HeaderName = HeaderName::from_static("x-evenkeel-replica");
/// Whose request it was; believed together with [`PROOF`] alone.
pub(crate) const CLIENT: HeaderName = HeaderName::from_static("x-evenkeel-client");

const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// The leader takes a snapshot every second: one that is silent for so long stands still.
const SILENT_AFTER: Duration = Duration::from_secs(3);
/// A report is held for two seconds at most, a command takes what the database takes.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A full console's snapshot has a third of it.
const SNAPSHOT_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The plan of a full console has less than half of it.
const ANSWER_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Requests that are passed on at once: every gateway that may be known, and instances that register.
const PASSED_MAX: usize = 512;

/// Of one connection alone (RFC 9110 §7.6.1), or made anew.
const NOT_PASSED: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Proves to the other consoles that this is one of them. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    following: Client,
    passing: Client,
    proof: HeaderValue,
    token: BearerToken,
    places: Arc<Semaphore>,
}

/// A request that is passed on.
pub(crate) struct Passed<'a> {
    pub(crate) method: &'a Method,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) client: Option<IpAddr>,
    pub(crate) body: Bytes,
}

impl Peers {
    /// # Errors
    /// When this machine cannot make connections at all.
    pub fn new(secret: &[u8; 32]) -> Result<Self, String> {
        let token = secret.iter().fold(String::new(), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        });
        let mut proof = HeaderValue::from_str(&token).map_err(|e| e.to_string())?;
        proof.set_sensitive(true);
        let client = || {
            Client::builder()
                .user_agent(concat!("evenkeel/", env!("CARGO_PKG_VERSION")))
                // A secret is not carried to where somebody points.
                .redirect(Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_WITHIN)
        };
        Ok(Self {
            following: client().read_timeout(SILENT_AFTER).build().map_err(|e| e.to_string())?,
            passing: client().timeout(ANSWER_WITHIN).build().map_err(|e| e.to_string())?,
            token: BearerToken::new(&token),
            proof,
            places: Arc::new(Semaphore::new(PASSED_MAX)),
        })
    }

    /// Whether another console sent it.
    pub(crate) fn sent(&self, headers: &HeaderMap) -> bool {
        self.token.is(headers.get(PROOF).and_then(|proof| proof.to_str().ok()))
    }

    /// A place for a request that is passed on; `None` when too many are.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Hears every snapshot of the leader there until it falls silent; why it did.
    pub(super) async fn hear(&self, leader: &str, heard: impl Fn(Snapshot)) -> String {
        let request = self.following.get(format!("{leader}{SNAPSHOTS}")).header(PROOF, self.proof.clone());
        let mut answer = match request.send().await {
            Ok(answer) if answer.status() == StatusCode::OK => answer,
            Ok(answer) => return format!("it answered {}", answer.status()),
            Err(error) => return in_words(&error.without_url()),
        };
        let mut line = BytesMut::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    let mut rest = &chunk[..];
                    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                        line.extend_from_slice(&rest[..end]);
                        match serde_json::from_slice(&line) {
                            Ok(snapshot) => heard(snapshot),
                            Err(_) => {
                                return "it speaks of what this version does not know; run the same version on all consoles".to_owned();
                            }
                        }
                        line.clear();
                        rest = &rest[end + 1..];
                    }
                    if line.len() + rest.len() > SNAPSHOT_MAX_BYTES {
                        return "its snapshot is longer than any".to_owned();
                    }
                    line.extend_from_slice(rest);
                }
                Ok(None) => return "it has stopped, or does not lead any more".to_owned(),
                Err(error) => return in_words(&error.without_url()),
            }
        }
    }

    /// Tells the leader there what a gateway counts; what it answers.
    pub(super) async fn sync(&self, leader: &str, id: &GatewayId, report: &SyncRequest) -> Result<SyncAnswer, String> {
        let address = format!("{leader}{}", SYNC.replace("{id}", id.as_str()));
        let request = self.passing.post(address).header(PROOF, self.proof.clone());
        let sent = request.json(report).send().await;
        let answer = sent.map_err(|error| in_words(&error.without_url()))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        serde_json::from_slice(&read(answer).await?).map_err(|_| "its answer is not understood by this version".to_owned())
    }

    /// The leader's answer to a request that came here.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn pass_on(&self, leader: &str, passed: Passed<'_>) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let mut headers = end_to_end(passed.headers);
        headers.insert(PROOF, self.proof.clone());
        headers.remove(CLIENT);
        if let Some(client) = passed.client.and_then(|ip| HeaderValue::from_str(&ip.to_string()).ok()) {
            headers.insert(CLIENT, client);
        }
        let request = self.passing.request(passed.method.clone(), format!("{leader}{}", passed.target));
        let sent = request.headers(headers).body(passed.body).send().await;
        let answer = sent.map_err(|error| in_words(&error.without_url()))?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers()));
        Ok((status, headers, read(answer).await?))
    }
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    let listed: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in NOT_PASSED.iter().chain(&listed) {
        passed.remove(name);
    }
    passed
}

async fn read(mut answer: Response) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_MAX_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err("its answer is too long".to_owned()),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => return Err(in_words(&error.without_url())),
        }
    }
}

/// The deepest reason: "connection refused", and not "error sending request".
fn in_words(error: &dyn std::error::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_is_not_passed_on_and_only_the_whole_secret_proves() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "ops.example.com"),
            ("cookie", "a=b"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("transfer-encoding", "chunked"),
            ("content-length", "7"),
        ] {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let passed = end_to_end(&headers);
        let mut names: Vec<_> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cookie", "host"]);

        let peers = Peers::new(&[0xab; 32]).unwrap();
        let sent = |proof: &str| peers.sent(&HeaderMap::from_iter([(PROOF, proof.parse().unwrap())]));
        assert!(sent(&"ab".repeat(32)));
        assert!(!sent(&"ab".repeat(31)) && !sent("") && !peers.sent(&HeaderMap::new()));
    }
}
