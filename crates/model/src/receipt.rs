//! The receipt of a request: what the gateway knew and decided, step by step, in figures that lead to the same decision again.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Algorithm, InstanceId, PoolId, Weight};

/// One request, from its head to its end. Kept for a sample of all requests and for those that asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// `x-request-id`: the client's, or made here.
    pub request_id: String,
    /// Unix time its head was there, ms.
    pub at_ms: i64,
    /// It asked for the receipt itself, with the header `x-evenkeel-receipt`; else it was drawn.
    pub asked_for: bool,
    /// The right-most address that is not a trusted proxy's.
    pub client: IpAddr,
    pub method: String,
    pub host: String,
    /// Without the query, which may hold secrets; at most [`Receipt::PATH_MAX`] bytes.
    pub path: String,
    /// Absent when no route leads anywhere.
    pub pool: Option<PoolId>,
    /// Of the pool's policy.
    pub version: u64,
    pub algorithm: Option<Algorithm>,
    /// In the order in which they were reached.
    pub verdicts: Vec<Verdict>,
    /// Instances asked one after the other.
    pub tries: Vec<Try>,
    /// As the client saw it; absent when it left before, or got no head of an answer.
    pub status: Option<u16>,
    /// What went wrong in the end.
    pub failure: Option<String>,
    pub took_us: u64,
}

impl Receipt {
    pub const PATH_MAX: usize = 256;

    /// The instance that answered last.
    pub fn served_by(&self) -> Option<&InstanceId> {
        self.tries.last().map(|last| &last.instance)
    }

    /// What took its time, in order; the times add up to [`Receipt::took_us`].
    pub fn phases(&self) -> Vec<Phase> {
        let mut phases = Vec::new();
        let mut done_us = 0;
        let mut phase = |name: PhaseName, instance: Option<&InstanceId>, until_us: u64| {
            let took_us = until_us.saturating_sub(done_us);
            done_us = done_us.max(until_us);
            phases.push(Phase {
                name,
                instance: instance.cloned(),
                took_us,
            });
        };
        let Some(first) = self.tries.first() else {
            phase(PhaseName::Admit, None, self.took_us);
            return phases;
        };
        phase(PhaseName::Admit, None, first.picked_us);
        for (at, tried) in self.tries.iter().enumerate() {
            let end_us = self.tries.get(at + 1).map_or(self.took_us, |next| next.picked_us);
            let instance = Some(&tried.instance);
            if let Some(connected_us) = tried.connected_us {
                phase(PhaseName::Connect, instance, connected_us.min(end_us));
                if let Some(head_us) = tried.head_us {
                    phase(PhaseName::Wait, instance, head_us.min(end_us));
                    phase(PhaseName::Answer, instance, end_us);
                } else {
                    phase(PhaseName::Wait, instance, end_us);
                }
            } else {
                phase(PhaseName::Connect, instance, end_us);
            }
        }
        phases
    }
}

/// One of the things that could have refused or led a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub by: Guard,
    pub passed: bool,
    /// In figures: "3 of at most 100 in flight".
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    Framing,
    Route,
    Rate,
    Degradation,
    Body,
    InFlight,
    PoolBreaker,
    Reuse,
    Affinity,
    InstanceBreaker,
    Retry,
}

impl Guard {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Framing => "valid HTTP",
            Self::Route => "route",
            Self::Rate => "rate limit",
            Self::Degradation => "degradation",
            Self::Body => "body size",
            Self::InFlight => "in flight",
            Self::PoolBreaker => "pool's breaker",
            Self::Reuse => "shared answer",
            Self::Affinity => "affinity",
            Self::InstanceBreaker => "instance's breaker",
            Self::Retry => "retry",
        }
    }
}

/// One instance that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    pub instance: InstanceId,
    pub pick: Pick,
    /// From the head of the request to the pick, µs.
    pub picked_us: u64,
    /// From the head of the request until a connection was there, µs.
    pub connected_us: Option<u64>,
    /// An open connection was used again.
    pub reused: bool,
    /// From the head of the request to the head of the instance's answer, µs.
    pub head_us: Option<u64>,
    pub status: Option<u16>,
    pub failure: Option<String>,
}

/// How an instance was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    pub basis: PickBasis,
    /// Everybody of the pool at that moment, in its order; at most [`Pick::CANDIDATES_MAX`], the picked one always among them.
    pub candidates: Vec<Candidate>,
    /// Who could not be listed.
    pub left_out: u32,
    /// Who is picked when the decision is made again from these figures; absent when they do not suffice.
    pub again: Option<InstanceId>,
}

impl Pick {
    /// Of larger pools the rest is left out: a receipt is to be read.
    pub const CANDIDATES_MAX: usize = 64;
}

/// What the algorithm went by. Numbers of instances are those of [`Candidate::index`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PickBasis {
    /// Affinity led here; no algorithm was asked.
    Pinned,
    /// The next on the circle from position `start` on, except those that let their turn pass because they are coming back slowly.
    Turn { start: u32, let_pass: Vec<u32> },
    /// The lowest score, and among equals the one picked longest ago. `fallback`: load reports are missing, so requests in flight count.
    Cheapest { fallback: bool },
    /// The one with the lower score of two drawn at random.
    Drawn { first: u32, second: Option<u32> },
    /// Whose place on the ring of hashes comes first.
    Hash { hash: u64 },
}

