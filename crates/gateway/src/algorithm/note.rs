//! What a pick goes by, written down for a receipt, and the same decision made again from it.
//!
//! The decision is made again in the plainest way, by looking at everybody: it shares neither tournament nor rotation with the pickers, so
//! that it can find them wrong.

use model::{Algorithm, Candidate, InstanceId, Pick, PickBasis, Standing, Weight};

use super::{
    Candidates, Load, Request, Response,
    hashing::Hashing,
    rotation::around,
    weighted_round_robin::{TURNS, smooth_round},
};

/// Filled in by a picker that is asked to.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) basis: Option<PickBasis>,
    /// By instance: what it costs to pick it; infinite when it takes nothing. Empty where nothing is compared.
    pub(super) scores: Vec<f64>,
    /// By instance: the number of the pick that chose it last.
    pub(super) last_picks: Vec<u64>,
}

/// `None` for all requests without a receipt.
pub(crate) type Note<'a> = Option<&'a mut Noted>;

/// A pool held still, so that what is written down is what the pick saw.
#[derive(Debug)]
pub(crate) struct Frozen(Vec<Facts>);

#[derive(Debug)]
struct Facts {
    id: InstanceId,
    standing: Standing,
    weight: Weight,
    in_flight: u32,
    ramp: f32,
    response: Response,
    load: Option<Load>,
}

impl Frozen {
    pub(crate) fn new<'a>(live: &dyn Candidates, named: impl Iterator<Item = (&'a InstanceId, Standing)>) -> Self {
        let facts = named.enumerate().map(|(index, (id, standing))| Facts {
            id: id.clone(),
            standing,
            weight: live.weight(index),
            in_flight: live.in_flight(index),
            ramp: live.ramp(index),
            response: live.response(index),
            load: live.load(index),
        });
        Self(facts.collect())
    }

    fn candidate(&self, index: usize, scores: &[f64], last_picks: &[u64]) -> Candidate {
        let facts = &self.0[index];
        let load = facts.load.unwrap_or_default();
        Candidate {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            instance: facts.id.clone(),
            standing: facts.standing,
            weight: facts.weight,
            in_flight: facts.in_flight,
            ramp: facts.ramp,
            average_us: facts.response.average_us,
            peak_us: facts.response.peak_us,
            cpu: load.cpu,
            memory: load.memory,
            gpu: load.gpu,
            sessions: load.sessions,
            score: scores.get(index).copied().filter(|score| score.is_finite()),
            last_pick: last_picks.get(index).copied(),
        }
    }
}

/// A pick with everything that it went by. Putting it in order takes longer than picking, so that comes when the request is over.
#[derive(Debug)]
pub(crate) struct Sketch {
    pub(crate) pool: Frozen,
    pub(crate) algorithm: Algorithm,
    pub(crate) picked: usize,
    pub(crate) noted: Noted,
}

impl Sketch {
    /// As it goes into the receipt.
    pub(crate) fn finish(self) -> Pick {
        let Self {
            pool,
            algorithm,
            picked,
            noted,
        } = self;
        let basis = noted.basis.unwrap_or(PickBasis::Pinned);
        let again = again(algorithm, &basis, &pool, &noted.scores, &noted.last_picks);
        let listed = |index: &usize| *index < Pick::CANDIDATES_MAX || *index == picked;
        let candidates: Vec<_> = (0..pool.0.len())
            .filter(listed)
            .map(|index| pool.candidate(index, &noted.scores, &noted.last_picks))
            .collect();
        Pick {
            left_out: u32::try_from(pool.0.len() - candidates.len()).unwrap_or(u32::MAX),
            candidates,
            again: again.map(|index| pool.0[index].id.clone()),
            basis,
        }
    }
}

impl Candidates for Frozen {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn takes(&self, index: usize) -> bool {
        self.0[index].standing == Standing::Takes
    }
    fn weight(&self, index: usize) -> Weight {
        self.0[index].weight
    }
    fn in_flight(&self, index: usize) -> u32 {
        self.0[index].in_flight
    }
    fn ramp(&self, index: usize) -> f32 {
        self.0[index].ramp
    }
    fn response(&self, index: usize) -> Response {
        self.0[index].response
    }
    fn load(&self, index: usize) -> Option<Load> {
        self.0[index].load
    }
}

/// Who is picked by these figures.
fn again(algorithm: Algorithm, basis: &PickBasis, pool: &Frozen, scores: &[f64], last_picks: &[u64]) -> Option<usize> {
    let score = |index: usize| scores.get(index).copied().unwrap_or(f64::INFINITY);
    let takers = || (0..pool.len()).filter(|&index| pool.takes(index));
    match basis {
        PickBasis::Pinned => None,
        PickBasis::Turn { start, let_pass } => {
            let circle: Vec<usize> = match algorithm {
                Algorithm::WeightedRoundRobin => {
                    let weights: Vec<_> = pool.0.iter().map(|facts| facts.weight).collect();
                    smooth_round(&weights).into_iter().map(|index| index as usize).collect()
                }
                _ => (0..pool.len()).collect(),
            };
            let lets_pass = |position: &usize| u32::try_from(*position).is_ok_and(|position| let_pass.contains(&position));
            let turns = || around(*start as usize, circle.len()).filter(|&position| pool.takes(circle[position]));
            let asked = around(*start as usize, circle.len()).take(if algorithm == Algorithm::WeightedRoundRobin {
                TURNS
            } else {
                circle.len()
            });
            let turn = asked
                .filter(|&position| pool.takes(circle[position]))
                .find(|position| !lets_pass(position))
                .or_else(|| turns().next());
            turn.map(|position| circle[position])
        }
        PickBasis::Cheapest { .. } => takers().min_by(|&a, &b| {
            let last = |index: usize| last_picks.get(index);
            score(a).total_cmp(&score(b)).then_with(|| last(a).cmp(&last(b)))
        }),
        PickBasis::Drawn { first, second } => {
            let second = second.filter(|&second| score(second as usize) < score(*first as usize));
            Some(second.unwrap_or(*first) as usize)
        }
        PickBasis::Hash { hash } => Hashing::by_client(pool.0.iter().map(|facts| &facts.id)).owner(pool, *hash),
    }
}

