//! Who has registered, and when each was heard of last. Time is an argument.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use model::{InstanceId, PoolId, Registered, Registration};

use super::members::Member;

/// One that has registered.
#[derive(Debug, Clone)]
pub struct Entry {
    pub registration: Arc<Registration>,
    /// Unix time of its last sign of life, ms: what is shown.
    pub heartbeat_at_ms: i64,
    /// What expiry goes by: a clock that jumps expires nobody.
    heard: Instant,
    /// On its way out of the store, where a sign of life would be lost.
    is_leaving: bool,
}

impl Entry {
    fn is_silent(&self, now: Instant, expire: Duration) -> bool {
        now.saturating_duration_since(self.heard) >= expire
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
    looked: Option<Instant>,
}

impl Roster {
    /// Those that were kept over a restart: heard of just now, because while the console was away nobody could be.
    pub fn restored(registrations: Vec<Registration>, now: Instant, now_ms: i64) -> Self {
        let mut roster = Self::default();
        for registration in registrations {
            roster.put(registration, now, now_ms);
        }
        roster
    }

    /// New or anew.
    pub fn put(&mut self, registration: Registration, now: Instant, now_ms: i64) {
        let entry = Entry {
            heartbeat_at_ms: now_ms,
            heard: now,
            is_leaving: false,
            registration: Arc::new(registration),
        };
        let pool = self.pools.entry(entry.registration.pool.clone()).or_default();
        pool.insert(entry.registration.id.clone(), entry);
    }

    /// Makes it those that are stored: whoever is new was heard of just now. Whether anybody has come, gone or changed.
    pub fn adopt(&mut self, stored: Vec<Registration>, now: Instant, now_ms: i64) -> bool {
        let mut changed = false;
        let there: BTreeSet<_> = stored.iter().map(|r| (r.pool.clone(), r.id.clone())).collect();
        for (pool, members) in &mut self.pools {
            let before = members.len();
            members.retain(|id, _| there.contains(&(pool.clone(), id.clone())));
            changed |= members.len() != before;
        }
        for registration in stored {
            let known = self.get(&registration.pool, &registration.id);
            if known.is_none_or(|known| *known.registration != registration) {
                self.put(registration, now, now_ms);
                changed = true;
            }
        }
        changed
    }