/// An instance as a pick saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// In the pool's order.
    pub index: u32,
    pub instance: InstanceId,
    pub standing: Standing,
    pub weight: Weight,
    pub in_flight: u32,
    /// Share of slow start that is over.
    pub ramp: f32,
    /// Moving averages of its response time, µs; 0 when it was not measured.
    pub average_us: f32,
    pub peak_us: f32,
    /// Of its load report, when there is a fresh one: 0 to 1.
    pub cpu: Option<f32>,
    pub memory: Option<f32>,
    pub gpu: Option<f32>,
    pub sessions: Option<u32>,
    /// What it costs to pick it; absent where the algorithm goes by turns or hashes, or it takes no requests.
    pub score: Option<f64>,
    /// The number of the pick that chose it last; the lower one wins among equals.
    pub last_pick: Option<u64>,
}

/// Whether an instance could be picked, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Takes,
    /// This request asked it before.
    Tried,
    Drain,
    Maintenance,
    Down,
    Ejected,
    BreakerOpen,
}

impl Standing {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Takes => "takes requests",
            Self::Tried => "asked before",
            Self::Drain => "draining",
            Self::Maintenance => "in maintenance",
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::BreakerOpen => "breaker open",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    pub name: PhaseName,
    pub instance: Option<InstanceId>,
    pub took_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseName {
    /// Route, limits, breaker, pick.
    Admit,
    Connect,
    /// The request is sent and the instance works.
    Wait,
    /// From the head of its answer to the last byte.
    Answer,
}

impl PhaseName {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admit => "admit and pick",
            Self::Connect => "connect",
            Self::Wait => "wait",
            Self::Answer => "answer",
        }
    }
}

/// Which receipts are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReceiptFilter {
    /// The whole id.
    pub request_id: Option<String>,
    pub pool: Option<PoolId>,
    /// Only refused ones, failed ones, and those that needed more than one instance.
    pub troubled: bool,
}

impl ReceiptFilter {
    pub fn takes(&self, receipt: &Receipt) -> bool {
        let troubled = || {
            receipt.failure.is_some()
                || receipt.tries.len() > 1
                || receipt.status.is_none_or(|s| s >= 500 || s == 429 || s == 413)
                || receipt.verdicts.iter().any(|v| !v.passed)
        };
        self.request_id.as_ref().is_none_or(|id| *id == receipt.request_id)
            && self.pool.as_ref().is_none_or(|pool| receipt.pool.as_ref() == Some(pool))
            && (!self.troubled || troubled())
    }
}

/// Receipts that a balancer keeps, newest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Receipts {
    pub items: Vec<Receipt>,
    /// How many are kept in all.
    pub kept: u32,
    /// Drawn: one of so many requests, 0 for none.
    pub sample: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(instance: &str, picked_us: u64, connected_us: Option<u64>, head_us: Option<u64>) -> Try {
        Try {
            instance: InstanceId::new(instance).unwrap(),
            pick: Pick {
                basis: PickBasis::Pinned,
                candidates: Vec::new(),
                left_out: 0,
                again: None,
            },
            picked_us,
            connected_us,
            reused: false,
            head_us,
            status: None,
            failure: None,
        }
    }

    fn receipt(tries: Vec<Try>, took_us: u64) -> Receipt {
        Receipt {
            request_id: "r".to_owned(),
            at_ms: 0,
            asked_for: false,
            client: [127, 0, 0, 1].into(),
            method: "GET".to_owned(),
            host: String::new(),
            path: "/".to_owned(),
            pool: None,
            version: 1,
            algorithm: None,
            verdicts: Vec::new(),
            tries,
            status: Some(200),
            failure: None,
            took_us,
        }
    }

    #[test]
    fn phases_add_up_to_the_whole() {
        let table = [
            receipt(vec![], 40),
            receipt(vec![tried("a", 10, Some(30), Some(80))], 100),
            receipt(vec![tried("a", 10, None, None), tried("b", 50, Some(50), Some(90))], 120),
            receipt(vec![tried("a", 10, Some(20), None), tried("b", 500, Some(510), None)], 900),
        ];
        for receipt in table {
            let sum: u64 = receipt.phases().iter().map(|phase| phase.took_us).sum();
            assert_eq!(sum, receipt.took_us, "{:?}", receipt.phases());
        }
        let names: Vec<_> = receipt(vec![tried("a", 10, Some(30), Some(80))], 100)
            .phases()
            .iter()
            .map(|p| (p.name, p.took_us))
            .collect();
        assert_eq!(
            names,
            [
                (PhaseName::Admit, 10),
                (PhaseName::Connect, 20),
                (PhaseName::Wait, 50),
                (PhaseName::Answer, 20)
            ]
        );
    }

    #[test]
    fn a_filter_takes_what_all_its_parts_take() {
        let fine = receipt(vec![tried("a", 1, None, None)], 1);
        let mut refused = receipt(vec![], 1);
        refused.status = Some(429);
        refused.request_id = "other".to_owned();
        let troubled = ReceiptFilter {
            troubled: true,
            ..ReceiptFilter::default()
        };
        assert!(!troubled.takes(&fine) && troubled.takes(&refused));
        let by_id = ReceiptFilter {
            request_id: Some("r".to_owned()),
            ..ReceiptFilter::default()
        };
        assert!(by_id.takes(&fine) && !by_id.takes(&refused));
    }
}
