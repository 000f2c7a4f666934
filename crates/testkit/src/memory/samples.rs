use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use control::{
    decide::rollup::{Bucket, LineBuilder, fold},
    ports::{Compacted, KeptTable, Line, Oldest, RangeQuery, Recorded, SampleRow, Samples, StoreError, Upkeep},
};
use model::{DataUsage, Resolution};

use super::store::MemoryStore;

/// Every value as it came, and from where on each resolution is kept.
#[derive(Debug, Default)]
pub(super) struct Measured {
    rows: BTreeMap<i64, HashMap<Arc<str>, f32>>,
    kept_from_ms: BTreeMap<Resolution, i64>,
}

impl Measured {
    fn buckets(&self, key: &str, query: &RangeQuery) -> Vec<Bucket> {
        let step = query.resolution.ms();
        let first = match query.resolution {
            Resolution::Second => query.from_ms,
            _ => query.from_ms - query.from_ms.rem_euclid(step),
        };
        let from = first.max(self.kept_from_ms.get(&query.resolution).copied().unwrap_or(i64::MIN));
        // A bucket belongs to the range when it begins in it, and has all of its values then.
        let end = match query.resolution {
            Resolution::Second => query.to_ms,
            _ => query.to_ms - query.to_ms.rem_euclid(step) + step - 1,
        };
        if end < from {
            return Vec::new();
        }
        let rows = self.rows.range(from..=end).map(|(at, row)| (*at, row.get(key).copied()));
        match query.resolution {
            Resolution::Second => rows
                .map(|(at, v)| v.map_or(Bucket::missing(at), |v| Bucket::value(at, v)))
                .collect(),
            coarse => fold(rows.filter_map(|(at, v)| Some((at, v?))), coarse),
        }
    }
}

#[async_trait]
impl Samples for MemoryStore {
    async fn record(&self, rows: &[SampleRow]) -> Result<Recorded, StoreError> {
        let mut state = self.writing()?;
        let mut done = Recorded::default();
        for row in rows {
            if state.measured.rows.contains_key(&row.at_ms) {
                done.repeated += 1;
                continue;
            }
            done.rows += 1;
            let mut values = HashMap::new();
            for (key, value) in row.values.iter().filter(|(_, v)| v.is_finite()) {
                values.entry(key.clone()).or_insert(*value);
            }
            state.measured.rows.insert(row.at_ms, values);
        }
        Ok(done)
    }

    async fn compact(&self) -> Result<Compacted, StoreError> {
        self.writing().map(|_| Compacted::default())
    }

    async fn range(&self, query: &RangeQuery) -> Result<Vec<Line>, StoreError> {
        let buckets = self.buckets(query).await?;
        let line = |buckets: Vec<Bucket>| {
            let mut line = LineBuilder::new(query.resolution, query.from_ms, query.to_ms);
            for bucket in &buckets {
                line.push(bucket);
            }
            line.finish(query.points)
        };
        Ok(buckets.into_iter().map(line).collect())
    }

    async fn buckets(&self, query: &RangeQuery) -> Result<Vec<Vec<Bucket>>, StoreError> {
        let state = self.reading()?;
        Ok(query.keys.iter().map(|key| state.measured.buckets(key, query)).collect())
    }

    async fn oldest(&self) -> Result<Oldest, StoreError> {
        let state = self.reading()?;
        let measured = &state.measured;
        let first = |resolution| {
            let kept_from = measured.kept_from_ms.get(&resolution).copied().unwrap_or(i64::MIN);
            measured.rows.range(kept_from..).next().map(|(at_ms, _)| *at_ms)
        };
        Ok(Oldest {
            by_resolution: Resolution::ALL.map(first),
            tail: None,
        })
    }

    async fn newest_ms(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.reading()?.measured.rows.keys().next_back().copied())
    }
}

#[async_trait]
impl Upkeep for MemoryStore {
    async fn forget(&self, table: KeptTable, before_ms: i64) -> Result<u64, StoreError> {
        let mut state = self.writing()?;
        let removed = |before: usize, after: usize| u64::try_from(before - after).unwrap();
        Ok(match table {
            KeptTable::Events => {
                let before = state.events.len();
                state.events.retain(|e| e.event.at_ms >= before_ms);
                removed(before, state.events.len())
            }
            KeptTable::Audit => {
                let before = state.audit.len();
                state.audit.retain(|a| a.entry.at_ms >= before_ms);
                removed(before, state.audit.len())
            }
            KeptTable::Decisions => state.scaling.forget_spans(before_ms),
            KeptTable::ScalingEvents => state.scaling.forget_changes(before_ms),
            KeptTable::Samples(resolution) => {
                let length = resolution.slice_ms();
                let kept_from = before_ms - before_ms.rem_euclid(length);
                let old = state.measured.kept_from_ms.insert(resolution, kept_from);
                // The number of blocks is the real store's own affair; something or nothing is not.
                let was_there = |at: &i64| *at < kept_from && old.is_none_or(|old| *at >= old);
                state.measured.rows.keys().filter(|at| was_there(at)).count() as u64
            }
            KeptTable::Series | KeptTable::Sessions => 0,
        })
    }

    async fn usage(&self) -> Result<DataUsage, StoreError> {
        let state = self.reading()?;
        let names: std::collections::HashSet<_> = state.measured.rows.values().flat_map(HashMap::keys).collect();
        Ok(DataUsage {
            series: names.len() as u64,
            tail_rows: state.measured.rows.len() as u64,
            events: state.events.len() as u64,
            audit: state.audit.len() as u64,
            decisions: state.scaling.counts().0,
            scaling_events: state.scaling.counts().1,
            ..DataUsage::default()
        })
    }
}
