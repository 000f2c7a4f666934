//! What each process said last, and what each name has gained in all its lives.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use gateway::Distribution;
use model::{GatewayId, PoolId};

use super::observer::Member;
use crate::builtin::fleet::counts::Counts;

/// Processes that are remembered beyond those that report, so that one that comes back is not counted twice.
const GONE_MAX: usize = 64;
/// Names that are remembered, for their totals.
const NAMES_MAX: usize = 512;

#[derive(Default)]
pub(super) struct Heard {
    names: HashMap<GatewayId, Name>,
    /// By name and run: two processes that take turns under one name have counts of their own.
    lives: HashMap<(GatewayId, u64), Life>,
}

struct Name {
    at: Instant,
    /// Everything it has gained since it is known.
    total: Counts,
}

/// One process.
#[derive(Default)]
pub(super) struct Life {
    at: Option<Instant>,
    /// It does not report any more, and may again.
    is_gone: bool,
    pub(super) unrouted: u64,
    pub(super) pools: HashMap<PoolId, Said>,
    pub(super) instances: HashMap<Member, Said>,
}

#[derive(Default)]
pub(super) struct Said {
    pub(super) counts: Counts,
    pub(super) latencies: Distribution,
}

impl Heard {
    /// Whether what a process has gained belongs to the time before this observation.
    pub(super) fn is_late(&self, id: &GatewayId, run: u64, at: Instant, is_young: bool, silent_after: Duration) -> bool {
        let is_long = |before: Instant| at.duration_since(before) > silent_after;
        match self.lives.get(&(id.clone(), run)).and_then(|life| life.at) {
            Some(before) => is_long(before),
            // Started again under a name that was heard lately.
            None => !is_young || self.names.get(id).is_none_or(|name| is_long(name.at)),
        }
    }

    pub(super) fn take(&mut self, id: &GatewayId, run: u64) -> Life {
        self.lives.remove(&(id.clone(), run)).unwrap_or_default()
    }

    pub(super) fn put(&mut self, id: &GatewayId, run: u64, at: Instant, life: Life, gained: Counts) {
        let name = self.names.entry(id.clone()).or_insert_with(|| Name {
            at,
            total: Counts::default(),
        });
        name.at = name.at.max(at);
        name.total.add(gained);
        let life = Life {
            at: Some(at),
            is_gone: false,
            ..life
        };
        self.lives.insert((id.clone(), run), life);
    }

    /// It has ended and does not come back.
    pub(super) fn left(&mut self, id: &GatewayId, run: u64) {
        self.lives.remove(&(id.clone(), run));
    }

    pub(super) fn total(&self, id: &GatewayId) -> Counts {
        self.names.get(id).map(|name| name.total).unwrap_or_default()
    }

    /// Forgets the latencies of those that are gone, which are large and not needed when they come back late, and the oldest of them
    /// altogether.
    pub(super) fn keep(&mut self, is_present: impl Fn(&GatewayId, u64) -> bool) {
        for ((id, run), life) in &mut self.lives {
            if !life.is_gone && !is_present(id, *run) {
                life.is_gone = true;
                let said = life.pools.values_mut().chain(life.instances.values_mut());
                said.for_each(|said| said.latencies = Distribution::default());
            }
        }
        let gone = self.lives.iter().filter(|(_, life)| life.is_gone);
        for key in beyond(GONE_MAX, gone.map(|(key, life)| (life.at, key.clone()))) {
            self.lives.remove(&key);
        }
        if self.names.len() <= NAMES_MAX {
            return;
        }
        let unheard = self
            .names
            .iter()
            .filter(|(id, _)| !self.lives.keys().any(|(known, _)| &known == id));
        for id in beyond(NAMES_MAX, unheard.map(|(id, name)| (Some(name.at), id.clone()))) {
            self.names.remove(&id);
        }
    }
}

/// All but the latest `max`.
fn beyond<K>(max: usize, entries: impl Iterator<Item = (Option<Instant>, K)>) -> Vec<K> {
    let mut entries: Vec<(Option<Instant>, K)> = entries.collect();
    entries.sort_by_key(|(at, _)| *at);
    entries.truncate(entries.len().saturating_sub(max));
    entries.into_iter().map(|(_, key)| key).collect()
}
