//! The same client, or the same path and query, always to the same instance: consistent hashing on a ring (Karger et al., 1997).
//!
//! An instance's points depend on its name alone. So one that leaves moves only its own keys, and every gateway with the same pool
//! sends a key to the same place. Weights are not used.

use std::net::IpAddr;

use model::{InstanceId, PickBasis};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{Candidates, Note, Picker, Request};

/// Points of an instance on the ring, as many as ketama's. Shares then differ by about 1/√160 = 8 %.
const POINTS: u64 = 160;
/// Points looked at before asking whether anybody takes requests at all.
const PATIENCE: usize = 512;

/// What of a request is hashed.
#[derive(Debug, Clone, Copy)]
enum Key {
    Client,
    Uri,
}

#[derive(Debug)]
pub(super) struct Hashing {
    key: Key,
    /// Sorted by position: position, instance.
    ring: Vec<(u64, u32)>,
}

impl Hashing {
    pub(super) fn by_client<'a>(instances: impl Iterator<Item = &'a InstanceId>) -> Self {
        Self::new(Key::Client, instances)
    }

    pub(super) fn by_uri<'a>(instances: impl Iterator<Item = &'a InstanceId>) -> Self {
        Self::new(Key::Uri, instances)
    }

    fn new<'a>(key: Key, instances: impl Iterator<Item = &'a InstanceId>) -> Self {
        let mut ring: Vec<_> = (0_u32..)
            .zip(instances)
            .flat_map(|(index, id)| (0..POINTS).map(move |point| (xxh3_64_with_seed(id.as_str().as_bytes(), point), index)))
            .collect();
        ring.sort_unstable();
        Self { key, ring }
    }

    /// Whose place comes first from `hash` on.
    pub(super) fn owner(&self, candidates: &dyn Candidates, hash: u64) -> Option<usize> {
        let start = self.ring.partition_point(|(position, _)| *position < hash);
        let owners = self.ring[start..].iter().chain(&self.ring[..start]);
        let anybody = || (0..candidates.len()).any(|index| candidates.takes(index));
        let mut looked_at = None;
        let mut returning = None;
        // After so many points without one that takes requests, find out whether it is worth going on.
        let owners = owners.enumerate().take_while(|(steps, _)| *steps != PATIENCE || anybody());
        let settled = owners.map(|(_, (_, index))| *index as usize).find(|&index| {
            // Points of one instance often stand in a row.
            if looked_at.replace(index) == Some(index) || !candidates.takes(index) {
                return false;
            }
            let accepts = accepts(candidates, index, hash);
            if !accepts {
                returning.get_or_insert(index);
            }
            accepts
        });
        settled.or(returning)
    }

    fn hash(&self, request: &Request<'_>) -> u64 {
        match (self.key, request.client) {
            (Key::Client, IpAddr::V4(client)) => xxh3_64(&client.octets()),
            (Key::Client, IpAddr::V6(client)) => xxh3_64(&client.octets()),
            (Key::Uri, _) => xxh3_64(request.path_and_query.as_bytes()),
        }
    }
}

impl Picker for Hashing {
    fn pick(&self, candidates: &dyn Candidates, request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        let hash = self.hash(request);
        if let Some(note) = note {
            note.basis = Some(PickBasis::Hash { hash });
        }
        self.owner(candidates, hash)
    }
}

/// Slow start, steady for each key: an instance at a tenth of its way back has a tenth of its keys.
fn accepts(candidates: &dyn Candidates, index: usize, hash: u64) -> bool {
    let ramp = candidates.ramp(index);
    // Other bits than those that chose the instance.
    ramp >= 1.0 || (hash.rotate_left(32) >> 40) as f32 / (1_u64 << 24) as f32 <= ramp
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::{View, mixed_view};

    fn ids(names: impl IntoIterator<Item = usize>) -> Vec<InstanceId> {
        names.into_iter().map(|n| InstanceId::new(format!("i{n}")).unwrap()).collect()
    }

    fn uri(path_and_query: &str) -> Request<'_> {
        Request {
            client: IpAddr::from([127, 0, 0, 1]),
            path_and_query,
        }
    }

    #[test]
    fn a_client_stays_where_it_is_whatever_it_asks_for() {
        let picker = Hashing::by_client(ids(0..5).iter());
        let view = View::of_weights(&[1; 5]);
        let pick = |last, path_and_query| {
            let client = IpAddr::from([10, 0, 0, last]);
            picker.pick(&view, &Request { client, path_and_query }, None)
        };
        assert!((0..50).all(|last| pick(last, "/") == pick(last, "/other?x=1")));
        assert!((0..50).any(|last| pick(last, "/") != pick(0, "/")));
    }

    #[test]
    fn shares_are_about_equal() {
        let picker = Hashing::by_uri(ids(0..4).iter());
        let view = View::of_weights(&[1; 4]);
        let mut counts = [0_u32; 4];
        for n in 0..20_000 {
            counts[picker.pick(&view, &uri(&format!("/item/{n}")), None).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (4_000..6_000).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_returning_instance_gets_a_part_of_its_own_keys_and_no_others() {
        let picker = Hashing::by_uri(ids(0..4).iter());
        let (all, mut view) = (View::of_weights(&[1; 4]), View::of_weights(&[1; 4]));
        view.ramp[2] = 0.25;
        let (mut own, mut now) = (0, 0);
        for n in 0..20_000 {
            let path = format!("/item/{n}");
            let (before, after) = (picker.pick(&all, &uri(&path), None), picker.pick(&view, &uri(&path), None));
            own += u32::from(before == Some(2));
            now += u32::from(after == Some(2));
            assert!(after == before || before == Some(2));
        }
        assert!((own / 5..own / 3).contains(&now), "{now} of {own}");
    }

    proptest! {
        #[test]
        fn one_that_leaves_moves_only_its_own_keys(count in 2_usize..9, leaves in any::<prop::sample::Index>(), paths in prop::collection::vec("/[a-z]{0,8}", 1..40)) {
            let leaves = leaves.index(count);
            let stay: Vec<_> = (0..count).filter(|&n| n != leaves).collect();
            let (before, after) = (Hashing::by_uri(ids(0..count).iter()), Hashing::by_uri(ids(stay.iter().copied()).iter()));
            let (all, fewer) = (View::of_weights(&vec![1; count]), View::of_weights(&vec![1; count - 1]));
            for path in &paths {
                let was = before.pick(&all, &uri(path), None).unwrap();
                let is = stay[after.pick(&fewer, &uri(path), None).unwrap()];
                prop_assert!(was == leaves || was == is);
                // Out is like gone.
                let mut out = all.clone();
                out.takes[leaves] = false;
                prop_assert_eq!(before.pick(&out, &uri(path), None), Some(is));
            }
        }

        #[test]
        fn only_takers_are_picked(view in mixed_view(), path in "/[a-z]{0,8}") {
            match Hashing::by_uri(ids(0..view.len()).iter()).pick(&view, &uri(&path), None) {
                None => prop_assert!(!view.takes.contains(&true)),
                Some(picked) => prop_assert!(view.takes[picked]),
            }
        }
    }
}
