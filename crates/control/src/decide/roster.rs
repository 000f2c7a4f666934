//! Who has registered, and when each was heard of last. Time is an argument.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use model::{InstanceId, PoolId, Registered, Registration};

use super::members::Member;

/// One that has registered.
#[derive(Debug, Clone)]
pub struct Entry {
    pub registration: Arc<Registration>,
    /// Unix time, ms: what is shown.
    pub heartbeat_at_ms: i64,
    /// What expiry goes by: a clock that jumps expires nobody.
    heard: Instant,
    is_kept: bool,
}

impl Entry {
    /// With its newest sign of life.
    pub fn current(&self) -> Registration {
        Registration {
            heartbeat_at_ms: self.heartbeat_at_ms,
            ..(*self.registration).clone()
        }
    }

    pub fn shown(&self) -> Registered {
        Registered {
            at_ms: self.registration.registered_at_ms,
            heartbeat_at_ms: self.heartbeat_at_ms,
            capabilities: self.registration.capabilities.clone(),
            tags: self.registration.tags.clone(),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Roster {
    pools: BTreeMap<PoolId, BTreeMap<InstanceId, Entry>>,
}

impl Roster {
    /// Those that were kept over a restart: heard of just now, because while the console was away nobody could be.
    pub fn restored(registrations: Vec<Registration>, now: Instant) -> Self {
        let mut roster = Self::default();
        for registration in registrations {
            roster.put(registration, now);
        }
        roster
    }

    /// New or anew.
    pub fn put(&mut self, registration: Registration, now: Instant) {
        let entry = Entry {
            heartbeat_at_ms: registration.heartbeat_at_ms,
            heard: now,
            is_kept: true,
            registration: Arc::new(registration),
        };
        let pool = self.pools.entry(entry.registration.pool.clone()).or_default();
        pool.insert(entry.registration.id.clone(), entry);
    }

    pub fn remove(&mut self, pool: &PoolId, id: &InstanceId) {
        if let Some(members) = self.pools.get_mut(pool) {
            members.remove(id);
        }
    }

    pub fn get(&self, pool: &PoolId, id: &InstanceId) -> Option<&Entry> {
        self.pools.get(pool)?.get(id)
    }

    pub fn count(&self, pool: &PoolId) -> usize {
        self.pools.get(pool).map_or(0, BTreeMap::len)
    }

    pub fn members(&self, pool: &PoolId) -> impl Iterator<Item = Member> {
        let entries = self.pools.get(pool).into_iter().flat_map(BTreeMap::values);
        entries.map(|entry| Member::registered(entry.registration.clone()))
    }

    /// Whether it is known.
    pub fn heard(&mut self, pool: &PoolId, id: &InstanceId, now: Instant, now_ms: i64) -> bool {
        let Some(entry) = self.pools.get_mut(pool).and_then(|members| members.get_mut(id)) else {
            return false;
        };
        (entry.heard, entry.heartbeat_at_ms, entry.is_kept) = (now, now_ms, false);
        true
    }

    /// Those nothing was heard of for `expire`, by pool and name.
    pub fn silent(&self, now: Instant, expire: Duration) -> Vec<Entry> {
        let all = self.pools.values().flat_map(BTreeMap::values);
        all.filter(|entry| now.saturating_duration_since(entry.heard) >= expire)
            .cloned()
            .collect()
    }

    /// The signs of life that the store does not know of yet.
    pub fn to_keep(&self) -> Vec<Entry> {
        let all = self.pools.values().flat_map(BTreeMap::values);
        all.filter(|entry| !entry.is_kept).cloned().collect()
    }

    /// The store knows of these; of one that was heard of again meanwhile, not yet.
    pub fn kept(&mut self, entries: &[Entry]) {
        for kept in entries {
            let members = self.pools.get_mut(&kept.registration.pool);
            if let Some(entry) = members.and_then(|members| members.get_mut(&kept.registration.id))
                && entry.heartbeat_at_ms == kept.heartbeat_at_ms
            {
                entry.is_kept = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Weight;

    use super::*;
    use crate::decide::testing::id;

    fn registration(name: &str) -> Registration {
        Registration {
            pool: "web".parse().unwrap(),
            id: id(name),
            address: ([127, 0, 0, 1], 9).into(),
            check: None,
            weight: Weight::ONE,
            zone: None,
            capabilities: vec![],
            tags: vec![],
            metadata: BTreeMap::new(),
            registered_at_ms: 0,
            heartbeat_at_ms: 0,
        }
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|e| e.registration.id.as_str()).collect()
    }

    #[test]
    fn silence_expires_and_a_clock_that_jumps_does_not() {
        let (start, expire) = (Instant::now(), Duration::from_secs(60));
        let at = |s: u64| start + Duration::from_secs(s);
        let web: PoolId = "web".parse().unwrap();
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], start);
        assert_eq!(names(&roster.silent(at(59), expire)), [""; 0]);
        // The wall clock has jumped a year ahead.
        assert!(roster.heard(&web, &id("a"), at(30), 31_536_000_000));
        assert_eq!(names(&roster.silent(at(60), expire)), ["b"]);
        assert_eq!(names(&roster.silent(at(90), expire)), ["a", "b"]);
        assert!(!roster.heard(&web, &id("z"), at(90), 0));
        roster.remove(&web, &id("b"));
        assert_eq!(names(&roster.silent(at(90), expire)), ["a"]);
        assert_eq!(
            names(&roster.silent(start, expire)),
            [""; 0],
            "time that stands still expires nobody"
        );
    }

    #[test]
    fn a_sign_of_life_during_the_write_is_written_next_time() {
        let now = Instant::now();
        let web: PoolId = "web".parse().unwrap();
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], now);
        assert!(roster.to_keep().is_empty());
        roster.heard(&web, &id("a"), now, 1);
        roster.heard(&web, &id("b"), now, 1);
        let written = roster.to_keep();
        roster.heard(&web, &id("b"), now, 2);
        roster.kept(&written);
        assert_eq!(names(&roster.to_keep()), ["b"]);
    }
}
