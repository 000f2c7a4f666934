//! A receipt while its request is on the way.

use std::{net::IpAddr, time::Instant};

use model::{Algorithm, Guard, InstanceId, PoolId, Receipt, Try, Verdict};

use crate::{algorithm::Sketch, state::unix_ms};

/// Words of a failure, at most.
const FAILURE_MAX: usize = 200;

/// What a request says of itself.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) request_id: String,
    pub(crate) asked_for: bool,
    pub(crate) client: IpAddr,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    /// Without query.
    pub(crate) path: &'a str,
}

#[derive(Debug)]
pub(crate) struct Draft {
    started: Instant,
    /// Without its tries.
    receipt: Receipt,
    tries: Vec<Tried>,
}

#[derive(Debug)]
struct Tried {
    instance: InstanceId,
    sketch: Sketch,
    picked_us: u64,
    connected_us: Option<u64>,
    reused: bool,
    head_us: Option<u64>,
    status: Option<u16>,
    failure: Option<String>,
}

impl Tried {
    fn finish(self) -> Try {
        Try {
            instance: self.instance,
            pick: self.sketch.finish(),
            picked_us: self.picked_us,
            connected_us: self.connected_us,
            reused: self.reused,
            head_us: self.head_us,
            status: self.status,
            failure: self.failure,
        }
    }
}

impl Draft {
    pub(crate) fn new(head: Head<'_>, started: Instant) -> Self {
        Self {
            started,
            tries: Vec::new(),
            receipt: Receipt {
                request_id: head.request_id,
                at_ms: unix_ms() - i64::try_from(started.elapsed().as_millis()).unwrap_or_default(),
                asked_for: head.asked_for,
                client: head.client,
                method: cut(head.method, 32),
                host: cut(head.host, Receipt::PATH_MAX),
                path: cut(head.path, Receipt::PATH_MAX),
                pool: None,
                version: 0,
                algorithm: None,
                verdicts: Vec::new(),
                tries: Vec::new(),
                status: None,
                failure: None,
                took_us: 0,
            },
        }
    }

    pub(crate) fn routed(&mut self, pool: &PoolId, version: u64, algorithm: Algorithm) {
        self.receipt.pool = Some(pool.clone());
        self.receipt.version = version;
        self.receipt.algorithm = Some(algorithm);
    }

    pub(crate) fn verdict(&mut self, by: Guard, passed: bool, detail: impl Into<String>) {
        self.receipt.verdicts.push(Verdict {
            by,
            passed,
            detail: detail.into(),
        });
    }

    pub(crate) fn picked(&mut self, instance: &InstanceId, sketch: Sketch) {
        let picked_us = self.elapsed_us();
        self.tries.push(Tried {
            instance: instance.clone(),
            sketch,
            picked_us,
            connected_us: None,
            reused: false,
            head_us: None,
            status: None,
            failure: None,
        });
    }

    pub(crate) fn connected(&mut self, reused: bool) {
        let connected_us = self.elapsed_us();
        if let Some(tried) = self.tries.last_mut() {
            tried.connected_us = Some(connected_us);
            tried.reused = reused;
        }
    }

    pub(crate) fn answered(&mut self, status: u16) {
        let head_us = self.elapsed_us();
        if let Some(tried) = self.tries.last_mut() {
            tried.head_us = Some(head_us);
            tried.status = Some(status);
        }
    }

    /// The present try is over without an answer in whole.
    pub(crate) fn failed(&mut self, why: &str) {
        if let Some(tried) = self.tries.last_mut() {
            tried.failure = Some(cut(why, FAILURE_MAX));
        }
    }

    /// To be called when the answer is out: it decides once more for each try.
    pub(crate) fn finish(self, status: Option<u16>, failure: Option<String>) -> Receipt {
        let took_us = self.elapsed_us();
        Receipt {
            tries: self.tries.into_iter().map(Tried::finish).collect(),
            status,
            failure: failure.map(|why| cut(&why, FAILURE_MAX)),
            took_us,
            ..self.receipt
        }
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// At most `bytes`, and no half characters.
fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}