    /// Nobody is silent yet: until now somebody else listened.
    pub fn all_heard(&mut self, now: Instant) {
        for entry in self.pools.values_mut().flat_map(BTreeMap::values_mut) {
            entry.heard = now;
        }
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

    /// Over all pools.
    pub fn total(&self) -> usize {
        self.pools.values().map(BTreeMap::len).sum()
    }

    /// Those of the pool at this address.
    pub fn at(&self, pool: &PoolId, address: SocketAddr) -> impl Iterator<Item = &InstanceId> {
        let entries = self.pools.get(pool).into_iter().flatten();
        entries
            .filter(move |(_, entry)| entry.registration.address == address)
            .map(|(id, _)| id)
    }

    pub fn members(&self, pool: &PoolId) -> impl Iterator<Item = Member> {
        let entries = self.pools.get(pool).into_iter().flat_map(BTreeMap::values);
        entries.map(|entry| Member::registered(entry.registration.clone()))
    }

    /// Whether it is known, and not leaving: who is told that it was heard of stays.
    pub fn heard(&mut self, pool: &PoolId, id: &InstanceId, now: Instant, now_ms: i64) -> bool {
        let Some(entry) = self.entry(pool, id).filter(|entry| !entry.is_leaving) else {
            return false;
        };
        (entry.heard, entry.heartbeat_at_ms) = (now, now_ms);
        true
    }

    /// A registration that says what is known already is a sign of life; `None` for any other.
    pub fn refresh(&mut self, registration: &Registration, now: Instant, now_ms: i64) -> Option<Arc<Registration>> {
        let known = self.get(&registration.pool, &registration.id)?.registration.clone();
        let says_the_same = *known
            == Registration {
                registered_at_ms: known.registered_at_ms,
                ..registration.clone()
            };
        (says_the_same && self.heard(&registration.pool, &registration.id, now, now_ms)).then_some(known)
    }

    /// Notes that somebody looks for the silent, as should happen once `every`. Time in which nobody did is nobody's silence: the process
    /// stood still, and no heartbeat could arrive.
    pub fn look(&mut self, now: Instant, every: Duration) {
        let gap = self.looked.replace(now).map(|before| now.saturating_duration_since(before));
        let late = gap.unwrap_or_default().saturating_sub(every);
        if late > every {
            for entry in self.pools.values_mut().flat_map(BTreeMap::values_mut) {
                entry.heard = (entry.heard + late).min(now);
            }
        }
    }

    /// Those nothing was heard of for `expire`, by pool and name.
    pub fn silent(&self, now: Instant, expire: Duration) -> Vec<Entry> {
        let all = self.pools.values().flat_map(BTreeMap::values);
        all.filter(|entry| entry.is_silent(now, expire)).cloned().collect()
    }

    /// Marks one as leaving that is still silent. `false`, and no mark, when it is not, or is not known.
    pub fn leave(&mut self, pool: &PoolId, id: &InstanceId, now: Instant, expire: Duration) -> bool {
        let Some(entry) = self.entry(pool, id).filter(|entry| entry.is_silent(now, expire)) else {
            return false;
        };
        entry.is_leaving = true;
        true
    }

    /// It could not leave.
    pub fn stay(&mut self, pool: &PoolId, id: &InstanceId) {
        if let Some(entry) = self.entry(pool, id) {
            entry.is_leaving = false;
        }
    }

    fn entry(&mut self, pool: &PoolId, id: &InstanceId) -> Option<&mut Entry> {
        self.pools.get_mut(pool)?.get_mut(id)
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
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], start, 0);
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
    fn what_other_consoles_stored_is_adopted_and_silence_stays_counted() {
        let (start, expire) = (Instant::now(), Duration::from_secs(60));
        let at = |s: u64| start + Duration::from_secs(s);
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], start, 0);
        assert!(!roster.adopt(vec![registration("a"), registration("b")], at(30), 0));
        assert!(roster.adopt(vec![registration("a"), registration("c")], at(30), 0));
        assert_eq!(names(&roster.silent(at(60), expire)), ["a"], "b has left, c was heard of at 30 s");
        roster.all_heard(at(60));
        assert_eq!(names(&roster.silent(at(119), expire)), [""; 0]);
    }

    #[test]
    fn a_sign_of_life_keeps_its_instance_or_is_not_acknowledged() {
        let (start, expire) = (Instant::now(), Duration::from_secs(60));
        let at = |s: u64| start + Duration::from_secs(s);
        let (web, a, b): (PoolId, _, _) = ("web".parse().unwrap(), id("a"), id("b"));
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], start, 0);
        assert_eq!(names(&roster.silent(at(60), expire)), ["a", "b"]);
        assert!(roster.heard(&web, &a, at(60), 0));
        assert!(!roster.leave(&web, &a, at(60), expire), "it was heard of after the look");
        assert!(roster.leave(&web, &b, at(60), expire));
        assert!(!roster.heard(&web, &b, at(60), 0), "it has to register again");
        roster.stay(&web, &b);
        assert!(roster.heard(&web, &b, at(61), 0), "the store could not let it go");
        assert_eq!(names(&roster.silent(at(61), expire)), [""; 0]);
        assert!(!roster.leave(&web, &id("z"), at(61), expire));
    }

    #[test]
    fn time_in_which_nobody_looked_is_nobodys_silence() {
        let (start, every, expire) = (Instant::now(), Duration::from_secs(1), Duration::from_secs(60));
        let at = |s: u64| start + Duration::from_secs(s);
        let (web, b): (PoolId, _) = ("web".parse().unwrap(), id("b"));
        let mut roster = Roster::restored(vec![registration("a"), registration("b")], start, 0);
        for s in 0..=50 {
            roster.look(at(s), every);
        }
        // The process stands still for an hour; b is heard of before the next look.
        assert!(roster.heard(&web, &b, at(3_650), 0));
        roster.look(at(3_650), every);
        assert_eq!(names(&roster.silent(at(3_650), expire)), [""; 0]);
        for s in 3_651..=3_660 {
            roster.look(at(s), every);
        }
        assert_eq!(
            names(&roster.silent(at(3_660), expire)),
            ["a"],
            "silent for 51 s before and 9 s after"
        );
        assert_eq!(names(&roster.silent(at(3_710), expire)), ["a", "b"]);
    }
}
