//! What the loop has to write, until the database has it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use model::{WorkloadId, scaling::DecisionSpan};
use tokio::time::{Instant, timeout};

use crate::ports::{ChangeRecord, ScalingLedger, StoreError};

/// A database that takes longer is away for this round: the next evaluation is due.
pub(super) const DATABASE_WITHIN: Duration = Duration::from_secs(1);
/// Lines of the ledger and changes that wait for the database: hours of a bad day.
const WAITING_MAX: usize = 5_000;
/// Of each kind in one transaction, which has to be done within a second.
const WRITTEN_AT_ONCE: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Closed lines and the open ones' latest state, by beginning and workload.
    spans: BTreeMap<(i64, WorkloadId), DecisionSpan>,
    changes: VecDeque<ChangeRecord>,
}

impl Outbox {
    /// A new line of the ledger, or the latest state of one.
    pub(super) fn line(&mut self, span: DecisionSpan) {
        self.spans.insert((span.from_ms, span.workload.clone()), span);
        if self.spans.len() > WAITING_MAX {
            tracing::error!("the database has been away for so long that the oldest waiting decision is given up");
            self.spans.pop_first();
        }
    }

    pub(super) fn change(&mut self, record: ChangeRecord) {
        if self.changes.len() >= WAITING_MAX {
            tracing::error!("the database has been away for so long that the oldest waiting change is given up");
            self.changes.pop_front();
        }
        self.changes.push_back(record);
    }

    /// Writes in parts for as long as a round has; whether the journal was told anything.
    pub(super) async fn write(&mut self, ledger: &dyn ScalingLedger) -> Result<bool, String> {
        let began = Instant::now();
        let mut told = false;
        while began.elapsed() < DATABASE_WITHIN && !(self.spans.is_empty() && self.changes.is_empty()) {
            let spans: Vec<_> = self.spans.values().take(WRITTEN_AT_ONCE).cloned().collect();
            let changes: Vec<_> = self.changes.iter().take(WRITTEN_AT_ONCE).cloned().collect();
            in_time(ledger.keep(&spans, &changes)).await?;
            told |= changes.iter().any(|change| !change.told.is_empty());
            for span in spans {
                self.spans.remove(&(span.from_ms, span.workload));
            }
            self.changes.drain(..changes.len());
        }
        Ok(told)
    }
}

pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    let answer = timeout(DATABASE_WITHIN, work).await;
    let late = |_| format!("the database does not answer within {} s", DATABASE_WITHIN.as_secs());
    answer.map_err(late)?.map_err(|e| e.to_string())
}

/// The beginning of a new line of the ledger, by which it is known: another than that of the line before, also at a clock that stands still.
pub(crate) fn next_name(last: Option<&DecisionSpan>, now_ms: i64) -> i64 {
    last.filter(|last| last.to_ms == now_ms)
        .map_or(now_ms, |last| last.from_ms.max(last.to_ms) + 1)
}
