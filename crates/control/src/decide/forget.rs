//! Whose name has passed to another process, or to nobody: what an operator said of it was said of the one before.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use model::{InstanceId, PoolId, PoolPolicy};

/// The processes of workloads, by name, as they were last seen. Those that are there at the first look are who was meant: they have the
/// names of those that ran before the console stopped.
#[derive(Debug, Default)]
pub struct Names {
    known: Option<BTreeMap<(PoolId, InstanceId), SocketAddr>>,
    passed: BTreeMap<PoolId, BTreeSet<InstanceId>>,
}

impl Names {
    pub fn look(&mut self, now: impl IntoIterator<Item = ((PoolId, InstanceId), SocketAddr)>) {
        let now: BTreeMap<_, _> = now.into_iter().collect();
        let Some(before) = self.known.replace(now) else { return };
        let now = self.known.iter().flatten();
        let came = now
            .filter(|(name, address)| before.get(name) != Some(address))
            .map(|(name, _)| name);
        let gone = before
            .keys()
            .filter(|name| self.known.as_ref().is_none_or(|now| !now.contains_key(name)));
        for (pool, id) in came.chain(gone) {
            self.passed.entry(pool.clone()).or_default().insert(id.clone());
        }
    }

    /// Names whose former bearer may still be spoken of.
    pub fn passed(&self) -> Vec<(PoolId, BTreeSet<InstanceId>)> {
        self.passed.iter().map(|(pool, ids)| (pool.clone(), ids.clone())).collect()
    }

    /// Nothing is said of these any more.
    pub fn settled(&mut self, pool: &PoolId) {
        self.passed.remove(pool);
    }
}

/// The policy without a word about these; `None` where it says nothing that matters.
pub fn without(policy: &PoolPolicy, ids: &BTreeSet<InstanceId>) -> Option<PoolPolicy> {
    let matters = ids.iter().any(|id| {
        policy
            .instances
            .get(id)
            .is_some_and(|said| *said != model::InstancePolicy::default())
    });
    matters.then(|| {
        let mut policy = policy.clone();
        policy.instances.retain(|id, _| !ids.contains(id));
        policy
    })
}

#[cfg(test)]
mod tests {
    use model::{AdminState, InstancePolicy};

    use super::*;
    use crate::decide::testing::id;

    fn look(names: &mut Names, now: &[(&str, u16)]) -> Vec<String> {
        let pool = PoolId::new("web").unwrap();
        names.look(
            now.iter()
                .map(|(name, port)| ((pool.clone(), id(name)), ([127, 0, 0, 1], *port).into())),
        );
        let passed = names
            .passed()
            .into_iter()
            .flat_map(|(_, ids)| ids)
            .map(|id| id.to_string())
            .collect();
        names.settled(&pool);
        passed
    }

    #[test]
    fn a_name_passes_when_its_bearer_goes_comes_or_is_another() {
        let mut names = Names::default();
        assert!(
            look(&mut names, &[("a", 1), ("b", 2)]).is_empty(),
            "those of the first look were meant"
        );
        assert!(look(&mut names, &[("a", 1), ("b", 2)]).is_empty());
        assert_eq!(look(&mut names, &[("a", 1)]), ["b"]);
        assert_eq!(
            look(&mut names, &[("a", 1), ("c", 3)]),
            ["c"],
            "somebody may have been called so before"
        );
        assert_eq!(look(&mut names, &[("a", 9), ("c", 3)]), ["a"]);
        names.look([]);
        names.look([]);
        assert_eq!(names.passed().len(), 1, "until it is settled");
    }

    #[test]
    fn only_what_matters_is_taken_back() {
        let mut policy = PoolPolicy::default();
        policy.instances.insert(id("a"), InstancePolicy::default());
        assert_eq!(without(&policy, &BTreeSet::from([id("a"), id("b")])), None);
        let drained = InstancePolicy {
            admin: AdminState::Drain,
            ..InstancePolicy::default()
        };
        policy.instances.insert(id("b"), drained);
        policy.instances.insert(id("c"), drained);
        let left = without(&policy, &BTreeSet::from([id("b")])).unwrap();
        assert_eq!(left.instances.keys().map(InstanceId::as_str).collect::<Vec<_>>(), ["a", "c"]);
    }
}
