//! By what the instances say about themselves: processor, memory, graphics processor, active sessions.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    Candidates, Load, Note, Picker, Request, costs,
    ranking::{Cost, NOT_NOW, Ranking},
};

/// An instance that says it is full still has this much left: reports are a second old, and somebody has to take the request.
const LEAST_HEADROOM: f64 = 0.02;

/// Two rankings: by reports, and by requests in flight for as long as any instance that takes requests has none or a stale one. Costs
/// from both kinds in one ranking would compare what cannot be compared.
#[derive(Debug)]
pub(super) struct ResourceBased {
    by_load: Ranking,
    by_in_flight: Ranking,
    all_report: AtomicBool,
}

impl ResourceBased {
    pub(super) fn new(count: usize) -> Self {
        Self {
            by_load: Ranking::new(count),
            by_in_flight: Ranking::new(count),
            all_report: AtomicBool::new(false),
        }
    }
}

/// Work waiting there, divided by what is left of the scarcest resource. Requests in flight count besides the report, because everybody
/// sees the same report until the next one: without them all requests of a second would go to one instance.
fn cost(candidates: &dyn Candidates, index: usize, load: Load) -> Cost {
    let scarcest = [load.cpu, load.memory, load.gpu].into_iter().flatten().fold(0.0, f32::max);
    let headroom = (1.0 - f64::from(scarcest)).max(LEAST_HEADROOM);
    let work = f64::from(candidates.in_flight(index)) + f64::from(load.sessions.unwrap_or(0)) + 1.0;
    work / (headroom * costs::effective_weight(candidates, index))
}

fn reported(candidates: &dyn Candidates, index: usize) -> Cost {
    match candidates.load(index) {
        Some(load) if candidates.takes(index) => cost(candidates, index, load),
        _ => NOT_NOW,
    }
}

impl Picker for ResourceBased {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        if self.all_report.load(Ordering::Relaxed) {
            self.by_load.pick(candidates, note, false)
        } else {
            self.by_in_flight.pick(candidates, note, true)
        }
    }

    fn changed(&self, candidates: &dyn Candidates, index: usize) {
        self.by_load.update(index, || reported(candidates, index));
        self.by_in_flight.update(index, || costs::in_flight(candidates, index));
    }

    fn refresh(&self, candidates: &dyn Candidates) {
        let silent = (0..candidates.len()).any(|index| candidates.takes(index) && candidates.load(index).is_none());
        self.by_load.refresh(|index| reported(candidates, index));
        self.by_in_flight.refresh(|index| costs::in_flight(candidates, index));
        self.all_report.store(!silent, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::{View, anybody, mixed_view, refreshed};

    fn picked(view: &View) -> Option<usize> {
        refreshed(ResourceBased::new(view.len()), view).pick(view, &anybody(), None)
    }

    /// Processor, graphics processor, sessions of each.
    fn loads<const N: usize>(reported: [(f32, f32, u32); N]) -> Vec<Option<Load>> {
        let load = |(cpu, gpu, sessions)| Load {
            cpu: Some(cpu),
            memory: Some(0.1),
            gpu: Some(gpu),
            sessions: Some(sessions),
        };
        reported.into_iter().map(load).map(Some).collect()
    }

    #[test]
    fn the_scarcest_resource_and_the_sessions_decide() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.load = loads([(0.9, 0.0, 0), (0.2, 0.8, 0), (0.5, 0.5, 0)]);
        assert_eq!(picked(&view), Some(2));
        view.load = loads([(0.5, 0.0, 0), (0.5, 0.0, 0), (0.5, 0.0, 7)]);
        view.in_flight = vec![2, 1, 0];
        assert_eq!(picked(&view), Some(1));
    }

    #[test]
    fn a_silent_instance_makes_it_least_connections() {
        let mut view = View::of_weights(&[1, 1]);
        view.load = loads([(0.1, 0.0, 0), (0.1, 0.0, 0)]);
        view.load[1] = None;
        view.in_flight = vec![4, 3];
        assert_eq!(picked(&view), Some(1));
        view.takes[1] = false;
        assert_eq!(picked(&view), Some(0), "who takes no requests need not report");
    }

    proptest! {
        #[test]
        fn only_takers_are_picked(view in mixed_view()) {
            match picked(&view) {
                None => prop_assert!(!view.takes.contains(&true)),
                Some(picked) => prop_assert!(view.takes[picked]),
            }
        }
    }
}