/// A picker asked as for a receipt.
pub(crate) fn pick_noted(picker: &dyn super::Picker, pool: &Frozen, request: &Request<'_>) -> Option<(usize, Noted)> {
    let mut noted = Noted::default();
    let picked = picker.pick(pool, request, Some(&mut noted))?;
    Some((picked, noted))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::{
        super::{
            picker,
            testing::{View, mixed_view},
        },
        *,
    };

    fn frozen(view: &View, names: &[InstanceId]) -> Frozen {
        let standing = |index: usize| {
            if view.takes(index) { Standing::Takes } else { Standing::Down }
        };
        Frozen::new(view, names.iter().enumerate().map(|(index, id)| (id, standing(index))))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        /// After any history, with anybody out, busy, slow, loaded or coming back, the figures of a receipt lead to the same pick.
        #[test]
        fn every_pick_is_made_again_from_its_receipt(
            views in prop::collection::vec(mixed_view(), 1..4),
            algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
            ramps in prop::collection::vec(0.0_f32..1.5, 8),
            seed in any::<u64>(),
            requests in 1_usize..40,
            refreshed in any::<bool>(),
        ) {
            let count = views.iter().map(View::len).min().unwrap();
            let names: Vec<_> = (0..count).map(|n| InstanceId::new(format!("i{n}")).unwrap()).collect();
            let instances: Vec<_> = names.iter().cloned().zip((0..count).map(|n| views[0].weight(n))).collect();
            let picker = picker(algorithm, &instances, seed);
            for (round, view) in views.iter().enumerate() {
                let mut view = view.cut(count);
                view.weights = instances.iter().map(|(_, weight)| *weight).collect();
                view.ramp = ramps[..count].iter().map(|ramp| ramp.min(1.0)).collect();
                if refreshed {
                    picker.refresh(&view);
                }
                for number in 0..requests {
                    let path = format!("/{round}/{number}");
                    let request = Request {
                        client: Ipv4Addr::from(u32::try_from(number).unwrap()).into(),
                        path_and_query: &path,
                    };
                    let pool = frozen(&view, &names);
                    match pick_noted(picker.as_ref(), &pool, &request) {
                        Some((picked, noted)) => {
                            let pick = Sketch { pool, algorithm, picked, noted }.finish();
                            prop_assert_eq!(pick.again.as_ref(), Some(&names[picked]), "{:?}", pick);
                            view.in_flight[picked] += 1;
                            picker.changed(&view, picked);
                        }
                        None => prop_assert!((0..count).all(|index| !view.takes(index))),
                    }
                }
            }
        }
    }

    #[test]
    fn a_wrong_pick_is_found() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.in_flight = vec![3, 0, 5];
        let names: Vec<_> = (0..3).map(|n| InstanceId::new(format!("i{n}")).unwrap()).collect();
        let instances: Vec<_> = names.iter().map(|id| (id.clone(), Weight::ONE)).collect();
        let picker = picker(Algorithm::LeastConnections, &instances, 1);
        picker.refresh(&view);
        let pool = frozen(&view, &names);
        let (picked, noted) = pick_noted(picker.as_ref(), &pool, &super::super::testing::anybody()).unwrap();
        assert_eq!(picked, 1);
        let pick = Sketch {
            pool,
            algorithm: Algorithm::LeastConnections,
            picked: 2,
            noted,
        }
        .finish();
        assert_eq!(
            pick.again.as_ref(),
            Some(&names[1]),
            "whoever claims to have picked another is contradicted"
        );
        let scores: Vec<_> = pick.candidates.iter().map(|candidate| candidate.score).collect();
        assert_eq!(scores, [Some(3.0), Some(0.0), Some(5.0)]);
    }

    #[test]
    fn of_a_large_pool_the_picked_one_is_listed() {
        let weights = vec![1; 500];
        let view = View::of_weights(&weights);
        let names: Vec<_> = (0..500).map(|n| InstanceId::new(format!("i{n}")).unwrap()).collect();
        let pool = frozen(&view, &names);
        let pick = Sketch {
            pool,
            algorithm: Algorithm::RoundRobin,
            picked: 400,
            noted: Noted::default(),
        }
        .finish();
        assert_eq!((pick.candidates.len(), pick.left_out), (Pick::CANDIDATES_MAX + 1, 435));
        assert_eq!(pick.candidates.last().unwrap().instance, names[400]);
    }
}
