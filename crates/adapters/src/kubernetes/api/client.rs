//! The client, made anew from what is on disk whenever the API server no longer takes its credentials.

use std::{
    sync::atomic::{AtomicI64, AtomicU32, Ordering},
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::{
    Client,
    client::{AuthError, Body},
};
use parking_lot::RwLock;
use tokio::{sync::Mutex, task::JoinHandle};

use super::{
    Fault, Lines, Refusal,
    account::{Account, Found},
    plain,
};
use crate::kubernetes::settings::KubernetesConfig;

/// Between two readings of the credentials: a wrong token is not to be read a thousand times a second.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// A body of an error.
const REFUSAL_MAX_BYTES: usize = 64 << 10;

/// The API server of one cluster.
pub(in crate::kubernetes) struct Api {
    account: Account,
    answer_within: Duration,
    made: Mutex<Made>,
    known: RwLock<Known>,
    /// Unix time of the last answer in order, ms; 0 before the first.
    answered_at_ms: AtomicI64,
    took_us: AtomicU32,
}

#[derive(Default)]
struct Made {
    client: Option<Client>,
    /// One more with every client.
    number: u64,
    at: Option<Instant>,
    /// When and why there was none to be had.
    failed: Option<(Instant, Fault)>,
    making: Option<JoinHandle<Result<(Client, Known), String>>>,
}

#[derive(Default, Clone)]
struct Known {
    place: String,
    credentials: String,
}

/// 2xx.
pub(in crate::kubernetes) struct Answer {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Api {
    pub(in crate::kubernetes) fn new(config: &KubernetesConfig) -> Self {
        Self {
            account: Account {
                kubeconfig: config.kubeconfig.clone(),
                context: config.context.clone(),
                connect: config.timing.connect,
            },
            answer_within: config.timing.answer,
            made: Mutex::default(),
            known: RwLock::default(),
            answered_at_ms: AtomicI64::new(0),
            took_us: AtomicU32::new(0),
        }
    }

    /// "Kubernetes at 10.0.0.1:6443".
    pub(in crate::kubernetes) fn describe(&self) -> String {
        match &*self.known.read().place {
            "" => "Kubernetes".to_owned(),
            place => format!("Kubernetes at {place}"),
        }
    }

    /// What the console shows to be let in, and where it comes from.
    pub(in crate::kubernetes) fn credentials(&self) -> String {
        self.known.read().credentials.clone()
    }

    pub(in crate::kubernetes) fn answered_at_ms(&self) -> Option<i64> {
        Some(self.answered_at_ms.load(Ordering::Relaxed)).filter(|ms| *ms > 0)
    }

    pub(in crate::kubernetes) fn took_us(&self) -> u32 {
        self.took_us.load(Ordering::Relaxed)
    }

    /// Something was heard just now.
    pub(in crate::kubernetes) fn heard(&self) {
        self.answered_at_ms.store(now_ms(), Ordering::Relaxed);
    }

    /// Reads the credentials and makes a client, without asking anything.
    pub(in crate::kubernetes) async fn prepare(&self) -> Result<(), Fault> {
        self.client().await.map(|_| ())
    }

    /// A small question, within the usual time.
    pub(in crate::kubernetes) async fn get(&self, path: &str, max_bytes: usize) -> Result<Answer, Fault> {
        self.get_within(path, max_bytes, self.answer_within).await
    }

    pub(in crate::kubernetes) async fn get_within(&self, path: &str, max_bytes: usize, within: Duration) -> Result<Answer, Fault> {
        let request = Request::get(path)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(Fault::unreadable)?;
        self.send(request, max_bytes, within).await
    }

    /// Sends what is given (its address without host) and reads the whole answer. After a 401 the credentials are read anew and it is sent
    /// once more: what was answered 401 was not done. Nothing else is ever repeated.
    pub(in crate::kubernetes) async fn send(&self, request: Request<Vec<u8>>, max_bytes: usize, within: Duration) -> Result<Answer, Fault> {
        let work = async {
            let began = Instant::now();
            let (headers, body) = self.start(request).await?;
            let body = collect(body, max_bytes).await?;
            self.took_us
                .store(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX), Ordering::Relaxed);
            Ok(Answer { headers, body })
        };
        tokio::time::timeout(within, work)
            .await
            .unwrap_or(Err(Fault::TimedOut { after: within }))
    }

    /// Opens a watch.
    pub(in crate::kubernetes) async fn open(&self, path: &str, line_max_bytes: usize) -> Result<Lines, Fault> {
        let request = Request::get(path).body(Vec::new()).map_err(Fault::unreadable)?;
        let (_, body) = tokio::time::timeout(self.answer_within, self.start(request))
            .await
            .unwrap_or(Err(Fault::TimedOut { after: self.answer_within }))?;
        Ok(Lines::new(body, line_max_bytes))
    }

    /// Up to the head of a 2xx answer.
    async fn start(&self, request: Request<Vec<u8>>) -> Result<(HeaderMap, Body), Fault> {
        let (client, number) = self.client().await?;
        match self.ask(&client, request.clone()).await {
            Err(Fault::Refused(refusal)) if refusal.code == 401 && self.renew(number).await => {
                let (client, _) = self.client().await?;
                self.ask(&client, request).await
            }
            other => other,
        }
    }

    async fn ask(&self, client: &Client, request: Request<Vec<u8>>) -> Result<(HeaderMap, Body), Fault> {
        let answer = client.send(request.map(Body::from)).await.map_err(|error| {
            let (why, never_sent) = plain::why(&error);
            if never_sent {
                Fault::NotSent { why }
            } else {
                Fault::Broken { why }
            }
        })?;
        let (head, body) = answer.into_parts();
        if head.status.is_success() {
            self.heard();
            return Ok((head.headers, body));
        }
        let body = collect(body, REFUSAL_MAX_BYTES).await.unwrap_or_default();
        let fault = Fault::Refused(Box::new(Refusal::read(head.status.as_u16(), &head.headers, &body)));
        if fault.is_answer() {
            self.heard();
        }
        if head.status == StatusCode::UNAUTHORIZED {
            tracing::debug!(credentials = self.credentials(), "the API server answers 401");
        }
        Err(fault)
    }

    /// Whether there is a newer client now than the one with this number.
    async fn renew(&self, number: u64) -> bool {
        let mut made = self.made.lock().await;
        if made.number != number {
            return true;
        }
        if made.at.is_some_and(|at| at.elapsed() < RENEW_EVERY) {
            return false;
        }
        made.client = None;
        true
    }

    async fn client(&self) -> Result<(Client, u64), Fault> {
        let mut made = self.made.lock().await;
        if let Some(client) = &made.client {
            return Ok((client.clone(), made.number));
        }
        // A credential plugin is not to be run by every watch that waits for it.
        if let Some((at, fault)) = &made.failed
            && at.elapsed() < RENEW_EVERY
        {
            return Err(fault.clone());
        }
        // One at a time, also when whoever asked for it has given up: a plugin that hangs is waited for by all, and not run again.
        let making = made.making.get_or_insert_with(|| make(self.account.clone()));
        let found = making.await.unwrap_or_else(|panicked| Err(panicked.to_string()));
        made.making = None;
        let (client, known) = match found {
            Ok(found) => found,
            Err(why) => {
                let fault = Fault::NotSent { why };
                made.failed = Some((Instant::now(), fault.clone()));
                return Err(fault);
            }
        };
        *self.known.write() = known;
        made.number += 1;
        made.at = Some(Instant::now());
        made.client = Some(client.clone());
        Ok((client, made.number))
    }
}

/// Files are read, and a credential plugin may be run.
fn make(account: Account) -> JoinHandle<Result<(Client, Known), String>> {
    let handle = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let found: Found = handle.block_on(account.find())?;
        let known = Known {
            place: found.place,
            credentials: found.credentials,
        };
        // The client's tasks belong to this runtime.
        let _runtime = handle.enter();
        let client = Client::try_from(found.config).map_err(|e| match e {
            kube::Error::Auth(AuthError::ReadTokenFile(error, path)) => {
                format!("the token file {} cannot be read: {error}", path.display())
            }
            other => format!("the credentials cannot be used: {other}"),
        })?;
        Ok((client, known))
    })
}

async fn collect(body: Body, max_bytes: usize) -> Result<Vec<u8>, Fault> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Fault::unreadable(format!("it is longer than {max_bytes} bytes")))
        }
        Err(error) => Err(Fault::Broken {
            why: plain::why(&*error).0,
        }),
    }
}

pub(in crate::kubernetes) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
